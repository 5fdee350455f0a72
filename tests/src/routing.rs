//! The table of what answers what: shown by the demo, asserted by the suite.

use crate::{
    cluster,
    http::{Answer, Router},
};

/// One request and who answers it.
#[derive(Debug)]
pub struct Row {
    pub host: &'static str,
    pub path: &'static str,
    pub headers: &'static [(&'static str, &'static str)],
    /// The releases that answer, in order: `service` and `release`.
    pub hops: &'static [(&'static str, &'static str)],
    /// The feature that the answer names in its header.
    pub named: Option<&'static str>,
}

/// Requests with one set of copies deployed.
#[derive(Debug)]
pub struct Scenario {
    pub title: &'static str,
    /// Features and the services that each copies: web, api.
    pub copies: &'static [(&'static str, Copies)],
    pub rows: &'static [Row],
}

#[derive(Clone, Copy, Debug)]
pub struct Copies {
    pub web: bool,
    pub api: bool,
}

const WEB: &str = "web.example.com";
const API: &str = "api.example.com";
const FEAT1: (&str, &str) = ("uber-ctx-key", "feat1");

const fn row(
    host: &'static str,
    headers: &'static [(&'static str, &'static str)],
    hops: &'static [(&'static str, &'static str)],
    named: Option<&'static str>,
) -> Row {
    Row { host, path: "/", headers, hops, named }
}

/// Copies of api for two features, on base and beside another application.
pub const API_ONLY: Scenario = Scenario {
    title: "copies of api only, for feat1 and feat2",
    copies: &[("feat1", Copies { web: false, api: true }), ("feat2", Copies { web: false, api: true })],
    rows: &[
        row(WEB, &[], &[("web", "demo"), ("api", "demo")], None),
        row(WEB, &[FEAT1], &[("web", "demo"), ("api", "demo-feat1")], None),
        row(WEB, &[("baggage", "uber-ctx-key=feat1")], &[("web", "demo"), ("api", "demo-feat1")], None),
        row(
            WEB,
            &[("baggage", "a=b;p=1 , uber-ctx-key = feat1 ;q")],
            &[("web", "demo"), ("api", "demo-feat1")],
            None,
        ),
        row(WEB, &[("uber-ctx-key", "feat3")], &[("web", "demo"), ("api", "demo")], None),
        row(API, &[FEAT1], &[("api", "demo-feat1")], Some("feat1")),
        row(API, &[("uber-ctx-key", "feat11"), ("baggage", "uber-ctx-key=feat11")], &[("api", "demo")], None),
        row(API, &[("baggage", "a=b;uber-ctx-key=feat1")], &[("api", "demo")], None),
        row("api--feat1.example.com", &[], &[("api", "demo-feat1")], Some("feat1")),
        row("api--feat1.example.com", &[("uber-ctx-key", "feat2")], &[("api", "demo-feat1")], Some("feat1")),
        row("web--feat1.example.com", &[], &[("web", "demo"), ("api", "demo-feat1")], None),
        row(API, &[FEAT1, ("baggage", "uber-ctx-key=feat2")], &[("api", "demo-feat1")], Some("feat1")),
        Row {
            host: API,
            path: "/other",
            headers: &[FEAT1],
            hops: &[("web", "other"), ("api", "demo-feat1")],
            named: None,
        },
    ],
};

/// A copy of both services: the header leads from copy to copy.
pub const BOTH: Scenario = Scenario {
    title: "a copy of web and api",
    copies: &[("feat1", Copies { web: true, api: true })],
    rows: &[
        row(WEB, &[FEAT1], &[("web", "demo-feat1"), ("api", "demo-feat1")], Some("feat1")),
        row(WEB, &[], &[("web", "demo"), ("api", "demo")], None),
        row("web--feat1.example.com", &[], &[("web", "demo-feat1"), ("api", "demo-feat1")], Some("feat1")),
    ],
};

/// A copy of web alone, which calls base's api.
pub const WEB_ONLY: Scenario = Scenario {
    title: "a copy of web only",
    copies: &[("feat1", Copies { web: true, api: false })],
    rows: &[
        row(WEB, &[FEAT1], &[("web", "demo-feat1"), ("api", "demo")], Some("feat1")),
        row("web--feat1.example.com", &[], &[("web", "demo-feat1"), ("api", "demo")], Some("feat1")),
        row("api--feat1.example.com", &[], &[("api", "demo")], None),
    ],
};

impl Row {
    /// What is wrong with `answer`, if anything.
    #[must_use]
    pub fn fault(&self, answer: &Answer) -> Option<String> {
        let got: Vec<(&str, &str)> =
            answer.hops.iter().map(|hop| (hop.service.as_str(), hop.release.as_str())).collect();
        let features = answer.hops.iter().all(|hop| hop.feature == feature_of(&hop.release));
        let right = answer.status == 200
            && got == self.hops
            && features
            && answer.feature_header.as_deref() == self.named;
        (!right).then(|| {
            format!(
                "{self}\n  wanted {:?} and devstack-feature {:?}\n  got {} {:?} and devstack-feature {:?}: {}",
                self.hops, self.named, answer.status, got, answer.feature_header, answer.body
            )
        })
    }

    /// Asks until the answer is right. A deploy waits for one preview host; the routes of other objects,
    /// such as entries, a router may take up a moment later.
    ///
    /// # Errors
    /// With what is wrong, when it still is after ten seconds.
    pub fn settle(&self, router: &Router) -> Result<Answer, String> {
        cluster::within(10, || {
            let answer = router.get(self.host, self.path, self.headers);
            let answer = answer.map_err(|error| format!("{self}\n  {error}"))?;
            self.fault(&answer).map_or(Ok(answer), Err)
        })
    }

    /// Which feature the service of this name answered from, for the table.
    #[must_use]
    pub fn answered_from(&self, answer: &Answer, service: &str) -> String {
        let hop = answer.hops.iter().find(|hop| hop.service == service);
        match hop {
            None => "-".to_owned(),
            Some(hop) if hop.release == "other" => "another application".to_owned(),
            Some(hop) => hop.feature.clone(),
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.host, if self.path == "/" { "" } else { self.path })?;
        self.headers.iter().try_for_each(|(name, value)| write!(f, ", {name}: {value}"))
    }
}

/// The feature that a release of the demo is a copy for.
fn feature_of(release: &str) -> &str {
    release.strip_prefix("demo-").unwrap_or("base")
}
