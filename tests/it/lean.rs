//! A copy goes with all that it claims, and a lean one is light and wakes nobody while it is there.

use std::collections::{BTreeMap, BTreeSet};

use acceptance::{
    cluster,
    lab::lab,
    place::{Namespace, Volumes},
    process,
    release::Release,
};
use serde_json::Value;

use crate::{crds::Crds, stage::with_either_helm};

const KINDS: &str = "deployments,statefulsets,pods,services,persistentvolumeclaims,poddisruptionbudgets,\
                     horizontalpodautoscalers,cronjobs,jobs,prometheusrules.monitoring.coreos.com,\
                     servicemonitors.monitoring.coreos.com,ingressroutes.traefik.io,middlewares.traefik.io";

/// What makes base heavy, and is not there in a lean copy.
const HEAVY: [&str; 4] =
    ["HorizontalPodAutoscaler", "PodDisruptionBudget", "PrometheusRule", "ServiceMonitor"];

/// What only a Service of type `LoadBalancer` may say.
const OF_LOAD_BALANCERS: [&str; 7] = [
    "allocateLoadBalancerNodePorts",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "externalIPs",
];

with_either_helm! {
    fn a_lean_copy_is_light_wakes_nobody_and_leaves_nothing(helm, number) {
        let _crds = Crds::applied();
        let namespace = Namespace::new(&format!("lean-{number}"));
        let _volumes = Volumes::new(&namespace.0, 8);
        let base = heavy(helm, number, &namespace.0);
        base.deploy(&[]);
        // With base's node ports, which no second Service could have; and Helm waits for it, as it would in vain
        // for a load balancer.
        let copy = copy_of(&base, &["--lean"]);
        copy.deploy(&["--wait", "--timeout=2m"]);

        let (of_base, of_copy) = cluster::eventually("base with all its pods, and its scheduled Job", 120, || {
            let (of_base, of_copy) = (of(&base), of(&copy));
            let scheduled = of_base["CronJob/-digest"]["status"]["lastScheduleTime"].as_str();
            // Both were there when the minute began.
            let younger = of_copy["CronJob/-digest"]["metadata"]["creationTimestamp"].as_str();
            let done = of_base["Deployment/-web"]["status"]["readyReplicas"] == 3
                && of_base["StatefulSet/-store"]["status"]["readyReplicas"] == 2
                && scheduled > younger;
            if done { Ok((of_base, of_copy)) } else { Err(format!("{scheduled:?} {younger:?} {:?}", of_base.keys())) }
        });

        assert_eq!(missing(&of_base, &of_copy), HEAVY.map(str::to_owned).into());
        assert_eq!(pods(&of_base), BTreeMap::from([("store", 2), ("web", 3)]));
        assert_eq!(pods(&of_copy), BTreeMap::from([("store", 1), ("web", 1)]));
        for key in ["Deployment/-web", "StatefulSet/-store"] {
            assert_eq!(of_copy[key]["spec"]["replicas"], 1, "{key}");
        }
        assert_eq!(of_copy["CronJob/-digest"]["spec"]["suspend"], true);
        assert_eq!(of_copy["CronJob/-digest"]["status"]["lastScheduleTime"], Value::Null);
        assert!(!of_copy.keys().any(|key| key.starts_with("Job/")), "{:?}", of_copy.keys());
        assert_internal(&of_copy["Service/-web"]);
        assert_eq!(of_base["Service/-web"]["spec"]["type"], "LoadBalancer");
        let claims = ["PersistentVolumeClaim/-archive", "PersistentVolumeClaim/data--store-0"];
        assert_eq!(of_kind(&of_copy, "PersistentVolumeClaim"), claims);

        copy.uninstall();
        cluster::eventually("the copy's end", 60, || {
            let left = of(&copy);
            if left.is_empty() { Ok(()) } else { Err(format!("{:?} are left", left.keys())) }
        });
        assert_eq!(missing(&of_base, &of(&base)), BTreeSet::new());
        base.uninstall();
        // As the chart says, for base.
        assert_eq!(of_kind(&of(&base), "PersistentVolumeClaim").len(), 3);
    }

    fn a_copy_keeps_what_it_is_told_to_keep(helm, number) {
        let _crds = Crds::applied();
        let namespace = Namespace::new(&format!("keep-{number}"));
        let _volumes = Volumes::new(&namespace.0, 3);
        let mut copy = copy_of(&heavy(helm, 10 * number, &namespace.0), &["--keep=claims"]);
        copy.deploy(&[]);
        let heavy = cluster::eventually("all pods of a copy that is not lean", 180, || {
            let copy = of(&copy);
            let ready = [&copy["Deployment/-web"], &copy["StatefulSet/-store"]].map(|set| &set["status"]["readyReplicas"]);
            if ready == [&Value::from(3), &Value::from(2)] { Ok(copy) } else { Err(format!("{ready:?}")) }
        });
        assert_eq!(heavy["Service/-web"]["spec"]["type"], "LoadBalancer");
        assert_ne!(heavy["CronJob/-digest"]["spec"]["suspend"], true);
        for kind in HEAVY {
            assert_eq!(of_kind(&heavy, kind).len(), 1, "{kind}");
        }

        // What was heavy becomes light, but for what is to stay. Helm takes the replicas first, and then the autoscaler, which
        // would bring them back in between.
        let autoscaler = format!("{}-web", copy.name);
        let words = ["patch", "horizontalpodautoscaler", &autoscaler, "--type=merge", r#"--patch={"spec":{"minReplicas":1}}"#];
        let _ = cluster::kubectl(&namespace.0, &words);
        copy.flags.extend(["--lean", "--keep=PodDisruptionBudget", "--keep=CronJob"].map(str::to_owned));
        copy.deploy(&["--wait", "--timeout=2m"]);
        let light = cluster::eventually("one pod of each", 180, || {
            let light = of(&copy);
            let pods = pods(&light);
            if pods.values().all(|count| *count == 1) { Ok(light) } else { Err(format!("{pods:?}")) }
        });
        let kept: BTreeSet<String> = ["PodDisruptionBudget".to_owned()].into();
        let gone: BTreeSet<String> = HEAVY.map(str::to_owned).into();
        assert_eq!(missing(&heavy, &light), &gone - &kept);
        assert_ne!(light["CronJob/-digest"]["spec"]["suspend"], true);
        assert_internal(&light["Service/-web"]);

        let claims = ["PersistentVolumeClaim/-archive", "PersistentVolumeClaim/data--store-0", "PersistentVolumeClaim/data--store-1"];
        copy.uninstall();
        cluster::eventually("the end of all but claims", 60, || {
            let left = of(&copy);
            let left: Vec<&str> = left.keys().map(String::as_str).collect();
            if left == claims { Ok(()) } else { Err(format!("{left:?} are left")) }
        });
        let mut kubectl = lab().command("kubectl");
        let _ = process::output_of(kubectl.args(["delete", "persistentvolumeclaims", "--all", "--namespace", &namespace.0]));
    }
}

fn heavy<'t>(helm: &'t acceptance::helm::Helm, number: u8, namespace: &'t str) -> Release<'t> {
    // Node ports are the cluster's, and other tests' too.
    let port = 30_400 + 2 * u32::from(number);
    let values = vec![
        format!("host=heavy-{number}.example.com"),
        format!("storageClass={namespace}"),
        format!("loadBalancer.nodePort={port}"),
        format!("loadBalancer.healthCheckNodePort={}", port + 1),
    ];
    Release { helm, chart: "heavy", name: "shop".to_owned(), namespace, values, flags: vec![] }
}

fn copy_of<'t>(base: &Release<'t>, flags: &[&str]) -> Release<'t> {
    let flags =
        ["--feature=feat1", "--release=shop-feat1"].iter().chain(flags).map(|flag| (*flag).to_owned());
    Release { name: "shop-feat1".to_owned(), flags: flags.collect(), ..base.clone() }
}

/// The objects of a release by kind and name, the name without the release's.
fn of(release: &Release<'_>) -> BTreeMap<String, Value> {
    let objects = cluster::objects_of(release.namespace, KINDS).into_iter();
    let of_copy = format!("{}-feat1", release.name);
    objects
        .filter(|(key, _)| key.contains(&release.name) && !key.contains(&of_copy))
        .map(|(key, object)| (key.replacen(&release.name, "", 1), object))
        .collect()
}

/// The kinds that `after` has fewer of.
fn missing(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let kinds = before.keys().filter_map(|key| key.split_once('/')).map(|(kind, _)| kind);
    // Pods and what they claim come and go by number, Jobs by time.
    let kinds = kinds.filter(|kind| !["Job", "Pod", "PersistentVolumeClaim"].contains(kind));
    kinds.filter(|kind| of_kind(after, kind).len() < of_kind(before, kind).len()).map(str::to_owned).collect()
}

fn of_kind<'o>(objects: &'o BTreeMap<String, Value>, kind: &str) -> Vec<&'o str> {
    let keys = objects.keys().filter(|key| key.split_once('/').is_some_and(|(of, _)| of == kind));
    keys.map(String::as_str).collect()
}

/// How many pods a release has of each component, those of Jobs aside.
fn pods(objects: &BTreeMap<String, Value>) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for key in of_kind(objects, "Pod") {
        let component = objects[key]["metadata"]["labels"]["app.kubernetes.io/component"].as_str();
        let component = component.expect("every pod has a component");
        if component != "digest" {
            *counts.entry(component).or_default() += 1;
        }
    }
    counts
}

/// A Service that nobody outside can reach.
fn assert_internal(service: &Value) {
    let spec = &service["spec"];
    assert_eq!(spec["type"], "ClusterIP", "{spec}");
    assert!(OF_LOAD_BALANCERS.iter().all(|field| spec.get(field).is_none()), "{spec}");
    assert_eq!(spec["ports"][0].get("nodePort"), None, "{spec}");
    assert_eq!(spec["ports"][0]["targetPort"], "http", "{spec}");
}
