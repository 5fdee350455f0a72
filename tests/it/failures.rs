//! Bad input and absent back ends: the client says what, where and what to do, and nothing is half made.

use std::{
    collections::BTreeMap,
    process::Output,
    time::{Duration, Instant},
};

use acceptance::{cluster, helm::Version, process, queues, repo};
use serde_json::Value;

use crate::stage::{Stage, with_both_helms};

with_both_helms! {
    fn what_the_renderer_refuses_the_client_shows(stage) {
        let cases = [
            ("--feature=", "the feature is empty"),
            ("--feature=Feat_1", "is no DNS label"),
            ("--feature=a-feature-name-of-more-than-thirty-characters", "at most 30 are allowed"),
            ("--ttl=1h30m", "is not one whole number with one of s, m, h, d, w"),
            ("--env=nobody:A=value:b", "has demo-bad-api/api"),
        ];
        for (flag, reason) in cases {
            let mut flags = BTreeMap::from([("--feature", "--feature=bad"), ("--release", "--release=demo-bad")]);
            flags.insert(flag.split_once('=').expect("a flag").0, flag);
            let mut helm = stage.helm().helm();
            helm.args(["upgrade", "--install", "demo-bad", "charts/demo", "--namespace", cluster::NAMESPACE]);
            helm.args(["--set=web.enabled=false", "--post-renderer=devstack"]);
            helm.args(flags.values().map(|flag| format!("--post-renderer-args={flag}")));
            refused(stage, "demo-bad", &process::run(helm.current_dir(repo::root())), reason);
        }
    }

    fn an_unset_variable_does_not_deploy_base(stage) {
        let mut helmfile = stage.helm().helmfile("feature", Some(""));
        refused(stage, "demo-", &process::run(helmfile.arg("sync")), "FEATURE");
        let install = install_hooks(stage, &["--set=feature="]);
        refused(stage, "demo-bad", &install, "the feature is empty");
    }

    fn what_a_hook_refuses_the_client_shows(stage) {
        let cases = [
            (&["--set-string=ttl=1h30m"][..], "1h30m"),
            (&["--set=sqs.endpointUrl=null"], "endpointUrl"),
            (&["--set=sqs.queues[0].attributes.visibilityTimout=3"], "visibilityTimeout"),
        ];
        for (settings, reason) in cases {
            let install = install_hooks(stage, settings);
            refused(stage, "demo-bad", &install, reason);
        }
    }

    fn a_back_end_that_cannot_be_reached_fails_in_time_with_the_reason(stage) {
        let start = Instant::now();
        let install = install_hooks(stage, &["--set=sqs.endpointUrl=http://nowhere.infra:4566", "--set=timeout=5s"]);
        assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
        let job = "--selector=batch.kubernetes.io/job-name=demo-bad-apply";
        let pods = cluster::kubectl(cluster::NAMESPACE, &["get", "pods", job, "--output=jsonpath={.items[*].status.containerStatuses[*].state.terminated}"]);
        let ended: Value = serde_json::from_str(&pods).unwrap_or_else(|error| panic!("{error}: {pods}"));
        let reason = ended["message"].as_str().unwrap_or_default();
        assert!(ended["exitCode"] == 4 && reason.contains("nowhere.infra"), "{ended}");
        let described = cluster::kubectl(cluster::NAMESPACE, &["describe", "job/demo-bad-apply"]);
        let events = described.lines().filter(|line| line.contains("HookFailed")).collect::<Vec<_>>();
        assert!(matches!(events[..], [line] if line.contains("Warning") && line.ends_with(reason)), "{described}");
        refused(stage, "demo-bad", &install, "nowhere.infra");
    }

    fn what_is_rolled_back_on_failure_leaves_nothing(stage) {
        let on_failure = match stage.helm().version {
            Version::Three => "--atomic",
            Version::Four => "--rollback-on-failure",
        };
        let install = install_hooks(stage, &["--set=sqs.endpointUrl=http://nowhere.infra:4566", "--set=timeout=5s", on_failure]);
        let left = cluster::left(cluster::NAMESPACE, "demo-bad");
        assert_eq!(left, Vec::<String>::new(), "{}", cluster::text(&install));
        refused(stage, "demo-bad", &install, "nowhere.infra");
    }
}

/// Installs a release of the hooks alone.
fn install_hooks(stage: &Stage, settings: &[&str]) -> Output {
    let mut helm = stage.helm().helm();
    helm.args([
        "upgrade",
        "--install",
        "demo-bad",
        "charts/devstack-hooks",
        "--namespace",
        cluster::NAMESPACE,
    ]);
    helm.args(["--set=feature=bad", "--set=sqs.region=ap-south-1"]);
    helm.args(["--set=sqs.endpointUrl=http://localstack.infra:4566", "--set=sqs.queues[0].name=messages"]);
    helm.args([
        "--set=sqs.queues[0].outputs[0].value=url",
        "--set=sqs.queues[0].outputs[0].secret=demo-bad-outputs",
    ]);
    helm.args(["--set=sqs.queues[0].outputs[0].key=QUEUE_URL"]).args(settings);
    process::run(helm.current_dir(repo::root()))
}

/// The client failed for this reason, nothing was made, and what Helm recorded is taken away again.
fn refused(stage: &Stage, release: &str, output: &Output, reason: &str) {
    let said = cluster::text(output);
    assert!(!output.status.success(), "it went through: {said}");
    assert!(said.contains(reason), "{reason:?} is not in: {said}");
    assert!(!queues::names().contains(&"messages-bad".to_owned()), "a queue was made: {said}");
    let objects = cluster::objects();
    let made: Vec<&str> = cluster::of_release(&objects, release)
        .into_iter()
        .filter(|(key, _)| {
            ["Deployment/", "Service/", "IngressRoute/", "Secret/demo-bad"]
                .iter()
                .any(|kind| key.starts_with(kind))
        })
        .map(|(key, _)| key)
        .collect();
    assert_eq!(made, Vec::<&str>::new(), "{said}");
    if release == "demo-bad" {
        let mut helm = stage.helm().helm();
        // Without its hooks: what they would read is what was refused.
        helm.args([
            "uninstall",
            release,
            "--namespace",
            cluster::NAMESPACE,
            "--ignore-not-found",
            "--no-hooks",
        ]);
        let _ = process::output_of(&mut helm);
    }
}
