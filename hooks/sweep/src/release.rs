//! A release that is a copy's, as its newest record says it. Pure.

use std::fmt;

use feature::{FeatureName, Ttl, words};
use jiff::Timestamp;
use provision::config::secret::Pattern;

use crate::{
    clock::{NotSaid, Said},
    copies::CopyName,
    manifest::{annotated, feature_of},
    record::{Contents, Head, Hook, Status},
};

/// A release of a copy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Release {
    pub(crate) head: Head,
    pub(crate) feature: FeatureName,
    /// How long the copy is to live after a deploy; none where nobody has said it.
    pub(crate) ttl: Option<Ttl>,
    /// What somebody has said since, on the record; an error where that is no word of ours.
    pub(crate) said: Option<Result<Said, NotSaid>>,
    /// Whether its objects say that they are another's, or nobody's: somebody has labelled the record by mistake.
    pub(crate) is_mislabelled: bool,
    pub(crate) by: Option<String>,
    pub(crate) source: Option<String>,
    /// The ttl by which kube-janitor takes its objects, if it does.
    pub(crate) janitor: Option<Ttl>,
    /// What it is made of; the reason where its record cannot be read.
    pub(crate) body: Contents,
}

impl Release {
    /// The release of a record; none where it is no copy's. The record's label says whose copy it is, or else, where it has
    /// none, the label of its objects, if all of them bear the same.
    pub(crate) fn read(head: Head, body: Contents) -> Option<Self> {
        let all = body.as_ref().map(|body| body.all()).unwrap_or_default();
        let of_objects = feature_of(all.iter().copied());
        let feature: FeatureName =
            head.labels.get(words::FEATURE).map(String::as_str).or(of_objects)?.parse().ok()?;
        let is_mislabelled = !all.is_empty() && of_objects != Some(feature.as_str());
        let hooks = body.iter().flat_map(|body| &body.hooks).map(|hook| &hook.object);
        let everything: Vec<_> = all.iter().copied().chain(hooks).collect();
        let text = |key: &str| annotated(everything.iter().copied(), key);
        let ttl = |text: &str| text.parse::<Ttl>().ok();
        let release = Self {
            feature,
            ttl: head.labels.get(words::TTL).and_then(|label| ttl(label)).or(text(words::TTL).and_then(ttl)),
            said: head.labels.get(words::DUE).map(|label| label.parse()),
            is_mislabelled,
            by: text(words::BY).map(str::to_owned),
            source: text(words::SOURCE).map(str::to_owned),
            janitor: text(words::JANITOR_TTL).and_then(ttl),
            head,
            body,
        };
        Some(release)
    }

    /// `namespace/release`
    pub(crate) fn owner(&self) -> String {
        format!("{}/{}", self.head.namespace, self.head.release)
    }

    /// The copy that it is of.
    pub(crate) fn copy(&self) -> CopyName {
        CopyName { namespace: self.head.namespace.clone(), feature: self.feature.clone() }
    }

    /// Whether it has objects of its own: of a copy those releases go first that do, since what they use is what the
    /// others give.
    pub(crate) fn is_application(&self) -> bool {
        self.body.as_ref().is_ok_and(|body| !body.objects.is_empty())
    }

    /// Whether Helm runs hooks when it goes.
    pub(crate) fn has_delete_hooks(&self) -> bool {
        self.body.as_ref().is_ok_and(|body| body.hooks.iter().any(Hook::deletes))
    }

    /// Whether somebody is deploying it.
    pub(crate) fn is_under_way(&self, now: Timestamp) -> bool {
        self.head.is_pending() && !self.head.is_stuck(now)
    }

    /// Whether nobody is doing anything with it.
    pub(crate) fn is_settled(&self) -> bool {
        self.head.status == Status::Installed
    }

    /// Whether this is the record of one of its revisions.
    pub(crate) fn is_revision(&self, head: &Head) -> bool {
        (&head.namespace, &head.release) == (&self.head.namespace, &self.head.release)
    }

    pub(crate) fn is_protected(&self, protect: &[Pattern]) -> bool {
        protect.iter().any(|pattern| pattern.matches(&self.head.release))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "release/{}", self.head)
    }
}
