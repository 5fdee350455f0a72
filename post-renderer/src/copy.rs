//! What a feature copy is made from, whoever asked for it, parsed into types that cannot be wrong.

use std::str::FromStr;

use feature::{FeatureName, Header, Ttl, words};

/// Everything that makes a feature copy of a rendered chart.
#[derive(Clone, Debug)]
pub struct FeatureCopy {
    pub feature: FeatureName,
    pub header: Header,
    pub ttl: Ttl,
    /// Also write the annotation that kube-janitor reads.
    pub janitor: bool,
    pub by: Option<String>,
    pub source: Option<String>,
    pub router: Router,
    pub isolate: Isolate,
    pub cluster_scoped: ClusterScoped,
    pub env: Vec<EnvTarget>,
    pub entries: Vec<Entry>,
    /// More labels, on objects and on pods.
    pub labels: Vec<Label>,
    /// More annotations, on objects.
    pub annotations: Vec<Annotation>,
    /// Where kinds that the table does not know have the metadata of pods.
    pub pod_paths: Vec<PodPath>,
    pub on_error: OnError,
}

/// What becomes of objects outside of any namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterScoped {
    /// Those that bear the release's name are kept, CRDs dropped, others refused.
    Check,
    Keep,
    Drop,
}

/// What becomes of a document that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// Nothing is rendered.
    Fail,
    /// It is copied as it is.
    Pass,
}

/// `KEY=VALUE`: a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub key: String,
    pub value: String,
}

/// `KEY=VALUE`: an annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    pub key: String,
    pub value: String,
}

/// `KIND=PATH`: where a kind has the metadata of pods, as `RayCluster=spec.workerGroupSpecs[].template.metadata`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodPath {
    pub kind: String,
    pub path: String,
}

/// Which router the copy's routes are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Router {
    /// Traefik 3 and its `IngressRoute`.
    Traefik,
    /// No routes: labels and ttl only.
    None,
}

/// Whether the copy is checked to be apart from base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolate {
    /// By the name of the copy's release.
    Check { release: String },
    /// The copy lives in a namespace of its own.
    Off,
}

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

/// `HOST=SERVICE[:PORT]`: a preview host for a service that has no copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub host: String,
    pub service: String,
    /// A number, or the name of a port.
    pub port: String,
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

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, target) = text.split_once('=').ok_or("expected HOST=SERVICE[:PORT]")?;
        let (service, port) = target.split_once(':').unwrap_or((target, "80"));
        name_of_object(host).map_err(|_| format!("{:?} is no host name in lower case", shown(host)))?;
        name_of_object(service)?;
        let number = port.parse::<u16>().is_ok_and(|port| port > 0);
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let named = (1..=15).contains(&port.len())
            && port.bytes().all(legal)
            && port.bytes().any(|b| b.is_ascii_lowercase());
        if !number && !named {
            return Err(format!("{:?} is no port: a number from 1 to 65535, or a port's name", shown(port)));
        }
        Ok(Self { host: host.to_owned(), service: service.to_owned(), port: port.to_owned() })
    }
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        Self::new(key, value)
    }
}

impl Label {
    pub fn new(key: &str, value: &str) -> Result<Self, String> {
        let key = metadata_key(key)?;
        if !value.is_empty() && !is_word(value, 63) {
            return Err(format!(
                "{:?} is no value of a label: at most 63 letters, digits and -_. between two of them",
                shown(value)
            ));
        }
        Ok(Self { key, value: value.to_owned() })
    }
}

impl FromStr for Annotation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        Self::new(key, value)
    }
}

impl Annotation {
    pub fn new(key: &str, value: &str) -> Result<Self, String> {
        let key = metadata_key(key)?;
        if value.len() > 4096 || value.chars().any(|c| c.is_control() && c != '\n') {
            return Err(format!(
                "the value of {key} is no annotation of ours: at most 4096 bytes, of control characters only \
                 line ends"
            ));
        }
        Ok(Self { key, value: value.to_owned() })
    }
}

impl FromStr for PodPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, path) = text.split_once('=').ok_or("expected KIND=PATH")?;
        let letters = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !kind.starts_with(|c: char| c.is_ascii_uppercase()) || kind.len() > 63 || !letters(kind) {
            return Err(format!("{:?} is no kind, as RayCluster is one", shown(kind)));
        }
        let word = |word: &str| {
            let name = word.strip_suffix("[]").unwrap_or(word);
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        let own = ["apiVersion", "kind", "metadata"].iter().any(|key| path.split('.').next() == Some(key));
        let two = path.contains('.') && !own;
        if path.len() > 253 || !two || !path.split('.').all(word) || path.ends_with("[]") {
            return Err(format!(
                "{:?} is no path to the metadata of pods, as spec.workerGroupSpecs[].template.metadata is one: \
                 names with dots between them, [] behind each that is a list",
                shown(path)
            ));
        }
        Ok(Self { kind: kind.to_owned(), path: path.to_owned() })
    }
}

/// The key of a label or annotation that is not for others to write.
fn metadata_key(key: &str) -> Result<String, String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if !is_word(name, 63) || prefix.is_some_and(|prefix| name_of_object(prefix).is_err()) {
        return Err(format!("{:?} is no key: [DOMAIN/]NAME, NAME as a label's value is", shown(key)));
    }
    let ours = words::FEATURE.split_once('/').map(|(domain, _)| domain);
    let helms = matches!(prefix, Some("helm.sh" | "meta.helm.sh" | "postrenderer.helm.sh"));
    if prefix.is_some() && prefix == ours || helms || key == "app.kubernetes.io/managed-by" {
        return Err(format!("{key} is written by devstack or Helm"));
    }
    if key == words::JANITOR_TTL {
        return Err(format!("{key} is what --janitor writes"));
    }
    Ok(key.to_owned())
}

/// Letters, digits and `-_.`, the first and the last a letter or a digit.
fn is_word(text: &str, most: usize) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    text.len() <= most
        && text.bytes().all(legal)
        && edge(text.bytes().next())
        && edge(text.bytes().next_back())
}

/// A text as far as an error shows it.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The release name as Helm takes it.
pub fn release(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the release is empty: in helmfile write {{ .Release.Name }}".to_owned());
    }
    if text.len() > 53 {
        return Err("a release name has at most 53 characters".to_owned());
    }
    name_of_object(text)
}

/// A person or a link, as it is to stand in an annotation.
pub fn note(text: &str) -> Result<String, String> {
    // The hooks' file has the same rule.
    if text.is_empty() || text.chars().count() > 256 || text.chars().any(char::is_control) {
        return Err("1 to 256 characters without control characters are expected".to_owned());
    }
    Ok(text.to_owned())
}

/// A DNS-1123 subdomain, which is what Kubernetes takes as a name.
fn name_of_object(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        (1..=63).contains(&bytes.len())
            && bytes.iter().all(|&b| edge(b) || b == b'-')
            && edge(bytes[0])
            && edge(bytes[bytes.len() - 1])
    };
    if text.len() > 253 || !text.split('.').all(label) {
        return Err(format!(
            "{:?} is no name: lower-case letters, digits, dashes, and dots between them",
            shown(text)
        ));
    }
    Ok(text.to_owned())
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
    fn an_entry_is_a_host_and_a_service_with_a_port() {
        let entry = |host: &str, service: &str, port: &str| {
            Ok(Entry { host: host.into(), service: service.into(), port: port.into() })
        };
        assert_eq!("web.example.com=web".parse(), entry("web.example.com", "web", "80"));
        assert_eq!("web.example.com=web:http".parse(), entry("web.example.com", "web", "http"));
        for bad in ["web", "=web", "h=", "h=s:", "h=s:0", "h=s:70000", "H=s", "h`=s", "*.h=s", "h=s:a_b"] {
            assert!(bad.parse::<Entry>().is_err(), "{bad}");
        }
    }
}
