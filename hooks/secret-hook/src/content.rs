//! What a Secret of a copy holds: made of its source, of other Secrets and of what the file says. Pure.
//!
//! Values are bytes in base64, whatever they mean; only a template reads them, as text.

use std::collections::{BTreeMap, BTreeSet};

use feature::words;
use hmac::{Hmac, KeyInit, Mac};
use provision::{
    cluster::{Found, decoded, encoded},
    config::{
        self,
        secret::{Cloned, Content, Said, Site},
    },
    error::Error,
};
use sha2::Sha256;

/// The Secrets that something is taken from.
pub(crate) type Sources = BTreeMap<Site, Found>;

/// The type of a Secret that says none.
const OPAQUE: &str = "Opaque";

/// Types of Secrets that are somebody's right or record, and mean nothing anywhere else.
const NEVER: [(&str, &str); 3] = [
    (
        "kubernetes.io/service-account-token",
        "it is a service account's token: give the copy an account of its own",
    ),
    ("helm.sh/release.v1", "it is Helm's record of a release"),
    ("bootstrap.kubernetes.io/token", "it lets nodes into the cluster"),
];

/// The keys without which the cluster takes no Secret of a type.
const NEEDED: [(&str, &[&str]); 4] = [
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
];

/// How labels begin by which Helm, Argo CD and Flux know what is theirs: on a clone they would take it for that.
const OWN_LABELS: [&str; 6] = [
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/instance",
    "helm.sh/chart",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
];

/// How many digits stand behind the name of an immutable Secret.
pub(crate) const SUFFIX: usize = 10;

/// The most that a Secret holds, in bytes.
const MOST: usize = 1 << 20;

/// Whether a Secret may be cloned into a namespace.
///
/// # Errors
/// [`Error::Refused`] with the reason.
pub(crate) fn may_be_cloned(site: &Site, source: &Found, into: &str) -> Result<(), Error> {
    let refused = |why: String| Err(Error::refused(format!("secret {site}: {why}")));
    if let Some(why) = never(source) {
        return refused(why.to_owned());
    }
    let mut allowed =
        source.annotations.get(words::CLONE_ALLOWED).into_iter().flat_map(|list| list.split(','));
    if site.namespace == into || allowed.any(|namespace| namespace.trim() == into) {
        return Ok(());
    }
    refused(format!(
        "nothing lets it into namespace {into}: who owns it says so by its annotation {}: {into}",
        words::CLONE_ALLOWED
    ))
}

/// Why a Secret is nothing that anybody clones, or adds to.
pub(crate) fn never(found: &Found) -> Option<&'static str> {
    let never = NEVER.iter().find(|(kind, _)| found.kind.as_deref() == Some(*kind));
    never.map(|(_, why)| *why)
}

/// What `want` is to hold.
///
/// # Errors
/// [`Error::Refused`] where a source has not what is asked for, or what comes of it is no Secret.
pub(crate) fn made(want: &Cloned, sources: &Sources) -> Result<Content, Error> {
    let refused = |why: String| Err(Error::refused(why));
    let source = want.from.as_ref().and_then(|from| sources.get(from));
    let nothing = BTreeMap::new();
    let there = source.map_or(&nothing, |source| &source.data);
    if let Some(key) = want.keys.unmet(&there.keys().cloned().collect::<BTreeSet<_>>()).next() {
        return refused(format!("keys.rename: the source has no key {key:?} that is cloned"));
    }
    let mut data = BTreeMap::new();
    for (key, value) in there {
        let Some(named) = want.keys.named(key) else { continue };
        config::check_key(&named).map_err(|why| Error::refused(format!("keys.rename: {key:?}: {why}")))?;
        if data.insert(named.to_string(), value.clone()).is_some() {
            return refused(format!("keys.rename: {named:?} would be two keys of the source"));
        }
    }
    for (key, said) in &want.set {
        let value = match said {
            Said::Text(text) => encoded(text.clone().into_bytes()),
            Said::Of { from, key } => {
                let value = sources.get(from).and_then(|source| source.data.get(key));
                value.cloned().ok_or_else(|| Error::refused(format!("secret {from} has no key {key:?}")))?
            }
            Said::Template(template) => {
                let feature = want.feature.as_ref().map_or("", |feature| feature.as_str());
                let filled = template.filled(feature, &texts(there));
                let text = filled.map_err(|why| Error::refused(format!("set: {key}: {why}")))?;
                encoded(text.into_bytes())
            }
        };
        data.insert(key.clone(), value);
    }
    data.retain(|key, _| !want.others.contains(key));
    let kind = source.and_then(|source| source.kind.clone()).unwrap_or_else(|| OPAQUE.to_owned());
    if let Some(key) = missing(&kind, &data) {
        return refused(format!("a Secret of type {kind} has the key {key}, and this one would not"));
    }
    let size: usize = data.values().map(|value| decoded(value).len()).sum();
    if size > MOST {
        return refused(format!("it would hold {size} bytes, and {MOST} are the most"));
    }
    let labels = source.into_iter().flat_map(|source| &source.labels).filter(|(key, _)| {
        !OWN_LABELS.iter().any(|own| key.starts_with(own))
            && !words::is_ours(key)
            && want.labels.iter().any(|pattern| pattern.matches(key))
    });
    let labels = labels.map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok(Content { kind, data, labels })
}

/// Whether a Secret of this type has to have keys.
pub(crate) fn needs_keys(kind: &str) -> bool {
    missing(kind, &BTreeMap::new()).is_some()
}

/// A key that a Secret of this type has to have, and has not.
fn missing(kind: &str, data: &BTreeMap<String, String>) -> Option<String> {
    if kind == "kubernetes.io/basic-auth"
        && !["username", "password"].iter().any(|key| data.contains_key(*key))
    {
        return Some("username or password".to_owned());
    }
    let needed = NEEDED.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, keys)| keys);
    needed.iter().find(|key| !data.contains_key(**key)).map(|key| (*key).to_owned())
}

/// Those values that are texts.
fn texts(data: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let text = |value: &String| String::from_utf8(decoded(value)).ok();
    data.iter().filter_map(|(key, value)| text(value).map(|text| (key.clone(), text))).collect()
}

/// Another text whenever anything of a Secret is another. Without `secret`, which only those know who may read
/// Secrets, nobody has a list of what short values come to.
pub(crate) fn checksum<'a>(
    secret: &str,
    kind: &str,
    data: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key will do");
    let mut add = |part: &str| {
        // Its length keeps two parts from being one.
        mac.update(&u64::try_from(part.len()).expect("a length").to_be_bytes());
        mac.update(part.as_bytes());
    };
    add(kind);
    for (key, value) in data {
        add(key);
        add(value);
    }
    mac.finalize().into_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands behind the name of an immutable Secret: the same as long as it holds the same of the same sources.
pub(crate) fn suffix(content: &Content, sources: &Sources) -> String {
    let uids: Vec<&str> = sources.values().map(|source| source.uid.as_str()).collect();
    let data = content.data.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    checksum(&uids.join(","), &content.kind, data)[..SUFFIX].to_owned()
}
