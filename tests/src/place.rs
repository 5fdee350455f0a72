//! Where a test deploys to: a namespace and volumes of its own, gone when it is.

use tempfile::TempDir;

use crate::{cluster, lab::lab, process};

/// A namespace of a test's own, gone when the test is.
#[derive(Debug)]
pub struct Namespace(pub String);

impl Namespace {
    #[must_use]
    pub fn new(name: &str) -> Self {
        assert!(
            lab().own,
            "the test removes what it meets in {name}: it runs on the lab alone (unset CLUSTER)"
        );
        let namespace = Self(name.to_owned());
        namespace.delete();
        let _ = process::output_of(lab().command("kubectl").args(["create", "namespace", name]));
        namespace
    }

    fn delete(&self) {
        let mut kubectl = lab().command("kubectl");
        let _ = process::output_of(kubectl.args(["delete", "namespace", &self.0, "--ignore-not-found"]));
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // A test that fails already says why, and what it leaves is removed by the next.
        if !std::thread::panicking() {
            self.delete();
        }
    }
}

/// Volumes for the claims of one storage class, in a namespace that is new: the cluster makes none by itself.
/// Gone when the test is.
///
/// The scheduler binds them, with the pod that waits for its claim. Where the controller of volumes binds them by
/// itself, the scheduler can look at a claim a moment before it knows that it is bound, and then leaves the pod
/// alone for five minutes.
#[derive(Debug)]
pub struct Volumes {
    class: String,
    /// Where they keep what they hold.
    folder: TempDir,
}

impl Volumes {
    #[must_use]
    pub fn new(class: &str, count: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let volumes = Self { class: class.to_owned(), folder };
        // Those of a test that failed; what had claimed them is gone with its namespace.
        volumes.delete(true);
        let volume = |number: usize| {
            serde_json::json!({
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": format!("{class}-{number}"), "labels": {"class": class}},
                "spec": {
                    "storageClassName": class,
                    "capacity": {"storage": "1Mi"},
                    "accessModes": ["ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Retain",
                    "hostPath": {"path": volumes.folder.path().join(number.to_string()), "type": "DirectoryOrCreate"},
                },
            })
        };
        let storage_class = serde_json::json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": class},
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        });
        let items: Vec<_> = (0..count).map(volume).chain([storage_class]).collect();
        cluster::put(&serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
        volumes
    }

    fn delete(&self, wait: bool) {
        let mut kubectl = lab().command("kubectl");
        let (class, wait) = (format!("--selector=class={}", self.class), format!("--wait={wait}"));
        let _ = process::output_of(kubectl.args(["delete", "persistentvolumes", &class, &wait]));
        let mut kubectl = lab().command("kubectl");
        let _ =
            process::output_of(kubectl.args(["delete", "storageclass", &self.class, "--ignore-not-found"]));
    }
}

impl Drop for Volumes {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // Each goes when its claim does.
            self.delete(false);
        }
    }
}
