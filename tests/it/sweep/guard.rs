//! The guard: an upgrade without the renderer would give a copy all of base's traffic, and is refused.

use acceptance::{cluster, helm::Helm, lab::lab, process, repo};
use serde_json::Value;

use super::{FEATURE, Site, deploy};
use crate::stage::with_either_helm;

with_either_helm! {
    fn an_upgrade_without_the_renderer_is_refused_and_one_with_it_is_not(helm, number) {
        let site = Site::of(&format!("guarded-{number}"));
        let policies = format!("{0}.sweep", site.name());
        install(helm, &site);
        deploy(helm, &site, "app-feat1", "1h", &[]);
        let plain = || {
            let mut command = helm.helm();
            command.args(["upgrade", "app-feat1"]).arg(repo::root().join("tests/charts/secret"));
            process::run(command.args(["--namespace", site.name(), "--set=text=true"]))
        };
        // A policy is enforced some moments after it was made.
        let said = cluster::eventually("the refusal", 30, || {
            let output = plain();
            if output.status.success() {
                deploy(helm, &site, "app-feat1", "1h", &[]);
                return Err(cluster::text(&output));
            }
            Ok(cluster::text(&output))
        });
        assert!(said.contains("it is of the copy feat1, and would be so no more"), "{said}");
        let feature = || {
            let object: Value = serde_json::from_str(&site.kubectl(&["get", "secret", "app-feat1", "--output=json"])).expect("JSON");
            object["metadata"]["labels"][feature::words::FEATURE].clone()
        };
        assert_eq!(feature(), FEATURE);
        deploy(helm, &site, "app-feat1", "2h", &[]);
        assert_eq!(feature(), FEATURE);
        // What is no copy's, and what is in other namespaces, is none of its business.
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
