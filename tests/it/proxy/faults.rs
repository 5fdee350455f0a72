//! What a broken request does to the client and to the back end.

use std::{thread, time::Duration};

use acceptance::{
    cluster,
    proxy::{Fault, Proxy, Refusal, Which},
};

use super::{BackEnd, Caller, LONG, is_closed};

#[test]
fn what_is_unsent_closes_the_connection_and_the_back_end_hears_nothing() {
    let (back_end, proxy) = broken_at_the_second(Fault::Unsent);
    let caller = Caller::of(&proxy);
    let outcomes = ["ListQueues", "CreateQueue", "TagQueue"].map(|action| caller.asks_for(action));
    assert!(matches!(outcomes, [Ok(201), _, Ok(201)]) && is_closed(&outcomes[1]), "{outcomes:?}");
    assert_eq!(back_end.heard().len(), 2);
    let call = proxy.wait_for(&Which::nth(2), LONG);
    assert_eq!((call.action.as_str(), call.status), ("CreateQueue", None));
}

#[test]
fn what_is_lost_is_done_and_closes_the_connection() {
    let (back_end, proxy) = broken_at_the_second(Fault::Lost);
    let caller = Caller::of(&proxy);
    let outcomes = ["ListQueues", "CreateQueue", "TagQueue"].map(|action| caller.asks_for(action));
    assert!(matches!(outcomes, [Ok(201), _, Ok(201)]) && is_closed(&outcomes[1]), "{outcomes:?}");
    assert_eq!(back_end.heard().len(), 3);
    assert_eq!(proxy.wait_for(&Which::nth(2), LONG).status, Some(201));
}

#[test]
fn what_is_held_is_done_and_never_answered() {
    let (back_end, proxy) = broken_at_the_second(Fault::Held);
    let caller = Caller::patient_for(Duration::from_secs(1), &proxy);
    assert_eq!(caller.asks_for("ListQueues").expect("an answer"), 201);
    thread::scope(|scope| {
        let held = scope.spawn(|| caller.asks_for("CreateQueue"));
        // Known while the client still waits.
        assert_eq!(proxy.wait_for(&Which::nth(2), LONG).status, Some(201));
        assert_eq!(back_end.heard().len(), 2);
        assert!(!held.is_finished());
        assert!(held.join().expect("it ends").expect_err("no answer").is_timeout());
    });
    assert_eq!(caller.asks_for("TagQueue").expect("an answer"), 201);
}

#[test]
fn what_is_stalled_is_done_and_answered_when_the_proxy_is_cleared() {
    let (back_end, proxy) = broken_at_the_second(Fault::Stalled);
    let caller = Caller::of(&proxy);
    assert_eq!(caller.asks_for("ListQueues").expect("an answer"), 201);
    thread::scope(|scope| {
        let stalled = scope.spawn(|| caller.asks_for("CreateQueue"));
        cluster::eventually("the request", 10, || match proxy.calls().len() {
            2 => Ok(()),
            count => Err(count.to_string()),
        });
        assert_eq!(back_end.heard().len(), 1);
        proxy.clear();
        assert_eq!(stalled.join().expect("it ends").expect("an answer"), 201);
    });
    assert_eq!(back_end.heard().len(), 2);
}

#[test]
fn what_is_refused_is_so_in_its_own_protocol_and_the_back_end_hears_nothing() {
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    proxy.on(
        Which::first(1),
        Fault::Refused(Refusal::new(400, "AWS.SimpleQueueService.QueueDeletedRecently").retry_after("2")),
    );
    proxy.on(Which::nth(2), Fault::Refused(Refusal::new(503, "ServiceUnavailable")));
    let caller = Caller::of(&proxy);

    let json = caller.post().header("x-amz-target", "AmazonSQS.CreateQueue").send().expect("an answer");
    let header = |name: &str| json.headers().get(name).map(|value| value.to_str().expect("a text"));
    assert_eq!((json.status().as_u16(), header("retry-after")), (400, Some("2")));
    assert_eq!(header("content-type"), Some("application/x-amz-json-1.0"));
    assert_eq!(header("x-amzn-query-error"), Some("AWS.SimpleQueueService.QueueDeletedRecently;Sender"));
    let error: serde_json::Value = serde_json::from_str(&json.text().expect("a text")).expect("JSON");
    assert_eq!(error["__type"], "com.amazonaws.sqs#QueueDeletedRecently");

    let xml = caller.post().body("Action=CreateTopic").send().expect("an answer");
    assert_eq!((xml.status().as_u16(), xml.headers()["content-type"].as_bytes()), (503, &b"text/xml"[..]));
    assert!(!xml.headers().contains_key("retry-after"));
    let error = xml.text().expect("a text");
    assert!(error.contains("<Type>Receiver</Type><Code>ServiceUnavailable</Code><Message>"), "{error}");

    assert_eq!(back_end.heard(), [""; 0]);
    assert_eq!(caller.asks_for("CreateQueue").expect("an answer"), 201);
    assert_eq!(
        proxy.calls().iter().map(|call| call.status).collect::<Vec<_>>(),
        [Some(400), Some(503), Some(201)]
    );
}

#[test]
fn requests_are_meant_by_their_number_and_their_action() {
    let cases: [(Which, [u16; 5]); 7] = [
        (Which::nth(1), [503, 201, 201, 201, 201]),
        (Which::first(3), [503, 503, 503, 201, 201]),
        (Which::from(4), [201, 201, 201, 503, 503]),
        (Which::nth(2).of("Create"), [201, 201, 503, 201, 201]),
        (Which::first(1).of("Tag"), [201, 201, 201, 503, 201]),
        (Which::from(1).of("Create"), [201, 503, 503, 201, 503]),
        (Which::nth(4).of("Create"), [201; 5]),
    ];
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    let caller = Caller::of(&proxy);
    for (which, expected) in cases {
        proxy.clear();
        proxy.on(which.clone(), Fault::Refused(Refusal::new(503, "ServiceUnavailable")));
        let said = ["List", "Create", "Create", "Tag", "Create"].map(|action| caller.asks_for(action));
        assert_eq!(said.map(|status| status.expect("an answer")), expected, "{which:?}");
    }
}

#[test]
fn of_two_faults_for_one_request_the_first_happens() {
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    proxy.on(Which::nth(1).of("Create"), Fault::Refused(Refusal::new(400, "First")));
    proxy.on(Which::from(1), Fault::Refused(Refusal::new(503, "Second")));
    let caller = Caller::of(&proxy);
    let said = ["Create", "Create"].map(|action| caller.asks_for(action).expect("an answer"));
    assert_eq!(said, [400, 503]);
}

fn broken_at_the_second(fault: Fault) -> (BackEnd, Proxy) {
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    proxy.on(Which::nth(2), fault);
    (back_end, proxy)
}
