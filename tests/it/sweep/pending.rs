//! Deploys that were killed: reported after an hour, cleared where that is asked for, and never base's.

use std::process::Stdio;

use acceptance::{cluster, helm::Helm, images, process, repo};
use serde_json::json;

use super::{FEATURE, Site, deploy, in_hours, next_second, shop};
use crate::stage::with_either_helm;

with_either_helm! {
    fn what_was_killed_an_hour_ago_is_told_and_cleared_by_word(helm, number) {
        images::load();
        let site = Site::of(&format!("stuck-{number}"));
        // An upgrade that was killed after the first revision, a rollback and an install that were, and one of base's.
        for release in ["rolled-feat1", "upgraded-feat1"] {
            let _ = process::output_of(&mut shop(helm, &site, release, "forever"));
        }
        let _ = process::output_of(shop(helm, &site, "rolled-feat1", "forever").arg("--set=replicaCount=2"));
        kill(helm, &site, "upgraded-feat1", "pending-upgrade");
        kill(helm, &site, "installed-feat1", "pending-install");
        relabel(&site, "rolled-feat1", 2, "pending-rollback");
        let mut base = helm.helm();
        base.args(["install", "base"]).arg(repo::root().join("tests/charts/secret"));
        let _ = process::output_of(base.args(["--namespace", site.name()]));
        relabel(&site, "base", 1, "pending-install");

        let here = ["-n", site.name()];
        assert_eq!(super::sweep("", &here).ends_with(0).stdout, "");
        let hour = in_hours(1);
        let told = super::sweep_by(helm.version, "", &[here[0], here[1], &hour]).ends_with(0);
        let lines = told.report();
        assert_eq!(lines.len(), 4, "{}", told.said());
        assert!(lines.iter().all(|line| line.starts_with("stuck ")), "{}", told.said());
        let before = site.list("", &[]);
        let words = [here[0], here[1], &hour, "--pending"];
        let dry = super::sweep_by(helm.version, "", &[&words[..], &["--dry-run"]].concat()).ends_with(0).report();
        assert_eq!(site.list("", &[])[0]["releases"], before[0]["releases"]);
        let cleared = super::sweep_by(helm.version, "", &words).ends_with(0);
        let lines = cleared.report();
        assert_eq!(dry, lines);
        let begins = |word: &str| lines.iter().filter(|line| line.starts_with(word)).count();
        assert_eq!((begins("clear "), begins("stuck ")), (3, 1), "{}", cleared.said());
        assert!(lines.iter().any(|line| line.contains("/base ") && line.contains("no copy's")), "{lines:?}");

        // What is deployed next goes well: the revision before is the newest again.
        let left = site.list("", &[]);
        let releases = left[0]["releases"].as_array().expect("a list").iter();
        let releases: Vec<_> = releases.map(|release| (&release["name"], &release["revision"])).collect();
        assert_eq!(releases, [(&json!("rolled-feat1"), &json!(1)), (&json!("upgraded-feat1"), &json!(1))]);
        for release in ["rolled-feat1", "upgraded-feat1", "installed-feat1"] {
            let _ = process::output_of(&mut shop(helm, &site, release, "forever"));
        }
        assert_eq!(site.list("", &[])[0]["feature"], FEATURE);
    }

    fn a_run_clears_no_more_killed_installs_than_it_may_and_the_oldest_first(helm, number) {
        let site = Site::of(&format!("stuckmost-{number}"));
        for feature in ["feat2", "feat1"] {
            deploy(helm, &site, &format!("app-{feature}"), "forever", &[]);
            relabel(&site, &format!("app-{feature}"), 1, "pending-install");
            next_second();
        }
        let words = ["-n", site.name(), &in_hours(1), "--pending", "--most=1"];
        let lines = super::sweep_by(helm.version, "", &words).ends_with(0).report();
        assert!(lines[0].starts_with(&format!("clear release/{}/app-feat2 ", site.name())), "{lines:?}");
        assert!(lines[1].ends_with("1 copies have gone in this run: the next one goes on"), "{lines:?}");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(super::sweep_by(helm.version, "", &words).ends_with(0).report().len(), 1);
    }

    fn an_uninstall_that_was_killed_is_finished_by_the_next_run(helm, number) {
        let site = Site::of(&format!("halfgone-{number}"));
        deploy(helm, &site, "app-feat1", "1s", &[]);
        relabel(&site, "app-feat1", 1, "uninstalling");
        let ended = super::sweep_by(helm.version, "", &["-n", site.name(), &in_hours(1)]).ends_with(0);
        assert_eq!(ended.report().len(), 1, "{}", ended.said());
        assert_eq!(site.releases(helm).len(), 0);
    }
}

/// Kills a Helm, whose pods are never ready, as soon as its record says so.
fn kill(helm: &Helm, site: &Site, release: &str, status: &str) {
    let mut helm = shop(helm, site, release, "forever");
    helm.args(["--set=image.repository=none", "--set=image.pullPolicy=Never"]);
    let mut running = helm.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("helm starts");
    let selector = format!("--selector=name={release},status={status}");
    cluster::eventually(status, 60, || {
        let found = site.kubectl(&["get", "secrets", &selector, "--output=name"]);
        if found.is_empty() { Err("no record".to_owned()) } else { Ok(()) }
    });
    running.kill().expect("it is our child");
    let _ = running.wait().expect("it ends");
}

/// A record as a Helm leaves it that is killed.
fn relabel(site: &Site, release: &str, revision: u32, status: &str) {
    let name = format!("sh.helm.release.v1.{release}.v{revision}");
    site.kubectl(&["label", "--overwrite", "secret", &name, &format!("status={status}")]);
}
