//! Every name of ours that shows outside: on objects, in configuration, in the environment.
//!
//! A test looks for the label domain in all other sources and fails where it finds it.

/// The domain of our labels, annotations, tags and API group.
macro_rules! domain {
    () => {
        "devstack.dev"
    };
}

/// Label on every object of a copy, and key of the mark's feature: the feature's name.
pub const FEATURE: &str = concat!(domain!(), "/feature");
/// Annotation on every namespaced object of a copy except hooks: how long the copy lives.
pub const TTL: &str = concat!(domain!(), "/ttl");
/// Mark: `namespace/release` of the release that made the thing.
pub const OWNER: &str = concat!(domain!(), "/owner");
/// Mark and annotation: the person behind a copy.
pub const BY: &str = concat!(domain!(), "/by");
/// Mark and annotation: the link (branch, pull request) behind a copy.
pub const SOURCE: &str = concat!(domain!(), "/source");
/// Label on Helm's record of a release: until when its copy lives, if somebody has said so.
pub const DUE: &str = concat!(domain!(), "/due");
/// Mark: when the thing may be swept, in unix seconds, where the cluster cannot be asked.
pub const EXPIRES_AT: &str = concat!(domain!(), "/expires-at");

/// On a role: the database that it owns.
pub const DATABASE: &str = concat!(domain!(), "/database");
/// On a role: its database is not whole yet.
pub const MAKING: &str = concat!(domain!(), "/making");
/// On a role: by what its password is told from another; nobody can come to it from there.
pub const PASSWORD: &str = concat!(domain!(), "/password");
/// On a role: what the file said of its password when that was set.
pub const ROTATE: &str = concat!(domain!(), "/rotate");

/// Annotation by which a Secret may be cloned into other namespaces: their names, with commas between them.
pub const CLONE_ALLOWED: &str = concat!(domain!(), "/clone-allowed");
/// Annotation on a cloned Secret: `namespace/name` of its source.
pub const CLONED_FROM: &str = concat!(domain!(), "/cloned-from");
/// Head of the label on a Secret of somebody else's into which a feature has put keys.
pub const MERGED: &str = concat!(domain!(), "/merged-");

/// `apiVersion` of our configuration files.
pub const API_VERSION: &str = concat!(domain!(), "/v1alpha1");
/// `kind` of the hooks' configuration file.
pub const FEATURE_RESOURCES: &str = "FeatureResources";
/// `kind` of the post-renderer's configuration file.
pub const FEATURE_COPY: &str = "FeatureCopy";

/// `kind` of sweep's configuration file.
pub const FEATURE_SWEEP: &str = "FeatureSweep";

/// The topic of Kafka in which the marks of its topics and groups are: a topic of Kafka has no tags.
pub const MARKS_TOPIC: &str = "devstack.marks";
/// Field manager of the metadata that we write; data belongs to `devstack/<hook>`.
pub const MANAGER: &str = "devstack";
/// Head of the field manager of keys that a hook has put into somebody else's Secret: the owner follows.
pub const MERGER: &str = "devstack/secret-hook/";
/// Response header by which a copy's routes say which feature answered.
pub const RESPONSE_HEADER: &str = "devstack-feature";
/// Annotation that kube-janitor reads, beside [`TTL`], where it is asked for.
pub const JANITOR_TTL: &str = "janitor/ttl";
/// The request header, and key of a `baggage` member, unless another is chosen.
pub const DEFAULT_HEADER: &str = "uber-ctx-key";
/// How long a copy lives unless another ttl is chosen.
pub const DEFAULT_TTL: &str = "6h";

/// Whether a key of a label, annotation or tag is one of ours.
#[must_use]
pub fn is_ours(key: &str) -> bool {
    key.starts_with(concat!(domain!(), "/"))
}
