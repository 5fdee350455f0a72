//! The section as the file writes it.

use std::{collections::BTreeSet, path::PathBuf};

use feature::Owner;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cloned, Conflict, Keys, Pattern, Secrets, Site, Value, keys, set};
use crate::config::{Fault, Parsed, Scope, given, output};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Secrets")]
pub(in crate::config) struct Written {
    /// A kubeconfig (the cluster that the pod runs in, or that KUBECONFIG names).
    kubeconfig: Option<PathBuf>,
    /// Whether Secrets that the file no longer names are deleted (true); false needs no right to list Secrets.
    prune: Option<bool>,
    #[serde(default)]
    secrets: Vec<WrittenSecret>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "SecretItem")]
struct WrittenSecret {
    /// The Secret that it is made of; absent: only of what is set.
    from: Option<WrittenSite>,
    /// Where it is to be (the owner's namespace, the source's name with the feature behind it).
    to: Option<WrittenSite>,
    /// Which keys of the source it has: {include: [GLOB], exclude: [GLOB], rename: {NAME: NAME}}.
    keys: Option<keys::Written>,
    /// What it has besides: a text, {secret: NAME, namespace: NAMESPACE, key: KEY} of another Secret, or {template: TEXT}.
    #[serde(default)]
    set: set::Written,
    /// Globs of labels of the source that it has too (none). Annotations are never cloned.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    labels: Vec<Parsed<Pattern>>,
    /// Whether nobody can change it: another content is another Secret, with another hash behind its name.
    #[serde(default)]
    immutable: bool,
    /// What is done where a Secret of that name is there and is nobody's of ours (fail).
    #[serde(default)]
    conflict: Conflict,
    /// What the application is told, each in a Secret or a `ConfigMap`.
    #[serde(default)]
    outputs: Vec<output::Written<Value>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "name, and namespace")]
#[schemars(rename = "SecretSite")]
struct WrittenSite {
    /// Absent: the owner's.
    namespace: Option<String>,
    name: Option<String>,
}

impl Written {
    pub(in crate::config) fn check(self, at: &str, scope: &Scope, owner: &Owner) -> Result<Secrets, Fault> {
        let Self { kubeconfig, prune, secrets } = self;
        let mut checked: Vec<Cloned> = Vec::new();
        for (i, written) in secrets.into_iter().enumerate() {
            let at = format!("{at}.secrets[{i}]");
            let secret = written.check(&at, scope, owner)?;
            if checked.iter().any(|first| first.to == secret.to) {
                return Err(Fault::new(at, format!("secret {} is made twice", secret.to)));
            }
            checked.push(secret);
        }
        let prune = prune.unwrap_or(true);
        for (i, secret) in checked.iter().enumerate() {
            if secret.immutable && !prune {
                let fault =
                    "of an immutable one another comes with every content: without prune all of them stay";
                return Err(Fault::new(format!("{at}.secrets[{i}].immutable"), fault));
            }
            let made = |site: &Site| checked.iter().any(|made| made.to == *site);
            if let Some(source) = secret.sources().find(|from| made(from)) {
                let fault = if *source == secret.to {
                    format!("it is its own source: {source}")
                } else {
                    format!("it is made of {source}, which this file makes: clone what that is made of")
                };
                return Err(Fault::new(format!("{at}.secrets[{i}]"), fault));
            }
        }
        Ok(Secrets { kubeconfig, prune, secrets: checked })
    }
}

impl WrittenSecret {
    fn check(self, at: &str, scope: &Scope, owner: &Owner) -> Result<Cloned, Fault> {
        let namespace = owner.namespace();
        let Self { from, to, keys, set, labels, immutable, conflict, outputs } = self;
        let below = |key: &str| format!("{at}.{key}");
        let from = from.map(|from| from.check(&below("from"), namespace)).transpose()?;
        let to = match (to, &from) {
            (Some(WrittenSite { namespace: elsewhere, name: Some(name) }), _) => {
                site(elsewhere, namespace, name, [&below("to.name"), &below("to.namespace")])?
            }
            (to, Some(from)) if *scope != Scope::Base => {
                let elsewhere = to.and_then(|to| to.namespace);
                site(
                    elsewhere,
                    namespace,
                    scope.named(&from.name, MAX_NAME),
                    [&below("to.name"), &below("to.namespace")],
                )?
            }
            _ => return Err(Fault::new(at, "to.name is missing: what is the Secret to be called?")),
        };
        if from.as_ref() == Some(&to) {
            return Err(Fault::new(below("to"), format!("it is its own source: {to}")));
        }
        if from.is_none() && keys.is_some() {
            return Err(Fault::new(below("keys"), "keys are those of a source, and from is missing"));
        }
        let keys = keys.map_or_else(|| Ok(Keys::default()), |keys| keys.check(&below("keys")))?;
        let set = set.check(&below("set"), namespace)?;
        if from.is_none() && !labels.is_empty() {
            return Err(Fault::new(below("labels"), "labels are those of a source, and from is missing"));
        }
        if immutable && *scope == Scope::Base {
            let fault =
                "of an immutable one another comes with every content, and nothing of base is ever deleted";
            return Err(Fault::new(below("immutable"), fault));
        }
        if immutable && conflict != Conflict::Fail {
            let fault = "an immutable one is called like no other: there is no conflict to speak of";
            return Err(Fault::new(below("conflict"), fault));
        }
        if set.is_empty() && (from.is_none() || keys.are_none()) {
            return Err(Fault::new(at, "nothing would be in it: say from or set"));
        }
        Ok(Cloned {
            written: to.name.clone(),
            to,
            from,
            keys,
            set,
            labels: labels.into_iter().map(|Parsed(pattern)| pattern).collect(),
            immutable,
            conflict,
            whole: false,
            feature: scope.feature().cloned(),
            owner: owner.clone(),
            others: BTreeSet::new(),
            outputs: output::check(outputs, at)?,
            content: None,
        })
    }
}

impl WrittenSite {
    fn check(self, at: &str, namespace: &str) -> Result<Site, Fault> {
        let Self { namespace: elsewhere, name } = self;
        site(
            elsewhere,
            namespace,
            given(name, at, "name")?,
            [&format!("{at}.name"), &format!("{at}.namespace")],
        )
    }
}

/// The longest name of an object.
pub const MAX_NAME: usize = 253;

/// A Secret in a namespace, or in the owner's; where the file says its name, and where its namespace.
pub(super) fn site(
    elsewhere: Option<String>,
    owners: &str,
    name: String,
    [named, placed]: [&str; 2],
) -> Result<Site, Fault> {
    let namespace = elsewhere.unwrap_or_else(|| owners.to_owned());
    output::check_object(&name).map_err(|fault| Fault::new(named, fault))?;
    if output::check_object(&namespace).is_err() || namespace.len() > 63 || namespace.contains('.') {
        let fault = format!(
            "{namespace:?} is no name of a namespace: lower-case letters, digits and dashes, with a letter or digit \
             at both ends, 1 to 63"
        );
        return Err(Fault::new(placed, fault));
    }
    Ok(Site { namespace, name })
}
