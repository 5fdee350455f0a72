//! What leads a copy to its own things: variables and swapped references.

use std::str::FromStr;

use super::grammar::{name_of_object, shown};

/// `[[WORKLOAD/]CONTAINER:]NAME=secret/NAME/KEY` or `…=value:TEXT`: one variable of containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvTarget {
    pub workload: Option<String>,
    pub container: Option<String>,
    pub name: String,
    pub source: EnvSource,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvSource {
    Secret { name: String, key: String },
    Value(String),
}

/// `secret/OLD=NEW` or `configmap/OLD=NEW`: what a copy's pods refer to instead of base's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    pub kind: SwapKind,
    pub old: String,
    pub new: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapKind {
    Secret,
    ConfigMap,
}

/// `claims`, or a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    Claims,
    Kind(String),
}

impl FromStr for EnvTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected [[WORKLOAD/]CONTAINER:]NAME=secret/NAME/KEY or …=value:TEXT";
        let (target, source) = text.split_once('=').ok_or(FORM)?;
        let (place, name) = match target.rsplit_once(':') {
            Some((place, name)) => (Some(place), name),
            None => (None, target),
        };
        let (workload, container) = match place.map(|place| place.rsplit_once('/').ok_or(place)) {
            Some(Ok((workload, container))) => (Some(workload), Some(container)),
            Some(Err(container)) => (None, Some(container)),
            None => (None, None),
        };
        for word in workload.iter().chain(&container) {
            name_of_object(word)?;
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
        if name.is_empty() || !name.bytes().all(legal) || name.as_bytes()[0].is_ascii_digit() {
            return Err(format!("{:?} is no name of a variable; {FORM}", shown(name)));
        }
        let source = if let Some(value) = source.strip_prefix("value:") {
            EnvSource::Value(value.to_owned())
        } else if let Some((secret, key)) =
            source.strip_prefix("secret/").and_then(|rest| rest.split_once('/'))
        {
            name_of_object(secret)?;
            if key.is_empty() || key.len() > 253 || !key.bytes().all(legal) {
                return Err(format!("{:?} is no key of a Secret", shown(key)));
            }
            EnvSource::Secret { name: secret.to_owned(), key: key.to_owned() }
        } else {
            return Err(FORM.to_owned());
        };
        let owned = |word: Option<&str>| word.map(str::to_owned);
        Ok(Self { workload: owned(workload), container: owned(container), name: name.to_owned(), source })
    }
}

impl FromStr for Swap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected secret/OLD=NEW or configmap/OLD=NEW";
        let (kind, names) = text.split_once('/').ok_or(FORM)?;
        let (old, new) = names.split_once('=').ok_or(FORM)?;
        let kind = match kind {
            "secret" => SwapKind::Secret,
            "configmap" => SwapKind::ConfigMap,
            _ => return Err(FORM.to_owned()),
        };
        let (old, new) = (name_of_object(old)?, name_of_object(new)?);
        if old == new {
            return Err(format!("{old} for {old} changes nothing"));
        }
        Ok(Self { kind, old, new })
    }
}

impl FromStr for Kept {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = text.starts_with(|c: char| c.is_ascii_uppercase());
        match text {
            "claims" => Ok(Self::Claims),
            _ if kind && text.len() <= 63 && text.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                Ok(Self::Kind(text.to_owned()))
            }
            _ => Err(format!(
                "{:?} is neither the word claims nor a kind, as PodDisruptionBudget is one",
                shown(text)
            )),
        }
    }
}

impl SwapKind {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ConfigMap => "configmap",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(text: &str) -> Result<(Option<String>, Option<String>, String, EnvSource), String> {
        text.parse()
            .map(|EnvTarget { workload, container, name, source }| (workload, container, name, source))
    }

    #[test]
    fn a_variable_is_addressed_by_workload_and_container_as_far_as_they_are_given() {
        let secret = || EnvSource::Secret { name: "s".into(), key: "K".into() };
        let cases = [
            ("A=secret/s/K", (None, None, "A".into(), secret())),
            ("c:A=secret/s/K", (None, Some("c".into()), "A".into(), secret())),
            ("w/c:A=secret/s/K", (Some("w".into()), Some("c".into()), "A".into(), secret())),
            ("A=value:x=y:z/{{ }}", (None, None, "A".into(), EnvSource::Value("x=y:z/{{ }}".into()))),
            ("A=value:", (None, None, "A".into(), EnvSource::Value(String::new()))),
        ];
        for (text, want) in cases {
            assert_eq!(env(text), Ok(want), "{text}");
        }
        for bad in [
            "A",
            "=value:x",
            "A=x",
            "A=secret/s",
            "A=secret//K",
            "W:A=value:x",
            "1A=value:x",
            "A=secret/s/K y",
        ] {
            assert!(env(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_swap_names_what_is_referred_to_and_what_is_instead() {
        let swap = |kind, old: &str, new: &str| Ok(Swap { kind, old: old.into(), new: new.into() });
        assert_eq!("secret/a=b".parse(), swap(SwapKind::Secret, "a", "b"));
        assert_eq!("configmap/a.b=c-d".parse(), swap(SwapKind::ConfigMap, "a.b", "c-d"));
        for bad in
            ["a=b", "secret/a", "secret/a=a", "secret/=b", "Secret/a=b", "secret/a=b=c", "secret/a/b=c"]
        {
            assert!(bad.parse::<Swap>().is_err(), "{bad}");
        }
    }
}
