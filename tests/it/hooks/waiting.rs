//! A back end that is not there, not yet, or not the one that was meant: what a hook says while it waits, and how it
//! ends.

use std::{
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{Ended, Hook, file},
    lab::lab,
    proxy::{Fault, Proxy, Refusal, Which},
};

/// How late a line may be that is due at a time: a machine that does other things too.
const LATE: Duration = Duration::from_millis(1500);

#[test]
fn a_back_end_that_comes_up_later_is_waited_for_with_a_word_every_ten_seconds() {
    let down = Duration::from_secs(22);
    of_both(|hook, name| {
        let (endpoint, bind) = nobody_listens();
        let feature = format!("away-late-{name}");
        let emulator = Emulator::localstack();
        let _swept = emulator.swept(&feature);
        let config = config(&feature, &endpoint);
        let began = Instant::now();
        let running = hook.spawn("apply", &config, &[]);
        // The time that the back end is down is what this is about.
        thread::sleep(down.saturating_sub(began.elapsed()));
        let proxy = Proxy::listening(bind(), lab().var("LOCALSTACK_URL"));
        let ended = running.wait().ends_with(0);
        let answered = ended.told.last().expect("it says that it goes on");
        assert!(answered.1.starts_with(&format!("{endpoint} answers after 2")), "{}", ended.said());
        let waiting = waiting(&ended);
        assert_eq!(waiting.len(), 3, "{}", ended.said());
        for ((at, line), due) in waiting.iter().zip([0, 10, 20]) {
            let says = format!("waiting for {endpoint}: refused: Connection refused (os error 111) (");
            let seconds = line.strip_prefix(&says).and_then(|rest| rest.strip_suffix("s of 120s)"));
            let seconds: u64 = seconds.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{line}"));
            assert!((due..=due + 2).contains(&seconds), "{line}");
            assert!(due_at(*at, due), "{at:?}: {line}");
        }
        // It was there for up to five seconds before it was asked again.
        assert!(ended.wall < down + Duration::from_secs(7), "{}", ended.said());
        assert!(proxy.calls().iter().any(|call| call.action.starts_with("Create")));
    });
}

#[test]
fn whoever_waits_is_told_why_and_so_is_whoever_reads_the_last_line() {
    let localstack = lab().var("LOCALSTACK_URL");
    let behind_tls = localstack.replace("http://", "https://");
    let silent = Proxy::before(localstack);
    silent.on(Which::from(1), Fault::Held);
    let closing = Proxy::before(localstack);
    closing.on(Which::from(1), Fault::Unsent);
    let busy = Proxy::before(localstack);
    busy.on(Which::from(1), Fault::Refused(Refusal::new(503, "ServiceUnavailable")));
    let (refusing, _) = nobody_listens();
    let cases = [
        ("http://nobody.invalid:4566", "DNS: its name does not resolve"),
        (&*refusing, "refused: Connection refused (os error 111)"),
        // LocalStack has a certificate that nobody has signed.
        (&*behind_tls, "TLS: invalid peer certificate"),
        (&*silent.url().replace("http", "https"), "TLS: "),
        (silent.url(), "no answer in "),
        (closing.url(), "connection closed before message completed"),
        (busy.url(), "ServiceUnavailable"),
    ];
    thread::scope(|scope| {
        for (endpoint, cause) in cases {
            for hook in [Hook::sqs(), Hook::sns()] {
                scope.spawn(move || {
                    let config = config("away-nowhere", endpoint);
                    let ended = hook.run("apply", &config, &["--timeout=6s"]).ends_with(4);
                    let last = ended.last_line();
                    assert!(last.contains(&format!(": connect at {endpoint}: ")), "{}", ended.said());
                    assert!(last.contains(cause) && last.contains("(out of time after "), "{}", ended.said());
                    assert!(ended.wall < Duration::from_secs(6) + LATE, "{}", ended.said());
                    // Who never answers is not known to be away before its time is over.
                    if !cause.starts_with("no answer") {
                        let (at, line) = waiting(&ended)[0];
                        let says = format!("waiting for {endpoint}: ");
                        assert!(line.starts_with(&says) && line.contains(cause), "{}", ended.said());
                        assert!(due_at(at, 0), "{}", ended.said());
                    }
                    assert_eq!(ended.stdout, "");
                });
            }
        }
    });
}

#[test]
fn keys_that_nobody_knows_end_it_long_before_the_time_is_over() {
    for code in ["InvalidClientTokenId", "SignatureDoesNotMatch"] {
        of_both(|hook, name| {
            let proxy = Proxy::before(lab().var("LOCALSTACK_URL"));
            proxy.on(Which::from(1), Fault::Refused(Refusal::new(403, code)));
            let config = config(&format!("away-keys-{name}"), proxy.url());
            let ended = hook.run("apply", &config, &[]).ends_with(5);
            let says = format!(": connect at {}: auth: ", proxy.url());
            assert!(
                ended.last_line().contains(&says) && ended.last_line().contains(code),
                "{}",
                ended.said()
            );
            assert!(ended.last_line().ends_with("; are these its credentials?"), "{}", ended.said());
            // A new key of AWS takes seconds to be known everywhere.
            let patience = Duration::from_secs(15)..Duration::from_secs(30);
            assert!(patience.contains(&ended.wall), "{}", ended.said());
            assert!(waiting(&ended).len() >= 2, "{}", ended.said());
            assert!(waiting(&ended).iter().all(|(_, line)| line.contains(": auth: ")), "{}", ended.said());
            assert!(proxy.calls().iter().all(|call| !call.writes()), "{:?}", proxy.calls());
        });
    }
}

#[test]
fn keys_that_become_known_are_waited_for() {
    of_both(|hook, name| {
        let feature = format!("away-known-{name}");
        let emulator = Emulator::localstack();
        let _swept = emulator.swept(&feature);
        let proxy = Proxy::before(emulator.url());
        proxy.on(Which::first(4), Fault::Refused(Refusal::new(403, "InvalidClientTokenId")));
        let ended = hook.does("apply", &config(&feature, proxy.url()), &[]);
        assert!(waiting(&ended)[0].1.contains(": auth: "), "{}", ended.said());
    });
}

/// The lines that say what is waited for.
fn waiting(ended: &Ended) -> Vec<(Duration, &String)> {
    let all = ended.told.iter().filter(|(_, line)| line.starts_with("waiting for "));
    all.map(|(at, line)| (*at, line)).collect()
}

fn due_at(at: Duration, seconds: u64) -> bool {
    let due = Duration::from_secs(seconds);
    (due..due + LATE).contains(&at)
}

fn of_both(test: impl Fn(Hook, &str) + Sync) {
    thread::scope(|scope| {
        scope.spawn(|| test(Hook::sqs(), "sqs"));
        scope.spawn(|| test(Hook::sns(), "sns"));
    });
}

fn config(feature: &str, endpoint: &str) -> String {
    let access = format!("endpointUrl: \"{endpoint}\", region: {REGION}");
    file(
        feature,
        &format!(
            "sqs: {{{access}, queues: [{{name: waiting}}]}}\nsns: {{{access}, topics: [{{name: waiting}}]}}"
        ),
    )
}

/// An endpoint where nobody listens, and what listens there from then on. No other program takes its port:
/// the address is one of this machine that nobody uses.
fn nobody_listens() -> (String, impl FnOnce() -> TcpListener) {
    let first = TcpListener::bind(("127.77.0.1", 0)).expect("a free port");
    let address = first.local_addr().expect("an address");
    (format!("http://{address}"), move || TcpListener::bind(address).expect("it is still free"))
}
