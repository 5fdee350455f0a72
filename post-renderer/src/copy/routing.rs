//! Where requests come from: hosts, services and the routers that lead the one to the other.

use std::str::FromStr;

use feature::FeatureName;

use super::grammar::{name_of_object, shown};

/// Which router the routes that we generate are written for. Routes of the chart stay of their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Router {
    /// Traefik 3 and its `IngressRoute`.
    Traefik,
    /// Traefik 2: the same in its own group and syntax.
    TraefikV2,
    /// Any implementation of the Gateway API, by `HTTPRoute`.
    GatewayApi,
    /// No routes: labels and ttl only.
    None,
}

/// `HOST=SERVICE[:PORT]`: a preview host for a service that has no copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub host: String,
    pub service: String,
    /// A number, or the name of a port.
    pub port: String,
}

/// `SERVICE[:PORT]=HOST[/PATH]`: what leads to a Service for which the chart has no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRoute {
    pub service: String,
    /// A number, or the name of a port.
    pub port: String,
    pub host: String,
    /// Begins with a slash.
    pub path: String,
}

/// `[NAMESPACE/]NAME`: the Gateway of generated routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    pub namespace: Option<String>,
    pub name: String,
}

/// `NAMESPACE`, or its DNS path `NAMESPACE.svc.DOMAIN`: where base's services are found by short name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseNamespace {
    /// Whole: `demo.svc.cluster.local`.
    pub search: String,
}

/// How a preview host is made of base's host: text around `{host}`, `{label}`, `{domain}`, `{feature}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostTemplate(String);

/// A preview host, and whether no host of base can look like it.
#[derive(Debug, PartialEq, Eq)]
pub struct Preview {
    pub host: String,
    pub unmistakable: bool,
}

impl HostTemplate {
    /// One wildcard certificate covers all of these, and with two dashes no host of base looks like one.
    const LONG: &str = "{label}--{feature}.{domain}";
    /// For a host of two labels, whose domain is a top-level one.
    const SHORT: &str = "{feature}.{host}";

    /// The preview host of `base`, by this template or, without one, by ours.
    pub fn preview(own: Option<&Self>, base: &str, feature: &FeatureName) -> Result<Preview, String> {
        let base = base.to_ascii_lowercase();
        // A word of the template in it would be filled in.
        name_of_object(&base).map_err(|_| format!("{:?} is no host name", shown(&base)))?;
        let (label, domain) = base.split_once('.').unwrap_or((&base, ""));
        let template = match own {
            Some(Self(template)) => template.as_str(),
            None if domain.contains('.') => Self::LONG,
            None => Self::SHORT,
        };
        if domain.is_empty() && template.contains("{domain}") {
            return Err(format!("{base} has no domain for the template {template}"));
        }
        let host = template
            .replace("{host}", &base)
            .replace("{label}", label)
            .replace("{domain}", domain)
            .replace("{feature}", feature.as_str());
        if let Some(label) = host.split('.').find(|label| label.len() > 63) {
            return Err(format!(
                "the preview host of {base} would have the label {label}, over the 63 characters of a DNS \
                 label: choose a shorter feature name"
            ));
        }
        name_of_object(&host)
            .map_err(|_| format!("the preview host of {base} would be {host:?}, which is no host"))?;
        Ok(Preview { host, unmistakable: Self(template.to_owned()).is_unmistakable() })
    }

    /// Whether `host` looks like a preview host of the feature, and if so whether none of base can.
    #[must_use]
    pub fn made(own: Option<&Self>, host: &str, feature: &FeatureName) -> Option<bool> {
        let dots = host.matches('.').count();
        let template = match own {
            Some(own) => own.clone(),
            // One label more than a host that has two at most.
            None if dots <= 2 && host.starts_with(&format!("{feature}.")) => Self(Self::SHORT.to_owned()),
            None if dots >= 2 => Self(Self::LONG.to_owned()),
            None => return None,
        };
        let text = template.0.replace("{feature}", feature.as_str());
        fits(&text, host).then(|| template.is_unmistakable())
    }

    fn is_unmistakable(&self) -> bool {
        self.0.contains("--{feature}") || self.0.contains("{feature}--")
    }
}

/// Whether a template, of which the feature is said, makes `host` of some host of base: `{label}` stands for a
/// label of it, the other words for more.
fn fits(template: &str, host: &str) -> bool {
    let Some((text, rest)) = template.split_once('{') else { return template == host };
    let Some((host, (word, template))) = host.strip_prefix(text).zip(rest.split_once('}')) else {
        return false;
    };
    let most = if word == "label" { host.find('.').unwrap_or(host.len()) } else { host.len() };
    (1..=most).any(|length| host.get(length..).is_some_and(|host| fits(template, host)))
}

impl FromStr for HostTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected a host with {feature}, and {host}, {label}, {domain} as wanted, each once, \
                            such as {label}--{feature}.{domain}";
        let mut plain = text.to_owned();
        for word in ["{host}", "{label}", "{domain}", "{feature}"] {
            plain = plain.replace(word, "x");
        }
        let twice = ["{host}", "{label}", "{domain}"].iter().any(|word| text.matches(word).count() > 1);
        if text.len() > 253
            || name_of_object(&plain).is_err()
            || text.matches("{feature}").count() != 1
            || twice
        {
            return Err(format!("{:?}: {FORM}", shown(text)));
        }
        // Features `a-b` and `b` must never come to one host, whatever stands beside them.
        let (before, after) = text.split_once("{feature}").unwrap_or_default();
        let apart = |side: &str, dashes: bool| side.is_empty() || dashes;
        if !apart(before, before.ends_with("--") || before.ends_with('.'))
            || !apart(after, after.starts_with("--") || after.starts_with('.'))
        {
            return Err(format!(
                "{:?}: two features could have one host: put -- or a dot on both sides of {{feature}}",
                shown(text)
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, target) = text.split_once('=').ok_or("expected HOST=SERVICE[:PORT]")?;
        let (service, port) = target.split_once(':').unwrap_or((target, "80"));
        name_of_object(host).map_err(|_| format!("{:?} is no host name in lower case", shown(host)))?;
        name_of_object(service)?;
        port_of_service(port)?;
        Ok(Self { host: host.to_owned(), service: service.to_owned(), port: port.to_owned() })
    }
}

impl FromStr for ServiceRoute {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (target, place) = text.split_once('=').ok_or("expected SERVICE[:PORT]=HOST[/PATH]")?;
        let (service, port) = target.split_once(':').unwrap_or((target, "80"));
        name_of_object(service)?;
        port_of_service(port)?;
        let (host, path) = place.find('/').map_or((place, "/"), |slash| place.split_at(slash));
        name_of_object(host).map_err(|_| format!("{:?} is no host name in lower case", shown(host)))?;
        // What RFC 3986 lets stand in a path, without escapes that the router would decode first.
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&b);
        if path.len() > 1024 || !path.bytes().all(legal) || path.contains("//") {
            return Err(format!("{:?} is no path as it stands in a URL", shown(path)));
        }
        Ok(Self {
            service: service.to_owned(),
            port: port.to_owned(),
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }
}

impl FromStr for Gateway {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(name_of_object(namespace)?), name),
            None => (None, text),
        };
        Ok(Self { namespace, name: name_of_object(name)? })
    }
}

impl FromStr for BaseNamespace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let search = name_of_object(text)?;
        match search.split_once('.') {
            None => Ok(Self { search: format!("{search}.svc.cluster.local") }),
            Some((_, rest)) if rest.starts_with("svc.") => Ok(Self { search }),
            Some(_) => Err(format!("{:?} is neither a namespace nor NAMESPACE.svc.DOMAIN", shown(text))),
        }
    }
}

fn port_of_service(port: &str) -> Result<(), String> {
    let number = port.parse::<u16>().is_ok_and(|port| port > 0);
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let named = (1..=15).contains(&port.len())
        && port.bytes().all(legal)
        && port.bytes().any(|b| b.is_ascii_lowercase());
    if number || named {
        Ok(())
    } else {
        Err(format!("{:?} is no port: a number from 1 to 65535, or a port's name", shown(port)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_route_is_a_service_with_a_port_and_a_host_with_a_path() {
        let route = |service: &str, port: &str, host: &str, path: &str| {
            let [service, port, host, path] = [service, port, host, path].map(str::to_owned);
            Ok(ServiceRoute { service, port, host, path })
        };
        assert_eq!("web=web.example.com".parse(), route("web", "80", "web.example.com", "/"));
        assert_eq!("web:http=h.com/a/b".parse(), route("web", "http", "h.com", "/a/b"));
        for bad in [
            "web",
            "web=",
            "=h",
            "web=h/`",
            "web=h/a b",
            "web=h/\"",
            "web=h/%41",
            "web=h/é",
            "web=*.h",
            "web:0=h",
        ] {
            assert!(bad.parse::<ServiceRoute>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_namespace_is_a_word_or_its_dns_path() {
        let of = |text: &str| text.parse::<BaseNamespace>().map(|base| base.search);
        assert_eq!(of("demo"), Ok("demo.svc.cluster.local".to_owned()));
        assert_eq!(of("demo.svc.corp"), Ok("demo.svc.corp".to_owned()));
        assert!(of("demo.cluster.local").is_err() && of("").is_err());
    }

    #[test]
    fn the_feature_goes_into_the_first_label_of_a_host() {
        let feature = "feat1".parse().expect("legal");
        let cases = [
            (None, "api.example.com", "api--feat1.example.com", true),
            (None, "A.b.example.com", "a--feat1.b.example.com", true),
            (None, "example.com", "feat1.example.com", false),
            (None, "localhost", "feat1.localhost", false),
            (Some("{feature}.{label}.preview.test"), "api.example.com", "feat1.api.preview.test", false),
            (Some("{feature}--{host}"), "api.example.com", "feat1--api.example.com", true),
        ];
        for (template, base, want, unmistakable) in cases {
            let template: Option<HostTemplate> = template.map(|text| text.parse().expect("legal"));
            let preview = HostTemplate::preview(template.as_ref(), base, &feature);
            assert_eq!(HostTemplate::made(template.as_ref(), want, &feature), Some(unmistakable), "{want}");
            assert_eq!(HostTemplate::made(template.as_ref(), base, &feature), None, "{base}");
            assert_eq!(preview, Ok(Preview { host: want.to_owned(), unmistakable }));
        }
        assert!(HostTemplate::preview(None, &format!("{}.example.com", "x".repeat(57)), &feature).is_err());
    }

    #[test]
    fn a_template_keeps_features_apart() {
        for bad in [
            "",
            "x.com",
            "{label}-{feature}.{domain}",
            "{feature}-{label}.x",
            "{feature}{label}",
            "{Feature}.x",
            "{feature}.{feature}.x",
            "`{feature}`",
            "{feature}.x y",
            "{{feature}}.x",
            "{feature}--{host}.{host}",
        ] {
            assert!(bad.parse::<HostTemplate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_preview_host_is_known_by_its_feature_and_nobody_elses_is_taken_for_it() {
        let own = |text: &str| Some(text.parse::<HostTemplate>().expect("legal"));
        let cases = [
            (None, "web--feat1.example.com", Some(true)),
            (None, "a--b--feat1.x.example.com", Some(true)),
            (None, "feat1.town.test", Some(false)),
            (None, "web--feat1.test", None),
            (None, "--feat1.example.com", None),
            (None, "web.example.com", None),
            (None, "web--feat11.example.com", None),
            (None, "web--feat2.x--feat1.example.com", None),
            (None, "feat1.web--feat2.example.com", None),
            (own("{label}.{feature}.{domain}"), "web.feat1.example.com", Some(false)),
            (own("{label}.{feature}.{domain}"), "web.api.feat1.example.com", None),
            (own("{feature}--{host}"), "feat1--web.example.com", Some(true)),
            (own("{feature}--{host}"), "feat1--", None),
            (own("{feature}.preview.example.com"), "feat1.preview.example.com", Some(false)),
        ];
        for (template, host, want) in cases {
            let feature = "feat1".parse().expect("legal");
            assert_eq!(HostTemplate::made(template.as_ref(), host, &feature), want, "{template:?} {host}");
        }
    }
}
