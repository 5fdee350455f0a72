//! Two applications that share their hosts by path, with routes of every kind, as base and as copies: rendered by
//! the binary that users get.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use acceptance::repo;

/// The copies of one feature.
pub struct Copies {
    pub feature: &'static str,
    shop: bool,
    cart: bool,
    /// Whether what is generated is for the Gateway API.
    gateway: bool,
}

const fn copies(feature: &'static str, shop: bool, cart: bool, gateway: bool) -> Copies {
    Copies { feature, shop, cart, gateway }
}

/// Some names are the beginning of others.
pub const COPIES: [Copies; 12] = [
    copies("feat1", true, true, false),
    copies("feat2", true, false, false),
    copies("feat3", false, true, false),
    copies("feat4", true, true, true),
    copies("feat5", true, false, true),
    copies("feat6", true, true, false),
    copies("feat7", false, true, true),
    copies("feat8", true, true, false),
    copies("feat9", true, true, true),
    copies("feat10", true, true, false),
    copies("pr-1", true, true, false),
    copies("pr-12", true, true, false),
];

/// Of base: of `IngressRoute`, Ingress, `HTTPRoute`, two labels, the older syntax, and of one that only copies have.
pub const HOSTS: [&str; 6] = [MALL, BAZAAR, MARKET, TOWN, FAIR, DESK];
const MALL: &str = "mall.example.com";
const BAZAAR: &str = "bazaar.example.com";
const MARKET: &str = "market.example.com";
const TOWN: &str = "town.test";
const FAIR: &str = "fair.example.com";
const DESK: &str = "desk.example.com";

pub const PATHS: [&str; 14] = [
    "/",
    "/index",
    "/shop",
    "/shop/a/rather/long/path/that/weighs/more/than/a/short/one",
    "/shop/a/rather/long/path/that/weighs/more/than/a/short/one/still",
    "/shop/exact",
    "/shop/exact/not",
    "/cart",
    "/cart/",
    "/cartoon",
    "/cart/items",
    "/cart/admin",
    "/any/where",
    "/v1/desk",
];

/// Of both applications.
const SERVICES: &str = "\
apiVersion: v1
kind: Service
metadata: { name: RELEASE }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: RELEASE-deep }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: RELEASE-api }
spec: { ports: [{ name: http, port: 80 }] }
---
";

const SHOP: &str = r#"apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: RELEASE
spec:
  routes:
    - kind: Rule
      match: Host(`mall.example.com`) || Host(`town.test`)
      services:
        - { name: RELEASE, port: 80 }
    - kind: Rule
      match: Host(`mall.example.com`) && PathPrefix(`/shop/a/rather/long/path/that/weighs/more/than/a/short/one`)
      services:
        - { name: RELEASE-deep, port: http }
    - kind: Rule
      match: Host(`mall.example.com`) &&
        (Path("/shop/exact") || Path(`/cart/admin`) && Query(`mode`, `full`))
      priority: 700
      services:
        - { name: RELEASE-deep, port: 80 }
    - kind: Rule
      match: PathPrefix(`/any`)
      priority: 5
      services:
        - { name: RELEASE-deep, port: 80 }
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: RELEASE-older
spec:
  routes:
    - kind: Rule
      syntax: v2
      match: Host(`fair.example.com`, `mall.example.com`) && PathPrefix(`/`, `/shop`) && Method(`GET`, `POST`)
      priority: 20
      services:
        - { name: RELEASE-deep, port: 80 }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: RELEASE-ingress
spec:
  ingressClassName: traefik
  rules:
    - host: bazaar.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: RELEASE, port: { number: 80 } } }
          - path: /shop/exact
            pathType: Exact
            backend: { service: { name: RELEASE-deep, port: { name: http } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: RELEASE
spec:
  parentRefs: [{ namespace: infra, name: web }]
  hostnames: [market.example.com]
  rules:
    - matches:
        - path: { type: Exact, value: /shop/exact }
        - path: { type: PathPrefix, value: /shop/a }
      backendRefs: [{ name: RELEASE-deep, port: 80 }]
    - backendRefs: [{ name: RELEASE, port: 80 }]
"#;

const CART: &str = r"apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: RELEASE }
spec:
  routes:
    - match: Host(`mall.example.com`) && PathPrefix(`/cart`)
      kind: Rule
      services: [{ name: RELEASE, port: 80 }]
    - match: Host(`mall.example.com`) && PathPrefix(`/cart`) && Header(`X-Kind`, `feat1`)
      kind: Rule
      priority: 90
      services: [{ name: RELEASE-deep, port: 80 }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: RELEASE-ingress
  annotations: {ANNOTATIONS}
spec:
  ingressClassName: traefik
  rules:
    - host: bazaar.example.com
      http:
        paths:
          - path: /cart
            pathType: Prefix
            backend: { service: { name: RELEASE, port: { number: 80 } } }
          - path: /cart/admin
            pathType: ImplementationSpecific
            backend: { service: { name: RELEASE-deep, port: { number: 80 } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: RELEASE }
spec:
  parentRefs: [{ namespace: infra, name: web }]
  hostnames: [market.example.com]
  rules:
    - matches:
        - path: { type: PathPrefix, value: /cart }
      backendRefs: [{ name: RELEASE, port: 80 }]
    - matches:
        - path: { type: PathPrefix, value: /cart }
          queryParams: [{ name: mode, value: full }]
        - path: { type: PathPrefix, value: /cart }
          method: DELETE
          headers: [{ name: x-kind, value: feat1 }]
      backendRefs: [{ name: RELEASE-deep, port: 80 }]
";

/// All that the router is to read.
pub fn all() -> String {
    let mut all = vec![
        render(SHOP, "shop", &["--base".to_owned()], false),
        render(CART, "cart", &["--base".to_owned()], false),
    ];
    for copies in &COPIES {
        for (app, chart) in copies.applications() {
            let release = format!("{app}-{}", copies.feature);
            let mut flags = vec![format!("--feature={}", copies.feature), format!("--release={release}")];
            if copies.gateway {
                flags.extend(["--router=gateway-api".to_owned(), "--gateway=infra/web".to_owned()]);
            }
            // Each Service without a route of the chart's gets one, of a host that base has not.
            let path = if app == "shop" { "" } else { "/v1" };
            flags.push(format!("--route={release}-api={DESK}{path}"));
            // The application that has no copy is found by its own host, with the feature set.
            if !copies.cart {
                flags.push("--entry=till.example.com=cart".to_owned());
            }
            all.push(render(chart, &release, &flags, copies.gateway));
        }
    }
    all.join("---\n")
}

/// Every Service of all of them.
pub fn services() -> Vec<String> {
    let copied = COPIES.iter().flat_map(|copies| {
        copies.applications().into_iter().map(|(app, _)| format!("{app}-{}", copies.feature))
    });
    let releases = ["shop", "cart"].map(str::to_owned).into_iter().chain(copied);
    releases.flat_map(|release| ["", "-deep", "-api"].map(|end| format!("{release}{end}"))).collect()
}

/// Releases, and a request by which each of their routes alone is reached.
pub fn ways() -> Vec<(String, String, &'static str)> {
    let mut ways = Vec::new();
    let hosts = |app| match app {
        "shop" => [(MALL, "/"), (BAZAAR, "/"), (MARKET, "/"), (FAIR, "/")],
        _ => [(MALL, "/cart"), (BAZAAR, "/cart"), (MARKET, "/cart"), (BAZAAR, "/cart/admin")],
    };
    for app in ["shop", "cart"] {
        ways.extend(hosts(app).map(|(host, path)| (app.to_owned(), host.to_owned(), path)));
    }
    for copies in &COPIES {
        for (app, _) in copies.applications() {
            let release = format!("{app}-{}", copies.feature);
            let desk = (DESK, if app == "shop" { "/" } else { "/v1" });
            let hosts = hosts(app).into_iter().chain([desk]);
            ways.extend(hosts.map(|(host, path)| (release.clone(), preview(host, copies.feature), path)));
        }
        if !copies.cart {
            ways.push(("cart".to_owned(), preview("till.example.com", copies.feature), "/"));
        }
    }
    ways
}

/// As the documentation says it.
pub fn preview(host: &str, feature: &str) -> String {
    match host.split_once('.') {
        Some((label, domain)) if domain.contains('.') => format!("{label}--{feature}.{domain}"),
        _ => format!("{feature}.{host}"),
    }
}

impl Copies {
    fn applications(&self) -> Vec<(&'static str, &'static str)> {
        let shop = self.shop.then_some(("shop", SHOP));
        shop.into_iter().chain(self.cart.then_some(("cart", CART))).collect()
    }
}

/// An `HTTPRoute` has no place for what these annotations say.
fn render(chart: &str, release: &str, flags: &[String], bare: bool) -> String {
    let annotations = if bare { "{}" } else { r#"{ traefik.ingress.kubernetes.io/router.priority: "60" }"# };
    let stream =
        format!("{SERVICES}{chart}").replace("{ANNOTATIONS}", annotations).replace("RELEASE", release);
    let mut devstack = Command::new(repo::devstack())
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("devstack starts");
    let mut stdin = devstack.stdin.take().expect("stdin is a pipe");
    stdin.write_all(stream.as_bytes()).expect("devstack reads");
    drop(stdin);
    let output = devstack.wait_with_output().expect("devstack ends");
    assert!(output.status.success(), "{release} {flags:?}: {}", output.status);
    String::from_utf8(output.stdout).expect("manifests are text")
}
