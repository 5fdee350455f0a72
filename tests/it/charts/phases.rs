//! The chart of the hooks in the life of a release: what a rollback, an uninstall without back ends, and a Job for each
//! hook come to.

use acceptance::{
    cluster,
    emulator::{Emulator, REGION},
    helm::{Helm, Version},
    images,
    place::Namespace,
    process, repo,
};
use serde_json::Value;

use super::five::{Five, RELEASE};
use crate::stage::with_either_helm;

/// The hooks in their order.
const HOOKS: [&str; 5] = ["secret", "database", "kafka", "sqs", "sns"];

with_either_helm! {
    fn a_rollback_repairs_what_an_upgrade_has_changed(helm, number) {
        images::load();
        let word = format!("rollback{number}");
        let (namespace, emulator) = (Namespace::new(&word), Emulator::localstack());
        let _swept = emulator.swept(&word);
        let queue = format!("{word}-feat1");
        let run = |words: &[&str]| run(helm, &namespace, words);
        for seconds in ["30", "60"] {
            run(&[
                "upgrade", "--install", RELEASE, "charts/devstack-hooks", "--set=feature=feat1",
                "--set=sqs.endpointUrl=http://localstack.infra:4566", &format!("--set=sqs.region={REGION}"),
                &format!("--set=sqs.queues[0].name={word}"),
                &format!("--set=sqs.queues[0].attributes.visibilityTimeout={seconds}"),
            ]);
            assert_eq!(emulator.queue_attributes(&queue)["VisibilityTimeout"], seconds);
        }
        run(&["rollback", RELEASE]);
        assert_eq!(emulator.queue_attributes(&queue)["VisibilityTimeout"], "30");
        run(&["uninstall", RELEASE]);
        assert_eq!(cluster::left(&namespace.0, RELEASE), Vec::<String>::new());
    }

    fn pods_that_are_deployed_with_the_checksum_restart_when_what_was_cloned_is_another(helm, number) {
        images::load();
        let namespace = Namespace::new(&format!("restart{number}"));
        let run = |words: &[&str]| run(helm, &namespace, words);
        let source = |token: &str| {
            let metadata = serde_json::json!({"name": "orders", "namespace": namespace.0});
            let source = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"TOKEN": token}});
            cluster::put(&source.to_string());
        };
        let section = "--set-json=secret={\"secrets\": [{\"from\": {\"name\": \"orders\"}, \"outputs\": \
                       [{\"value\": \"checksum\", \"configMap\": \"settings-feat1\", \"key\": \"SECRET_CHECKSUM\"}]}]}";
        let deploy = || {
            run(&["upgrade", "--install", RELEASE, "charts/devstack-hooks", "--set=feature=feat1", section]);
            let sum = cluster::kubectl(
                &namespace.0,
                &["get", "configmap", "settings-feat1", "--output=jsonpath={.data.SECRET_CHECKSUM}"],
            );
            let flags = ["--feature=feat1", "--release=shop-feat1", &format!("--env=SECRET_CHECKSUM=value:{sum}")]
                .map(|flag| format!("--post-renderer-args={flag}"));
            let mut words = vec!["upgrade", "--install", "shop-feat1", "tests/charts/fullname", "--set=fullnameOverride="];
            words.extend(["--wait", "--post-renderer=devstack"]);
            words.extend(flags.iter().map(String::as_str));
            run(&words);
            cluster::kubectl(
                &namespace.0,
                &["get", "deployment", "shop-feat1-fullname", r"--output=jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}"],
            )
        };
        source("one");
        assert_eq!((deploy().as_str(), deploy().as_str()), ("1", "1"));
        source("two");
        assert_eq!((deploy().as_str(), deploy().as_str()), ("2", "2"));
    }

    fn with_every_back_end_down_an_uninstall_ends_well_and_says_what_is_left(helm, number) {
        let five = Five::new(helm, format!("fivedown{number}"));
        let installed = five.install(&[]);
        assert!(installed.status.success(), "{}", cluster::text(&installed));
        assert_eq!(five.made(), HOOKS);
        five.lead_nowhere();
        let gone = five.uninstall();
        let said = cluster::text(&gone);
        assert!(gone.status.success(), "{said}");
        let word = &five.word;
        for thing in [format!("sns/{word}-feat1"), format!("sqs/{word}-feat1"), format!("kafka/{word}-feat1"), format!("database/{word}_feat1")] {
            let (_, of_thing) = said.split_once(&format!("left: {thing} (")).unwrap_or_else(|| panic!("{thing} is not said: {said}"));
            let end = of_thing.find("); sweep removes it").unwrap_or_else(|| panic!("{thing}: no remedy: {said}"));
            assert!(!of_thing[..end].contains("left: "), "{thing}: no remedy of its own: {said}");
        }
        // What the cluster has of it can go, and is gone.
        assert_eq!(five.made(), HOOKS[1..]);
        assert_eq!(cluster::left(&five.namespace.0, "orders-feat1"), Vec::<String>::new());
        assert!(!cluster::objects_of(&five.namespace.0, "secrets").contains_key("Secret/told"));
        crate::sweep::clear(&five.namespace.0);
        assert_eq!(five.made(), Vec::<&str>::new());
    }

    fn what_was_made_before_a_hook_failed_goes_with_the_rollback(helm, number) {
        let five = Five::new(helm, format!("fivehalf{number}"));
        let nowhere = "--set=sqs.endpointUrl=http://nowhere.infra:4566";
        let failed = five.install(&[nowhere]);
        assert!(!failed.status.success(), "{}", cluster::text(&failed));
        assert_eq!(five.made(), HOOKS[..3], "{}", cluster::text(&failed));
        let _ = five.uninstall();
        let on_failure = match helm.version {
            Version::Three => "--atomic",
            Version::Four => "--rollback-on-failure",
        };
        let failed = five.install(&[nowhere, on_failure]);
        assert!(cluster::text(&failed).contains("nowhere.infra"), "{}", cluster::text(&failed));
        assert_eq!(five.made(), Vec::<&str>::new(), "{}", cluster::text(&failed));
        assert_eq!(cluster::left(&five.namespace.0, RELEASE), Vec::<String>::new());
    }

    fn separate_hooks_run_one_after_the_other_and_go_in_the_other_order(helm, number) {
        let five = Five::new(helm, format!("fiveapart{number}"));
        let installed = five.install(&["--set=separate=true"]);
        assert!(installed.status.success(), "{}", cluster::text(&installed));
        assert_eq!(five.made(), HOOKS);
        assert_eq!(order(&five, "apply"), HOOKS);
        let gone = five.uninstall();
        assert!(gone.status.success(), "{}", cluster::text(&gone));
        assert_eq!(five.made(), Vec::<&str>::new());
        assert_eq!(order(&five, "delete").into_iter().rev().collect::<Vec<_>>(), HOOKS);
        assert_eq!(cluster::left(&five.namespace.0, "orders-feat1"), Vec::<String>::new());
    }
}

/// The hooks of a phase in the order in which their Jobs ran, of which none began before the last had ended.
fn order(five: &Five<'_>, verb: &str) -> Vec<String> {
    let head = format!("Job/{RELEASE}-{verb}-");
    let jobs = cluster::objects_of(&five.namespace.0, "jobs");
    let mut jobs: Vec<(&str, &str, &str)> = jobs
        .iter()
        .filter_map(|(key, job)| Some((key.strip_prefix(&head)?, job)))
        .map(|(hook, job)| (time(job, "startTime"), time(job, "completionTime"), hook))
        .collect();
    // Jobs that began in one second are told apart by their ends.
    jobs.sort_unstable();
    for pair in jobs.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{jobs:?}");
    }
    jobs.into_iter().map(|(_, _, hook)| hook.to_owned()).collect()
}

fn time<'j>(job: &'j Value, key: &str) -> &'j str {
    job["status"][key].as_str().unwrap_or_else(|| panic!("no {key}: {job}"))
}

/// Helm, from the root of the repository and in a namespace, where all goes well.
fn run(helm: &Helm, namespace: &Namespace, words: &[&str]) {
    let mut helm = helm.helm();
    let helm = helm.current_dir(repo::root()).args(words).args(["--namespace", &namespace.0]);
    let _ = process::output_of(helm);
}
