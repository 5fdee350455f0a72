//! A text with places for values of a Secret: `postgres://{{ USER }}:{{ PASSWORD }}@db`. Pure.

use std::{collections::BTreeMap, fmt, str::FromStr};

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, context};

/// One that has been read. No error says anything of a value.
#[derive(Clone, PartialEq, Eq)]
pub struct Template(String);

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        engine()
            .template_from_str(text)
            .map(|_| Self(text.to_owned()))
            .map_err(|error| format!("the template cannot be read: {}", said(&error)))
    }
}

impl Template {
    /// The text with the values of keys: `{{ KEY }}`, or `{{ source["tls.crt"] }}` where a key is no word.
    /// The feature of the copy is `feature`, empty for base.
    ///
    /// # Errors
    /// With what is missing or cannot be done.
    pub fn filled(&self, feature: &str, source: &BTreeMap<String, String>) -> Result<String, String> {
        let keys = Value::from_serialize(source);
        let values = context! { source => keys, feature => feature, ..keys };
        engine().render_str(&self.0, values).map_err(|error| match error.kind() {
            ErrorKind::UndefinedError => {
                "the source has not every key that the template names, or not as a text".to_owned()
            }
            kind => format!("the template cannot be filled: {kind}"),
        })
    }
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    // The last line end of a certificate is part of it.
    engine.set_keep_trailing_newline(true);
    engine
}

fn said(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> Result<String, String> {
        let source = [("USER", "alice"), ("PASSWORD", "<&>\n"), ("tls.crt", "cert")];
        let source = source.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        template.parse::<Template>().expect("it can be read").filled("feat1", &source)
    }

    #[test]
    fn values_stand_where_their_keys_are_named() {
        let cases = [
            ("{{ USER }}:{{ PASSWORD }}@db-{{ feature }}\n", "alice:<&>\n@db-feat1\n"),
            ("{{ source[\"tls.crt\"] }}", "cert"),
            ("{{ USER | upper }}", "ALICE"),
            ("no place", "no place"),
        ];
        for (template, text) in cases {
            assert_eq!(filled(template).as_deref(), Ok(text), "{template}");
        }
    }

    #[test]
    fn what_is_missing_is_told_without_any_value() {
        for template in ["{{ OTHER }}", "{{ source.OTHER }}", "{{ USER + 1 }}", "{{ USER.x.y }}"] {
            let error = filled(template).expect_err(template);
            assert!(!error.contains("alice"), "{error}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused_where_it_stands() {
        for template in ["{{ USER", "{% for %}", "{{ USER | nosuch }}{% if %}"] {
            assert!(template.parse::<Template>().is_err(), "{template}");
        }
    }
}
