//! Deploys that were killed: reported after an hour, cleared where that is asked for, and never base's.

use acceptance::{lab::lab, process, repo};
use serde_json::json;

use super::{FEATURE, Site, deploy, in_hours};
use crate::stage::with_either_helm;

with_either_helm! {
    fn what_was_killed_an_hour_ago_is_told_and_cleared_by_word(helm, number) {
        let site = Site::of(&format!("stuck-{number}"));
        // An upgrade that was killed after the first revision, an install that was, and one of base's.
        deploy(helm, &site, "upgraded-feat1", "forever", &[]);
        leave_pending(&site, "upgraded-feat1", 2, "pending-upgrade");
        deploy(helm, &site, "installed-feat1", "forever", &[]);
        leave_pending(&site, "installed-feat1", 1, "pending-install");
        let mut base = helm.helm();
        base.args(["install", "base"]).arg(repo::root().join("tests/charts/secret"));
        let _ = process::output_of(base.args(["--namespace", site.name()]));
        leave_pending(&site, "base", 1, "pending-install");

        let here = ["-n", site.name()];
        assert_eq!(super::sweep("", &here).ends_with(0).stdout, "");
        let hour = in_hours(1);
        let told = super::sweep_by(helm.version, "", &[here[0], here[1], &hour]).ends_with(0);
        let lines = told.report();
        assert_eq!(lines.len(), 3, "{}", told.said());
        assert!(lines.iter().all(|line| line.starts_with("stuck ")), "{}", told.said());
        let cleared = super::sweep_by(helm.version, "", &[here[0], here[1], &hour, "--pending"]).ends_with(0);
        let lines = cleared.report();
        let begins = |word: &str| lines.iter().filter(|line| line.starts_with(word)).count();
        assert_eq!((begins("clear "), begins("stuck ")), (2, 1), "{}", cleared.said());
        assert!(lines.iter().any(|line| line.contains("/base ") && line.contains("no copy's")), "{lines:?}");

        // What is deployed next goes well: the first revision is the newest again.
        let left = site.list("", &[]);
        let releases: Vec<_> = left[0]["releases"].as_array().expect("a list").iter().collect();
        assert_eq!(releases.len(), 1, "{left:?}");
        assert_eq!((&releases[0]["name"], &releases[0]["revision"]), (&json!("upgraded-feat1"), &json!(1)));
        deploy(helm, &site, "upgraded-feat1", "1h", &[]);
        deploy(helm, &site, "installed-feat1", "1h", &[]);
        assert_eq!(site.list("", &[])[0]["feature"], FEATURE);
    }

    fn an_uninstall_that_was_killed_is_finished_by_the_next_run(helm, number) {
        let site = Site::of(&format!("halfgone-{number}"));
        deploy(helm, &site, "app-feat1", "1s", &[]);
        leave_pending(&site, "app-feat1", 1, "uninstalling");
        let ended = super::sweep_by(helm.version, "", &["-n", site.name(), &in_hours(1)]).ends_with(0);
        assert_eq!(ended.report().len(), 1, "{}", ended.said());
        assert_eq!(site.releases(helm).len(), 0);
    }
}

/// The records as a Helm leaves them that is killed: another revision that begins, or the first that never ends.
fn leave_pending(site: &Site, release: &str, revision: u32, status: &str) {
    let name = |revision: u32| format!("sh.helm.release.v1.{release}.v{revision}");
    let first = site.kubectl(&["get", "secret", &name(1), "--output=json"]);
    let mut record: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    let labels = json!({"status": status, "version": revision.to_string()});
    if revision == 1 {
        let patch = json!({"metadata": {"labels": labels}}).to_string();
        site.kubectl(&["patch", "secret", &name(1), "--patch", &patch]);
        return;
    }
    acceptance::cluster::lasting(&mut record);
    record["metadata"]["name"] = json!(name(revision));
    for (key, value) in labels.as_object().expect("an object") {
        record["metadata"]["labels"][key] = value.clone();
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), record.to_string()).expect("written");
    let mut kubectl = lab().command("kubectl");
    let _ = process::output_of(kubectl.args(["create", "--filename"]).arg(file.path()));
}
