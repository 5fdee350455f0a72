//! The preview host: the host that needs no header.

use feature::FeatureName;

/// `{label}--{feature}.{domain}`; a host of two labels or one gets `{feature}.{host}`.
///
/// Two dashes, so that no host of base looks like it and one wildcard certificate covers all.
pub fn host(base: &str, feature: &FeatureName) -> Result<String, String> {
    let host = match base.split_once('.') {
        Some((label, domain)) if domain.contains('.') => format!("{label}--{feature}.{domain}"),
        _ => format!("{feature}.{base}"),
    };
    match host.split('.').find(|label| label.len() > 63) {
        Some(label) => Err(format!(
            "the preview host of {base} would have the label {label}, over the 63 characters of a DNS label: \
             choose a shorter feature name"
        )),
        None => Ok(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_goes_into_the_first_label_of_a_host() {
        let feature = "feat1".parse().expect("legal");
        let cases = [
            ("api.example.com", "api--feat1.example.com"),
            ("a.b.example.com", "a--feat1.b.example.com"),
            ("example.com", "feat1.example.com"),
            ("localhost", "feat1.localhost"),
        ];
        for (base, want) in cases {
            assert_eq!(host(base, &feature).as_deref(), Ok(want));
        }
        assert!(host(&format!("{}.example.com", "x".repeat(57)), &feature).is_err());
    }
}
