//! Base and its copies in a namespace of their own, deployed by either Helm.

use std::{fmt, process::Command};

use feature::words::DEFAULT_HEADER;
use serde_json::json;

use super::answer::{By, Client};
use crate::{
    cluster,
    helm::{Helm, Version},
    lab::lab,
    place::Namespace,
    process,
    release::Release,
};

/// The release that is base.
pub const BASE: &str = "witness";

/// How requests reach the application, and its copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The chart has an `IngressRoute`, which is edited in place.
    IngressRoute,
    /// The chart has an Ingress, and the copy an `IngressRoute`.
    Ingress,
    /// The chart has an Ingress, and the copy `HTTPRoutes`.
    IngressToGateway,
    /// The chart has an `HTTPRoute`, which is edited in place.
    HttpRoute,
    /// The same behind Envoy Gateway.
    HttpRouteOfEnvoy,
}

impl Route {
    pub const ALL: [Self; 5] =
        [Self::IngressRoute, Self::Ingress, Self::IngressToGateway, Self::HttpRoute, Self::HttpRouteOfEnvoy];

    /// The kind of the chart's route.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::IngressRoute => "IngressRoute",
            Self::Ingress | Self::IngressToGateway => "Ingress",
            Self::HttpRoute | Self::HttpRouteOfEnvoy => "HTTPRoute",
        }
    }

    /// The Gateway, in namespace infra, that leads to it.
    fn gateway(self) -> Option<&'static str> {
        match self {
            Self::IngressRoute | Self::Ingress => None,
            Self::IngressToGateway | Self::HttpRoute => Some("web"),
            Self::HttpRouteOfEnvoy => Some("envoy"),
        }
    }

    /// Where the router of these routes answers.
    #[must_use]
    pub fn router(self) -> &'static str {
        if self == Self::HttpRouteOfEnvoy { lab().var("ENVOY_URL") } else { &lab().router }
    }

    /// In names.
    fn word(self) -> &'static str {
        match self {
            Self::IngressRoute => "ingressroute",
            Self::Ingress => "ingress",
            Self::IngressToGateway => "togateway",
            Self::HttpRoute => "httproute",
            Self::HttpRouteOfEnvoy => "envoy",
        }
    }

    /// What the renderer is told.
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::IngressToGateway => &["--router=gateway-api", "--gateway=infra/web"],
            _ => &[],
        }
    }

    /// What the chart is told for a copy: an annotation that no `HTTPRoute` can say is refused.
    fn values(self) -> &'static [&'static str] {
        match self {
            Self::IngressToGateway => &["annotated=false"],
            _ => &[],
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        f.write_str(match self {
            Self::IngressRoute | Self::Ingress | Self::HttpRoute => "",
            Self::IngressToGateway => ", `--router=gateway-api`",
            Self::HttpRouteOfEnvoy => ", Envoy Gateway",
        })
    }
}

/// One application: base, and whatever copies are made of it.
#[derive(Debug)]
pub struct Application {
    pub route: Route,
    /// Base's host.
    pub host: String,
    pub client: Client,
    helm: Helm,
    namespace: Namespace,
}

impl Application {
    /// Deploys base into a namespace that is `test`'s own, and waits until it answers.
    #[must_use]
    pub fn deploy(version: Version, route: Route, test: &str) -> Self {
        let namespace = format!("{test}-{}", route.word());
        // What a test that failed has left would go on answering for as long as it was told to.
        delete_pods(&namespace);
        let this = Self {
            route,
            host: format!("{namespace}.example.com"),
            client: Client::new(route.router()),
            helm: Helm::new(version),
            namespace: Namespace::new(&namespace),
        };
        this.release(BASE, &[], Vec::new()).deploy(&["--wait"]);
        this.eventually_answers(&this.host, &[], &By::Base);
        this
    }

    /// Deploys a copy with these values (`edition=2`), and waits until both of its ways lead there.
    pub fn copy(&self, feature: &str, values: &[&str]) {
        self.copy_of(feature, values).deploy(&["--wait"]);
        let copy = By::Copy(feature.to_owned());
        self.eventually_answers(&self.preview(feature), &[], &copy);
        self.eventually_answers(&self.host, &[(DEFAULT_HEADER, feature)], &copy);
    }

    /// Deploys a copy with these values, whatever becomes of its pods.
    pub fn copy_unawaited(&self, feature: &str, values: &[&str]) {
        self.copy_of(feature, values).deploy(&[]);
    }

    pub fn uninstall(&self, feature: &str) {
        self.copy_of(feature, &[]).uninstall();
    }

    /// The host that leads to a copy without any header.
    #[must_use]
    pub fn preview(&self, feature: &str) -> String {
        format!("{}--{feature}.example.com", self.namespace.0)
    }

    /// `kubectl` in the application's namespace.
    #[must_use]
    pub fn kubectl(&self) -> Command {
        kubectl(&self.namespace.0)
    }

    /// Returns when the router has read all that is there now: it reads whatever is of one kind at once, so it
    /// is asked for a route that is made last.
    ///
    /// # Panics
    /// When that leads nowhere.
    pub fn settle(&self, mark: &str) {
        let host = format!("{mark}.{}", self.host);
        let metadata = json!({"name": mark, "namespace": self.namespace.0});
        let services = json!([{"name": BASE, "port": 80}]);
        let route = if let Some(gateway) = self.route.gateway() {
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": metadata,
                "spec": {
                    "parentRefs": [{"namespace": "infra", "name": gateway}],
                    "hostnames": [host],
                    "rules": [{"backendRefs": services}],
                },
            })
        } else {
            let rule = json!({"kind": "Rule", "match": format!("Host(`{host}`)"), "services": services});
            json!({
                "apiVersion": "traefik.io/v1alpha1",
                "kind": "IngressRoute",
                "metadata": metadata,
                "spec": {"routes": [rule]},
            })
        };
        cluster::put(&route.to_string());
        self.eventually_answers(&host, &[], &By::Base);
    }

    fn copy_of(&self, feature: &str, values: &[&str]) -> Release<'_> {
        let name = release(feature);
        let mut flags = vec![format!("--feature={feature}"), format!("--release={name}")];
        flags.extend(self.route.flags().iter().map(|flag| (*flag).to_owned()));
        self.release(&name, &[values, self.route.values()].concat(), flags)
    }

    fn release(&self, name: &str, values: &[&str], flags: Vec<String>) -> Release<'_> {
        let gateway = self.route.gateway().map(|gateway| format!("route.gateway.name={gateway}"));
        let route = [format!("route.kind={}", self.route.kind()), format!("route.host={}", self.host)];
        Release {
            helm: &self.helm,
            chart: "witness",
            name: name.to_owned(),
            namespace: &self.namespace.0,
            values: route
                .into_iter()
                .chain(gateway)
                .chain(values.iter().map(|value| (*value).to_owned()))
                .collect(),
            flags,
        }
    }

    fn eventually_answers(&self, host: &str, headers: &[(&str, &str)], by: &By) {
        cluster::eventually(&format!("an answer of {host} {headers:?} by {by}"), 30, || {
            let answer = self.client.get(host, headers);
            if answer.by == *by { Ok(()) } else { Err(format!("{answer:?}")) }
        });
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // A test that failed leaves them to be looked at.
        if !std::thread::panicking() {
            delete_pods(&self.namespace.0);
        }
    }
}

/// The release that is the copy for a feature.
#[must_use]
pub fn release(feature: &str) -> String {
    format!("{BASE}-{feature}")
}

/// At once, however long they would go on answering.
fn delete_pods(namespace: &str) {
    let mut command = kubectl(namespace);
    command.args(["delete", "pods", "--all", "--force", "--grace-period=0"]);
    let _ = process::output_of(&mut command);
}

fn kubectl(namespace: &str) -> Command {
    let mut command = lab().command("kubectl");
    command.args(["--namespace", namespace]);
    command
}
