//! Helm's record of a revision: a Secret of type `helm.sh/release.v1`, one for each revision. Pure.
//!
//! Its labels say which release, revision and status (`pkg/storage/driver/secrets.go` of Helm 3 and 4); labels of
//! others are carried on to the next revision. Its data is a JSON text, compressed, in base64.

use std::{fmt, io::Read, rc::Rc};

use flate2::read::GzDecoder;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use provision::{cluster::decoded, marks::Tags};
use serde::Deserialize;

use crate::manifest::{self, Object};

/// By which records are found among Secrets.
pub(crate) const SELECTOR: &str = "owner=helm";

/// What the metadata of a record say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The record's own name.
    pub(crate) object: String,
    pub(crate) uid: String,
    pub(crate) resource_version: String,
    pub(crate) namespace: String,
    pub(crate) release: String,
    pub(crate) revision: u64,
    pub(crate) status: Status,
    /// When the revision began, by the cluster's clock: Helm writes the record first.
    pub(crate) began: Timestamp,
    pub(crate) labels: Tags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// There, in whatever state.
    Installed,
    /// An install, upgrade or rollback goes on, or was killed.
    Pending,
    /// An uninstall goes on, or was killed or failed.
    Uninstalling,
    /// Gone, with its history kept.
    Uninstalled,
}

/// How long a deploy may be under way before nobody is behind it any more.
const STUCK: SignedDuration = SignedDuration::from_hours(1);

/// What the data of a record say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Body {
    pub(crate) objects: Vec<Object>,
    pub(crate) hooks: Vec<Hook>,
}

/// An object that Helm makes at some moment of a release.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hook {
    pub(crate) object: Object,
    /// Such as `post-delete`.
    pub(crate) events: Vec<String>,
}

impl Hook {
    /// Whether it runs when the release goes.
    pub(crate) fn deletes(&self) -> bool {
        self.events.iter().any(|event| ["pre-delete", "post-delete"].contains(&event.as_str()))
    }
}

impl Head {
    /// The head of a record.
    ///
    /// # Errors
    /// With what is not as Helm writes it: a release that nobody sees would be taken for one that is gone.
    pub(crate) fn read(namespace: &str, metadata: ObjectMeta) -> Result<Self, String> {
        let labels = metadata.labels.unwrap_or_default();
        let object = metadata.name.ok_or("a record without a name")?;
        let label = |key: &str| {
            labels.get(key).cloned().ok_or_else(|| format!("record {object} has no label {key:?}"))
        };
        let status = match label("status")?.as_str() {
            "pending-install" | "pending-upgrade" | "pending-rollback" => Status::Pending,
            "uninstalling" => Status::Uninstalling,
            "uninstalled" => Status::Uninstalled,
            _ => Status::Installed,
        };
        let (release, revision) = (label("name")?, label("version")?);
        let revision =
            revision.parse().map_err(|_| format!("record {object} is of no revision: {revision:?}"))?;
        let (Some(uid), Some(resource_version), Some(began)) =
            (metadata.uid, metadata.resource_version, metadata.creation_timestamp)
        else {
            return Err(format!("record {object} has no uid, version or moment"));
        };
        Ok(Self {
            object,
            uid,
            resource_version,
            namespace: namespace.to_owned(),
            release,
            revision,
            status,
            began: began.0,
            labels,
        })
    }
}

impl Head {
    /// Whether an install, upgrade or rollback goes on, or was killed.
    pub(crate) fn is_pending(&self) -> bool {
        self.status == Status::Pending
    }

    /// Whether it was killed.
    pub(crate) fn is_stuck(&self, now: Timestamp) -> bool {
        self.is_pending() && now.duration_since(self.began) >= STUCK
    }

    /// The status in Helm's own word.
    pub(crate) fn phase(&self) -> &str {
        self.labels.get("status").map_or("", String::as_str)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.release)
    }
}

/// Of the revisions of each release the newest.
pub(crate) fn newest(heads: Vec<Head>) -> Vec<Head> {
    let mut newest: Vec<Head> = Vec::new();
    for head in heads {
        let same = |known: &&mut Head| (&known.namespace, &known.release) == (&head.namespace, &head.release);
        match newest.iter_mut().find(same) {
            Some(known) if known.revision >= head.revision => {}
            Some(known) => *known = head,
            None => newest.push(head),
        }
    }
    newest
}

/// What a record holds, which many look at; the reason where it cannot be read.
pub(crate) type Contents = Result<Rc<Body>, String>;

impl Body {
    /// What the value `release` of a record's data holds.
    ///
    /// # Errors
    /// With the reason, where it is none of Helm's.
    pub(crate) fn read(value: &[u8]) -> Result<Self, String> {
        let packed = decoded(str::from_utf8(value).map_err(|error| error.to_string())?);
        let mut json = Vec::new();
        if packed.starts_with(&[0x1f, 0x8b]) {
            // A Secret holds a megabyte at most: what unpacks to more than this is no record.
            let mut unpacked = GzDecoder::new(packed.as_slice()).take(MOST);
            unpacked.read_to_end(&mut json).map_err(|error| error.to_string())?;
        } else {
            json = packed;
        }
        let Written { manifest, hooks } = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
        let mut read = Vec::new();
        for WrittenHook { manifest, events } in hooks.unwrap_or_default() {
            for object in manifest::objects(&manifest)? {
                read.push(Hook { object, events: events.clone() });
            }
        }
        Ok(Self { objects: manifest::objects(&manifest)?, hooks: read })
    }

    /// Its objects, or where there are only hooks, those.
    pub(crate) fn all(&self) -> Vec<&Object> {
        if self.objects.is_empty() {
            return self.hooks.iter().map(|hook| &hook.object).collect();
        }
        self.objects.iter().collect()
    }
}

/// The bytes of a record's JSON at most.
const MOST: u64 = 32 << 20;

/// Helm's `release.Release`, of which no more is read.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    manifest: String,
    hooks: Option<Vec<WrittenHook>>,
}

#[derive(Deserialize)]
struct WrittenHook {
    #[serde(default)]
    manifest: String,
    #[serde(default)]
    events: Vec<String>,
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use provision::cluster::encoded;
    use serde_json::json;

    use super::*;

    fn packed(json: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(json.as_bytes()).expect("packed");
        encoded(packer.finish().expect("packed")).into_bytes()
    }

    #[test]
    fn a_record_is_unpacked_to_its_objects_and_hooks() {
        let json = json!({
            "name": "orders-feat1",
            "manifest": "---\nkind: Service\nmetadata: {name: orders}\n",
            "hooks": [{"name": "h", "manifest": "kind: Job\nmetadata: {name: h}", "events": ["post-delete"]}],
            "chart": {"metadata": {"name": "orders"}},
        });
        for value in [packed(&json.to_string()), encoded(json.to_string().into()).into_bytes()] {
            let body = Body::read(&value).expect("a record");
            assert_eq!((body.objects[0].kind(), body.objects[0].name()), ("Service", "orders"));
            assert_eq!(
                (body.hooks[0].object.kind(), &*body.hooks[0].events),
                ("Job", &["post-delete".to_owned()][..])
            );
        }
        let bare = Body::read(&packed(r#"{"name":"a"}"#)).expect("a record");
        assert_eq!((bare.objects.len(), bare.hooks.len()), (0, 0));
        for broken in [b"".to_vec(), b"AAAA".to_vec(), packed("{"), packed(r#"{"manifest":"a: ["}"#)] {
            assert!(Body::read(&broken).is_err(), "{}", broken.escape_ascii());
        }
    }

    fn head(release: &str, revision: &str, status: &str) -> Result<Head, String> {
        let labels = [("name", release), ("version", revision), ("status", status), ("owner", "helm")];
        Head::read(
            "demo",
            ObjectMeta {
                name: Some(format!("sh.helm.release.v1.{release}.v{revision}")),
                uid: Some("u".into()),
                resource_version: Some("1".into()),
                creation_timestamp: Some(Time(Timestamp::UNIX_EPOCH)),
                labels: Some(labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()),
                ..ObjectMeta::default()
            },
        )
    }

    #[test]
    fn of_a_releases_revisions_the_newest_counts() {
        let heads = ["9", "10", "2"].map(|revision| head("a", revision, "deployed").expect("a record"));
        let newest = newest(heads.into_iter().chain(head("b", "1", "pending-install")).collect());
        let said: Vec<_> = newest.iter().map(|head| (&*head.release, head.revision, head.status)).collect();
        assert_eq!(said, [("a", 10, Status::Installed), ("b", 1, Status::Pending)]);
        assert_eq!(
            head("a", "one", "deployed"),
            Err("record sh.helm.release.v1.a.vone is of no revision: \"one\"".into())
        );
    }
}
