//! What fails keeps nothing else from going, and the next run finishes it.

use std::time::Duration;

use acceptance::{
    emulator::REGION,
    lab::lab,
    proxy::{Fault, Proxy, Refusal, Which},
};
use serde_json::json;

use super::{FEATURE, KINDS, Site, program};

#[test]
fn a_back_end_that_is_down_does_not_stop_the_others_and_the_next_run_clears_it() {
    let site = Site::of("halfdown");
    site.provide("orders");
    // Of what might be protected there, nothing goes; names of base mean nothing of a copy.
    let file = |protect: &str| site.file_with("http://127.0.0.1:9", &format!("protect: [{protect}]"));
    let held = super::sweep(&file("shared-*"), &["--timeout=40s"]).ends_with(4);
    let said =
        "left halfdown/orders something of it may be protected, and not every back end says what it holds";
    assert_eq!(held.report(), [said], "{}", held.said());
    assert_eq!(site.holds().len(), KINDS, "{}", held.said());
    let ended = super::sweep(&file("base, base-hooks"), &["--timeout=40s"]).ends_with(4);
    assert!(ended.last_line().contains("127.0.0.1:9"), "{}", ended.said());
    let left = ["queue/halfdown-feat1", "subscription/base", "topic/halfdown-feat1"];
    assert_eq!(site.holds().into_iter().collect::<Vec<_>>(), left, "{}", ended.said());
    site.clear();
    assert_eq!(site.holds().len(), 0);
}

#[test]
fn queues_stay_until_the_subscriptions_that_end_in_them_can_go() {
    let site = Site::of("snsdown");
    site.provide("orders");
    let file = site.file(&format!(
        "backEnds:\n  sqs: {{endpointUrl: '{}', region: {r}}}\n  sns: {{endpointUrl: 'http://127.0.0.1:9', region: {r}}}\n",
        site.emulator.url(),
        r = REGION
    ));
    let ended = super::sweep(&file, &["--timeout=40s"]).ends_with(4);
    assert!(
        ended.stdout.contains("subscriptions that end in its queues are to go first"),
        "{}",
        ended.said()
    );
    assert!(site.holds().contains("queue/snsdown-feat1"));
    site.clear();
    assert_eq!(site.holds().len(), 0);
}

#[test]
fn what_sns_does_not_allow_keeps_the_queues_and_nothing_else() {
    let site = Site::of("snsdenied");
    site.provide("orders");
    let proxy = Proxy::before(site.emulator.url());
    proxy.on(Which::from(1).of("DeleteTopic"), Fault::Refused(Refusal::new(403, "AccessDenied")));
    let ended = super::sweep(&site.file_with(proxy.url(), ""), &[]).ends_with(5);
    assert!(ended.stdout.contains("fail    snsdenied/orders  "), "{}", ended.said());
    let left = ["queue/snsdenied-feat1", "topic/snsdenied-feat1"];
    assert_eq!(site.holds().into_iter().collect::<Vec<_>>(), left, "{}", ended.said());
    site.clear();
    assert_eq!(site.holds().len(), 0);
}

#[test]
fn without_the_clusters_word_nothing_is_deleted() {
    let site = Site::of("noword");
    site.provide("orders");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kubeconfig");
    let config = std::fs::read_to_string(lab().var("KUBECONFIG")).expect("the lab's");
    let server = config.lines().find_map(|line| line.trim().strip_prefix("server: ")).expect("a server");
    std::fs::write(&path, config.replace(server, "https://127.0.0.1:9")).expect("written");
    let nobody = program().env("KUBECONFIG", &path.display().to_string());
    let ended = nobody.run("run", &site.whole_file(), &["--timeout=2s"]).ends_with(4);
    assert!(ended.last_line().contains("127.0.0.1:9"), "{}", ended.said());
    assert_eq!(site.holds().len(), KINDS);
    site.clear();
    assert_eq!(site.holds().len(), 0);
}

/// Killed while a hook deletes: the back end has done it, and nobody hears so.
#[test]
fn a_run_that_is_killed_in_its_midst_is_finished_by_the_next() {
    let site = Site::of("killed");
    for action in ["Unsubscribe", "DeleteTopic", "DeleteQueue"] {
        site.provide("orders");
        let proxy = Proxy::before(site.emulator.url());
        let which = Which::nth(1).of(action);
        proxy.on(which.clone(), Fault::Held);
        let running = program().spawn("run", &site.file_with(proxy.url(), ""), &[]);
        let _ = proxy.wait_for(&which, Duration::from_mins(1));
        let _ = running.kill();
        assert!(!site.holds().is_empty());
        site.clear();
        assert_eq!(site.holds().len(), 0, "{action}");
    }
}

#[test]
fn a_thing_that_has_lost_its_mark_is_nobodys_of_ours_until_it_has_one_again() {
    let site = Site::of("lost");
    site.provide("orders");
    let url = site.emulator.queue_url(&format!("lost-{FEATURE}"));
    let tags = site.emulator.queue_tags(&format!("lost-{FEATURE}"));
    let keys: Vec<&String> = tags.keys().collect();
    site.emulator.sqs("UntagQueue", &json!({"QueueUrl": url, "TagKeys": keys}));
    let database = format!("lost_{FEATURE}");
    let comment = site.server.databases()[&database].clone().expect("a mark");
    site.server.run("postgres", &format!("COMMENT ON DATABASE {database} IS NULL"));
    site.clear();
    let left = site.holds();
    assert!(left.contains("queue/lost-feat1") && left.contains("database/lost_feat1"), "{left:?}");
    site.emulator.sqs("TagQueue", &json!({"QueueUrl": url, "Tags": tags}));
    site.server.run("postgres", &format!("COMMENT ON DATABASE {database} IS '{comment}'"));
    site.clear();
    assert_eq!(site.holds().len(), 0);
}
