//! The guard: an upgrade without the renderer would give a copy all of base's traffic, and is refused.

use std::process::Output;

use acceptance::{cluster, helm::Helm, lab::lab, process, repo};
use feature::words;
use serde_json::Value;

use super::{FEATURE, Site};
use crate::stage::with_either_helm;

with_either_helm! {
    fn an_upgrade_without_the_renderer_is_refused_and_one_with_it_is_not(helm, number) {
        let site = Site::of(&format!("guarded-{number}"));
        let policies = format!("{0}.sweep", site.name());
        install(helm, &site);
        upgrade(helm, &site, true);
        // A policy is enforced some moments after it was made.
        let said = cluster::eventually("the refusal", 30, || {
            let output = upgrade(helm, &site, false);
            if output.status.success() {
                upgrade(helm, &site, true);
                return Err(cluster::text(&output));
            }
            Ok(cluster::text(&output))
        });
        assert!(said.contains("it is of the copy feat1, and would be so no more"), "{said}");
        let route = || -> Value {
            serde_json::from_str(&site.kubectl(&["get", "ingressroute", "app-feat1-fullname", "--output=json"])).expect("JSON")
        };
        // Helm refused something of it, and the route is the copy's as it was.
        let rules = route()["spec"].clone();
        assert!(rules.to_string().contains("Header("), "{rules}");
        assert_eq!(route()["metadata"]["labels"][words::FEATURE], FEATURE);
        let again = upgrade(helm, &site, true);
        assert!(again.status.success(), "{}", cluster::text(&again));
        assert_eq!(route()["spec"], rules);
        // What is no copy's is none of its business.
        let mut base = helm.helm();
        base.args(["upgrade", "--install", "base"]).arg(repo::root().join("tests/charts/secret"));
        let _ = process::output_of(base.args(["--namespace", site.name()]));
        // Deleting is none of it either.
        let mut uninstall = helm.helm();
        let _ = process::output_of(uninstall.args(["uninstall", "app-feat1", "--namespace", site.name()]));
        let mut chart = helm.helm();
        let _ = process::output_of(chart.args(["uninstall", "sweep", "--namespace", site.name()]));
        let left = process::output_of(lab().command("kubectl").args([
            "get", "validatingadmissionpolicies,validatingadmissionpolicybindings", "--output=name",
        ]));
        assert!(!left.contains(&policies), "{left}");
    }
}

fn install(helm: &Helm, site: &Site) {
    let mut command = helm.helm();
    command.args(["install", "sweep"]).arg(repo::root().join("charts/devstack-sweep"));
    command.args(["--namespace", site.name(), "--set=guard.enabled=true"]);
    // It never runs in the time of this test.
    command.args(["--set-string=schedule=0 0 1 1 *", &format!("--set=namespaces={{{}}}", site.name())]);
    let _ = process::output_of(&mut command);
}

/// The copy's application, by the renderer or without it.
fn upgrade(helm: &Helm, site: &Site, rendered: bool) -> Output {
    let mut command = helm.helm();
    command.args(["upgrade", "--install", "app-feat1"]).arg(repo::root().join("tests/charts/fullname"));
    command.args(["--namespace", site.name(), "--set=fullnameOverride="]);
    if rendered {
        command.args(["--post-renderer=devstack", "--post-renderer-args=--feature=feat1"]);
        command.arg("--post-renderer-args=--release=app-feat1");
    }
    process::run(&mut command)
}
