//! The preview host: the host that needs no header.

use feature::FeatureName;

/// A preview host, and whether no host of base can look like it.
#[derive(Debug, PartialEq, Eq)]
pub struct Preview {
    pub host: String,
    pub unmistakable: bool,
}

/// `{label}--{feature}.{domain}`; a host of two labels or one gets `{feature}.{host}`.
///
/// With two dashes no host of base looks like it, and one wildcard certificate covers all. A feature
/// `www` of `example.com` does look like one.
pub fn host(base: &str, feature: &FeatureName) -> Result<Preview, String> {
    let (host, unmistakable) = match base.split_once('.') {
        Some((label, domain)) if domain.contains('.') => (format!("{label}--{feature}.{domain}"), true),
        _ => (format!("{feature}.{base}"), false),
    };
    match host.split('.').find(|label| label.len() > 63) {
        Some(label) => Err(format!(
            "the preview host of {base} would have the label {label}, over the 63 characters of a DNS label: \
             choose a shorter feature name"
        )),
        None => Ok(Preview { host, unmistakable }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_goes_into_the_first_label_of_a_host() {
        let feature = "feat1".parse().expect("legal");
        let cases = [
            ("api.example.com", "api--feat1.example.com", true),
            ("a.b.example.com", "a--feat1.b.example.com", true),
            ("example.com", "feat1.example.com", false),
            ("localhost", "feat1.localhost", false),
        ];
        for (base, want, unmistakable) in cases {
            assert_eq!(host(base, &feature), Ok(Preview { host: want.to_owned(), unmistakable }));
        }
        assert!(host(&format!("{}.example.com", "x".repeat(57)), &feature).is_err());
    }
}
