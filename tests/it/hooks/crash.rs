//! A hook that is killed, stopped, or whose requests or answers are lost, wherever that happens: the next run, or the
//! same one, ends where one would that nobody disturbed.

mod stage;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use acceptance::{
    hook::{Hook, Running},
    process,
    proxy::{Call, Fault, Refusal, Which},
};

use stage::Stage;

const NOTHING: [&str; 0] = [];

/// Long for what comes, and only ever waited out by a test that fails.
const LONG: Duration = Duration::from_secs(20);

#[test]
fn a_hook_that_is_killed_around_any_write_is_finished_by_the_next_run() {
    for stage in Stage::of_all("broken-kill") {
        for k in stage.turns() {
            stage.set();
            let (running, call) = held_at(&stage, &stage.hook(), &Which::nth(k));
            let ended = running.kill();
            assert_eq!(ended.code, None, "{}", ended.said());
            stage.proxy.clear();
            let _ = stage.hook().does(stage.verb, &stage.file(), &[]);
            assert_eq!(
                stage.differences(),
                NOTHING,
                "{} of {} killed at request {k}, {}",
                stage.verb,
                stage.name,
                call.action
            );
        }
    }
}

#[test]
fn a_hook_that_is_told_to_stop_around_any_write_says_what_is_not_done() {
    for stage in Stage::of_all("broken-stop") {
        for k in stage.turns() {
            stage.set();
            let (running, call) = held_at(&stage, &stage.hook(), &Which::nth(k));
            running.signal("TERM");
            let what = format!("{} of {} stopped at request {k}, {}", stage.verb, stage.name, call.action);
            stops(&stage, running, "SIGTERM", &what);
            stage.proxy.clear();
            let _ = stage.hook().does(stage.verb, &stage.file(), &[]);
            assert_eq!(stage.differences(), NOTHING, "{what}");
        }
    }
}

#[test]
fn process_1_listens_to_signals_too() {
    // As a container starts it; what ends this program ends the hook with it.
    let first = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--"];
    for stage in Stage::of_both("broken-first") {
        let creates = if stage.name == "sqs" { "CreateQueue" } else { "CreateTopic" };
        for signal in ["TERM", "INT"] {
            stage.set();
            let (running, _) = held_at(&stage, &stage.hook().under(&first), &Which::nth(1).of(creates));
            signal_to_child(&running, signal);
            stops(&stage, running, &format!("SIG{signal}"), &format!("{} as process 1", stage.name));
            stage.proxy.clear();
            let _ = stage.hook().under(&first).does(stage.verb, &stage.file(), &[]);
            assert_eq!(stage.differences(), NOTHING, "{}", stage.name);
        }
    }
}

#[test]
fn a_hook_that_waits_for_its_back_end_stops_too() {
    for stage in Stage::of_all("broken-wait") {
        stage.set();
        stage.proxy.on(Which::from(1), Fault::Unsent);
        let running = stage.hook().spawn(stage.verb, &stage.file(), &[]);
        // The third try is in the midst of pauses.
        let _ = stage.proxy.wait_for(&Which::nth(3), LONG);
        running.signal("TERM");
        stops(&stage, running, "SIGTERM", &format!("{} of {} while it waits", stage.verb, stage.name));
        assert!(stage.proxy.calls().iter().all(|call| !call.writes()));
    }
}

#[test]
fn a_request_that_never_arrived_is_made_again_by_the_same_run() {
    for stage in Stage::of_all("broken-unsent") {
        for k in stage.requests() {
            let what = disturbed(&stage, k, Fault::Unsent);
            let calls = stage.proxy.calls();
            looks_before_it_writes_again(&calls, &what);
        }
    }
}

#[test]
fn an_answer_that_was_lost_is_looked_up_and_nothing_is_done_twice() {
    for stage in Stage::of_all("broken-lost") {
        for k in stage.requests() {
            let what = disturbed(&stage, k, Fault::Lost);
            let calls = stage.proxy.calls();
            looks_before_it_writes_again(&calls, &what);
            let mut made: Vec<&str> = calls
                .iter()
                .filter(|call| call.action.starts_with("Create"))
                .map(|call| &*call.body)
                .collect();
            let all = made.len();
            made.sort_unstable();
            made.dedup();
            assert_eq!(made.len(), all, "{what}: something was made twice: {made:#?}");
        }
    }
}

#[test]
fn a_storm_of_throttling_is_sat_out() {
    std::thread::scope(|scope| {
        for stage in Stage::of_both("broken-storm") {
            scope.spawn(move || {
                stage.set();
                let throttled = Refusal::new(429, "RequestThrottled");
                stage.proxy.on(Which::first(20), Fault::Refused(throttled));
                let ended = stage.hook().does(stage.verb, &stage.file(), &[]);
                assert_eq!(stage.differences(), NOTHING, "{}", ended.said());
                assert!(ended.stderr.contains("RequestThrottled"), "{}", ended.said());
                assert!(stage.proxy.calls().len() <= stage.calls.len() + 20, "{}", stage.proxy.calls().len());
            });
        }
    });
}

#[test]
fn a_back_end_that_says_when_to_come_back_is_left_alone_until_then() {
    for stage in Stage::of_both("broken-after") {
        stage.set();
        let throttled = Refusal::new(429, "RequestThrottled").retry_after("1");
        stage.proxy.on(Which::first(3), Fault::Refused(throttled.clone()));
        let reads = stage.calls.iter().rposition(|call| !call.writes()).expect("it reads");
        stage.proxy.on(Which::nth(reads + 3), Fault::Refused(throttled));
        let ended = stage.hook().does(stage.verb, &stage.file(), &[]);
        assert_eq!(stage.differences(), NOTHING, "{}", ended.said());
        let at: Vec<Duration> = stage.proxy.calls().iter().map(|call| call.at).collect();
        for pair in at[..4].windows(2) {
            let pause = pair[1].saturating_sub(pair[0]);
            assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&pause), "{pause:?}");
        }
    }
}

#[test]
fn a_back_end_that_asks_for_more_time_than_there_is_ends_it_at_once() {
    for stage in Stage::of_both("broken-never") {
        stage.set();
        let throttled = Refusal::new(429, "RequestThrottled").retry_after("300");
        stage.proxy.on(Which::from(1), Fault::Refused(throttled));
        let ended = stage.hook().run(stage.verb, &stage.file(), &[]).ends_with(4);
        assert!(ended.wall < Duration::from_secs(5), "{}", ended.said());
        assert!(ended.last_line().contains("RequestThrottled"), "{}", ended.said());
        assert_eq!(stage.proxy.calls().len(), 1);
    }
}

/// A run whose request is done and never answered.
fn held_at(stage: &Stage, hook: &Hook, which: &Which) -> (Running, Call) {
    stage.proxy.on(which.clone(), Fault::Held);
    let running = hook.spawn(stage.verb, &stage.file(), &[]);
    let call = stage.proxy.wait_for(which, LONG);
    (running, call)
}

/// It ends soon, with 1, and names all that has no line in the report.
fn stops(stage: &Stage, running: Running, signal: &str, what: &str) {
    let told = Instant::now();
    let ended = running.wait().ends_with(1);
    assert!(told.elapsed() < Duration::from_secs(5), "{what}: {:?}", told.elapsed());
    let last = ended.last_line();
    let says = format!("stopped by {signal}; not done: ");
    let undone = last.strip_prefix(&*says).and_then(|rest| rest.strip_suffix("; run it again"));
    let undone: Vec<&str> =
        undone.unwrap_or_else(|| panic!("{what}: {}", ended.said())).split(", ").collect();
    let done: Vec<_> =
        ended.report().iter().filter_map(|line| Some(line.split(' ').nth(1)?.to_owned())).collect();
    // What the file no longer asks for is known once everything was looked at: the first write is after that.
    let (things, strays) = (stage.things(), stage.strays());
    let known = stage.verb == "apply" && stage.proxy.calls().iter().any(Call::writes);
    let due = things.iter().chain(strays.iter().filter(|_| known)).filter(|thing| !done.contains(thing));
    for thing in due {
        assert!(undone.contains(&thing.as_str()), "{what}: {thing} is not done: {}", ended.said());
    }
    for thing in undone.iter().filter(|thing| **thing != "nothing") {
        let is = |one: &String| one == thing;
        assert!(things.iter().chain(&strays).any(is), "{what}: what is {thing}? {}", ended.said());
        assert!(!done.iter().any(is), "{what}: {thing} is done: {}", ended.said());
    }
}

/// A run with this fault at the k-th request, which converges all the same; what it was, for people.
fn disturbed(stage: &Stage, k: usize, fault: Fault) -> String {
    let Stage { name, verb, .. } = stage;
    stage.set();
    let what = format!("{verb} of {name} with {fault:?} at request {k}");
    stage.proxy.on(Which::nth(k), fault);
    let ended = stage.hook().run(verb, &stage.file(), &[]);
    let what = format!("{what}, {}: {}", stage.proxy.calls()[k - 1].action, ended.said());
    assert_eq!(ended.code, Some(0), "{what}");
    assert_eq!(stage.differences(), NOTHING, "{what}");
    what
}

/// Between two writes that are alike stands a read.
fn looks_before_it_writes_again(calls: &[Call], what: &str) {
    for (i, first) in calls.iter().enumerate().filter(|(_, call)| call.writes()) {
        let rest = &calls[i + 1..];
        let again = rest.iter().position(|call| call.action == first.action && call.body == first.body);
        if let Some(again) = again {
            let looked = rest[..again].iter().any(|call| !call.writes());
            assert!(looked, "{what}: {} {} was sent twice, blindly", first.action, first.body);
        }
    }
}

/// The hook's own process, of which the one that we have started knows the number.
fn signal_to_child(running: &Running, signal: &str) {
    let pid = running.pid();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it runs");
    let [child] = children.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{children:?}") };
    let _ = process::output_of(Command::new("kill").arg(format!("-{signal}")).arg(child));
}
