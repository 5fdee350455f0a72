//! What the check lets pass answers its own requests in base's namespace, and no others.

use acceptance::{
    cluster,
    http::Router,
    place::{Namespace, Volumes},
    release::Release,
};
use serde_json::Value;

use super::{KINDS, beside, differences, releases, settle};
use crate::stage::with_either_helm;

const HEADER: &[(&str, &str)] = &[("uber-ctx-key", "feat1")];

with_either_helm! {
    fn base_and_its_copy_answer_a_thousand_requests_each_and_base_is_as_it_was(helm, number) {
        let namespace = Namespace::new(&format!("isolation-{number}"));
        let _volumes = Volumes::new(&namespace.0, 4);
        let host = format!("store-{number}.example.com");
        let values = vec![
            format!("host={host}"),
            format!("persistence.storageClass={}", namespace.0),
            "replicas=2".to_owned(),
        ];
        let base =
            Release { helm, chart: "stateful", name: "shop".to_owned(), namespace: &namespace.0, values, flags: vec![] };
        let flags = ["--feature=feat1", "--release=shop-feat1", "--isolate=check"].map(str::to_owned).to_vec();
        let copy = Release { name: "shop-feat1".to_owned(), flags, ..base.clone() };

        base.deploy(&[]);
        stands(&base);
        settle(&host, &[], &["shop"]);
        let before = beside(&namespace.0, &copy.name);
        copy.deploy(&[]);
        stands(&copy);
        settle(&host, HEADER, &["shop-feat1"]);

        let router = Router::default();
        let mut wrong = Vec::new();
        for (headers, release) in [(&[][..], "shop"), (HEADER, "shop-feat1")].repeat(1000) {
            match router.get(&host, "/", headers) {
                Ok(answer) if answer.status == 200 && releases(&answer) == [release] => {}
                other => wrong.push(format!("{release}: {other:?}")),
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
        // Each counts its own pods, with the other there.
        stands(&base);
        stands(&copy);
        assert_eq!(differences(&before, &beside(&namespace.0, &copy.name)), Vec::<String>::new());

        copy.uninstall();
        gone(&copy);
        settle(&host, HEADER, &["shop"]);
        assert_eq!(differences(&before, &beside(&namespace.0, &copy.name)), Vec::<String>::new());
        base.uninstall();
    }

    fn a_service_for_pods_of_kubernetes_itself_is_no_error(helm, number) {
        let namespace = Namespace::new(&format!("monitoring-{number}"));
        let host = format!("metrics-{number}.example.com");
        let name = format!("mon{number}");
        let values = vec![format!("host={host}")];
        let base = Release { helm, chart: "cut-names", name, namespace: &namespace.0, values, flags: vec![] };
        let name = format!("mon{number}-feat1");
        let flags = vec!["--feature=feat1".to_owned(), format!("--release={name}")];
        let copy = Release { name, flags, ..base.clone() };
        base.deploy(&[]);
        copy.deploy(&[]);
        settle(&host, &[], &[&base.name]);
        settle(&host, HEADER, &[&copy.name]);
        let service = |release: &Release<'_>| {
            cluster::objects_of("kube-system", "services")
                .remove(&format!("Service/{}-stack-kube-scheduler", release.name))
        };
        let of_base = service(&base).expect("base has a Service in kube-system");
        let of_copy = service(&copy).expect("the copy has one of its own there");
        assert_eq!(of_copy["spec"]["selector"], of_base["spec"]["selector"]);
        assert_eq!(of_copy["metadata"]["labels"][feature::words::FEATURE], "feat1");
        copy.uninstall();
        assert_eq!(service(&copy), None);
        assert_eq!(service(&base), Some(of_base));
        base.uninstall();
    }
}

/// Waits until all of a release's objects are there and know their pods, and no others.
fn stands(release: &Release<'_>) {
    let name = format!("{}-store", release.name);
    cluster::eventually(&name, 180, || {
        let objects = cluster::objects_of(release.namespace, KINDS);
        let of = |kind: &str, name: &str| objects.get(&format!("{kind}/{name}")).unwrap_or(&Value::Null);
        for (kind, name) in [
            ("Service", name.clone()),
            ("Service", format!("{name}-headless")),
            ("NetworkPolicy", name.clone()),
            ("CronJob", format!("{name}-backup")),
            ("IngressRoute", name.clone()),
        ] {
            assert!(!of(kind, &name).is_null(), "no {kind} {name} in {:?}", objects.keys());
        }
        let set = &of("StatefulSet", &name)["status"];
        let budget = &of("PodDisruptionBudget", &name)["status"];
        let scaler = &of("HorizontalPodAutoscaler", &name)["status"];
        let claims = [0, 1].map(|pod| format!("data-{name}-{pod}"));
        let bound = |claim: &String| of("PersistentVolumeClaim", claim)["status"]["phase"] == "Bound";
        let counts = [
            &set["replicas"],
            &set["readyReplicas"],
            &budget["expectedPods"],
            &budget["currentHealthy"],
            &scaler["currentReplicas"],
        ];
        if counts.iter().all(|count| **count == 2) && claims.iter().all(bound) {
            Ok(())
        } else {
            Err(format!("{set} {budget} {scaler}"))
        }
    });
}

/// Waits until nothing of a release is left, its claims neither.
fn gone(release: &Release<'_>) {
    cluster::eventually("the copy's end", 180, || {
        let objects = cluster::objects_of(release.namespace, KINDS);
        let left: Vec<&String> = objects.keys().filter(|key| key.contains(&release.name)).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?} are left")) }
    });
}
