//! The guard: an upgrade without the renderer would give a copy base's traffic, by a route that it edits or by one that
//! it makes, and is refused.

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
        for (ingress, why) in [(NO_INGRESS, LOSES), (INGRESS, MAKES)] {
            upgrade(helm, &site, ingress, true);
            // A policy is enforced some moments after it was made.
            cluster::eventually(why, 30, || {
                let output = upgrade(helm, &site, ingress, false);
                let said = cluster::text(&output);
                if !output.status.success() && said.contains(why) {
                    return Ok(());
                }
                site.kubectl(&["delete", "ingress", "--all"]);
                upgrade(helm, &site, ingress, true);
                Err(said)
            });
        }
        assert_eq!(site.kubectl(&["get", "ingress", "--output=name"]), "", "an Ingress that no later revision takes away");
        let route = || -> Value {
            serde_json::from_str(&site.kubectl(&["get", "ingressroute", "app-feat1-fullname", "--output=json"])).expect("JSON")
        };
        // Helm refused something of it, and the route is the copy's as it was.
        let rules = route()["spec"].clone();
        assert!(rules.to_string().contains("Header("), "{rules}");
        assert_eq!(route()["metadata"]["labels"][words::FEATURE], FEATURE);
        let again = upgrade(helm, &site, INGRESS, true);
        assert!(again.status.success(), "{}", cluster::text(&again));
        assert_eq!(route()["spec"], rules);
        // What is no copy's is none of its business, whatever somebody labels it.
        let mut base = helm.helm();
        base.args(["install", "base"]).arg(repo::root().join("tests/charts/fullname"));
        base.args(["--namespace", site.name(), INGRESS]).arg(label());
        let _ = process::output_of(&mut base);
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

const LOSES: &str = "it is of the copy feat1, and would be so no more";
const MAKES: &str = "its release is of the copy feat1, and it would not be";
const NO_INGRESS: &str = "--set=ingress.host=";
/// The post-renderer makes an `IngressRoute` of it: an upgrade without it makes an Ingress that was not there.
const INGRESS: &str = "--set=ingress.host=ingress.example.com";

fn install(helm: &Helm, site: &Site) {
    let mut command = helm.helm();
    command.args(["install", "sweep"]).arg(repo::root().join("charts/devstack-sweep"));
    command.args(["--namespace", site.name(), "--set=guard.enabled=true"]);
    // It never runs in the time of this test.
    command.args(["--set-string=schedule=0 0 1 1 *", &format!("--set=namespaces={{{}}}", site.name())]);
    let _ = process::output_of(&mut command);
}

/// The copy's application, by the renderer or without it.
fn upgrade(helm: &Helm, site: &Site, ingress: &str, rendered: bool) -> Output {
    let mut command = helm.helm();
    command.args(["upgrade", "--install", "app-feat1"]).arg(repo::root().join("tests/charts/fullname"));
    command.args(["--namespace", site.name(), "--set=fullnameOverride=", ingress]);
    if rendered {
        command.args(["--post-renderer=devstack", "--post-renderer-args=--feature=feat1"]);
        command.arg("--post-renderer-args=--release=app-feat1").arg(label());
    }
    process::run(&mut command)
}

/// As helmfile labels a record, where its release has labels.
fn label() -> String {
    format!("--labels={}={FEATURE}", words::FEATURE)
}
