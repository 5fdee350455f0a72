//! `run-hooks`: several hooks in one container, in their order, each heard.

use std::time::{Duration, Instant};

use acceptance::{
    emulator::REGION,
    gate,
    hook::{Hook, file},
    lab::lab,
    proxy::{Fault, Proxy, Refusal, Which},
};

/// Where nobody is.
const NOWHERE: &str = "http://127.0.0.1:1";

fn both(feature: &str, sqs: &str, sns: &str) -> String {
    let access = |url| format!("endpointUrl: {url}\n  region: {REGION}");
    let queues = format!("sqs:\n  {}\n  queues: [{{name: together}}]\n", access(sqs));
    let topics = "topics: [{name: together, subscriptions: [{protocol: sqs, queue: together}]}]";
    file(feature, &format!("{queues}sns:\n  {}\n  {topics}", access(sns)))
}

#[test]
fn hooks_run_in_their_order_and_are_taken_away_in_the_other() {
    let url = lab().var("LOCALSTACK_URL");
    let config = both("together-both", url, url);
    let made = Hook::several().does("apply", &config, &["sqs", "sns"]);
    let things: Vec<String> =
        made.report().iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(things, ["create sqs/together-together-both", "create sns/together-together-both"]);
    let gone = Hook::several().does("delete", &config, &["sns", "sqs"]);
    assert_eq!(gone.report(), ["delete sns/together-together-both", "delete sqs/together-together-both"]);
}

#[test]
fn the_first_that_fails_ends_an_apply_and_its_reason_is_the_last_line() {
    let sns = Proxy::before(lab().var("LOCALSTACK_URL"));
    let config = both("together-fails", NOWHERE, sns.url());
    let ended = Hook::several().run("apply", &config, &["sqs", "sns", "--timeout=3s"]).ends_with(4);
    assert!(ended.last_line().contains(NOWHERE) && ended.last_line().contains("refused"), "{}", ended.said());
    assert!(sns.calls().is_empty(), "{:?}", sns.calls());
    let reasons = ended.told.iter().filter(|(_, line)| line.contains("out of time")).count();
    assert_eq!(reasons, 1, "{}", ended.said());
}

#[test]
fn a_delete_goes_on_where_one_of_them_reaches_nobody() {
    let url = lab().var("LOCALSTACK_URL");
    let _ = Hook::sqs().does("apply", &both("together-left", url, url), &[]);
    let config = both("together-left", url, NOWHERE);
    let ended = Hook::several().does("delete", &config, &["sns", "sqs", "--timeout=6s"]);
    assert_eq!(ended.report(), ["left sns/together-together-left", "delete sqs/together-together-left"]);
    assert!(ended.wall < Duration::from_secs(6), "{:?}", ended.wall);
}

#[test]
fn the_reason_of_the_first_that_fails_is_the_last_line_of_a_delete_too() {
    let url = lab().var("LOCALSTACK_URL");
    let config = both("together-word", url, url);
    let _ = Hook::several().does("apply", &config, &["sqs", "sns"]);
    let sns = Proxy::before(url);
    sns.on(Which::from(1).of("DeleteTopic"), Fault::Refused(Refusal::new(403, "AuthorizationError")));
    let ended =
        Hook::several().run("delete", &both("together-word", url, sns.url()), &["sns", "sqs"]).ends_with(5);
    assert_eq!(ended.report(), ["refuse sns/together-together-word", "delete sqs/together-together-word"]);
    assert!(ended.last_line().contains("AuthorizationError"), "{}", ended.said());
    let _ = Hook::several().does("delete", &config, &["sns", "sqs"]);
}

#[test]
fn a_hook_that_is_not_there_is_said() {
    let url = lab().var("LOCALSTACK_URL");
    let ended = Hook::several().run("apply", &both("together-nobody", url, url), &["nobody"]).ends_with(1);
    assert!(ended.last_line().contains("nobody-hook: No such file or directory"), "{}", ended.said());
}

#[test]
fn what_it_is_told_its_hook_is_told() {
    let sqs = Proxy::before(lab().var("LOCALSTACK_URL"));
    let create = Which::nth(1).of("CreateQueue");
    sqs.on(create.clone(), Fault::Held);
    let config = both("together-stop", sqs.url(), sqs.url());
    let running = Hook::several().spawn("apply", &config, &["sqs", "sns"]);
    let _ = sqs.wait_for(&create, Duration::from_secs(20));
    let told = Instant::now();
    running.signal("TERM");
    let ended = running.wait().ends_with(1);
    assert!(told.elapsed() < Duration::from_secs(5), "{}", ended.said());
    assert!(
        ended.last_line().contains("stopped by SIGTERM; not done: sqs/together-together-stop"),
        "{}",
        ended.said()
    );
    sqs.clear();
    let _ = Hook::several().does("apply", &config, &["sqs", "sns"]);
    let _ = Hook::several().does("delete", &config, &["sns", "sqs"]);
}

#[test]
fn an_event_that_cannot_be_written_is_said_in_one_line_and_changes_nothing() {
    let silent = Proxy::before(lab().var("LOCALSTACK_URL"));
    silent.on(Which::from(1), Fault::Held);
    let config = both("together-event", NOWHERE, NOWHERE);
    let cases = [(silent.url(), "no answer in 3s"), (NOWHERE, "refused: Connection refused (os error 111)")];
    for (cluster, cause) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, gate::kubeconfig(cluster)).expect("the kubeconfig is written");
        let hooks = Hook::several()
            .env("KUBECONFIG", &kubeconfig.display().to_string())
            .env("DEVSTACK_JOB", "a-job")
            .env("DEVSTACK_JOB_NAMESPACE", "demo")
            .env("DEVSTACK_JOB_UID", "1f1f");
        let ended = hooks.run("apply", &config, &["sqs", "sns", "--timeout=2s"]).ends_with(4);
        let about: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("Event")).collect();
        let says = |line: &str| line.starts_with("job/a-job: write an Event: ") && line.ends_with(cause);
        assert!(matches!(about[..], [line] if says(line)), "{}", ended.said());
        assert!(ended.last_line().contains(&format!("connect at {NOWHERE}: refused")), "{}", ended.said());
        assert!(ended.wall < Duration::from_secs(6), "{}", ended.said());
    }
}
