use axum::http::HeaderName;

use crate::{Environment, EnvironmentError, Hop, Propagation};

/// What every service of the demo is told when it starts.
#[derive(Debug)]
pub struct Service {
    pub hop: Hop,
    pub port: u16,
    pub propagation: Propagation,
}

impl Service {
    /// Reads `PORT`, `RELEASE`, `FEATURE`, `HOSTNAME` and `CONTEXT_HEADER`.
    pub fn read(name: &str, environment: &Environment) -> Result<Self, EnvironmentError> {
        let header: HeaderName = environment.value("CONTEXT_HEADER", "uber-ctx-key")?;
        Ok(Self {
            hop: Hop {
                service: name.to_owned(),
                release: environment.value("RELEASE", "local")?,
                feature: environment.value("FEATURE", "base")?,
                pod: environment.value("HOSTNAME", "local")?,
            },
            port: environment.value("PORT", "8080")?,
            propagation: Propagation::new(header),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_any_variable_is_base_on_port_8080() {
        let service = Service::read("web", &Environment::from([])).expect("every variable has a default");
        assert_eq!(service.port, 8080);
        assert_eq!((service.hop.service.as_str(), service.hop.feature.as_str()), ("web", "base"));
    }

    #[test]
    fn a_bad_variable_is_named_with_its_value_and_the_cause() {
        let cases = [
            ("FEATURE", "", "variable FEATURE is set and empty: give it a value or leave it out"),
            ("PORT", "http", "variable PORT is \"http\": invalid digit found in string"),
            ("CONTEXT_HEADER", "a b", "variable CONTEXT_HEADER is \"a b\": invalid HTTP header name"),
        ];
        for (name, value, want) in cases {
            let error = Service::read("web", &Environment::from([(name, value)])).expect_err(name);
            assert_eq!(error.to_string(), want);
        }
    }
}
