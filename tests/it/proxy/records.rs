//! What passes, and what is written down of it.

use std::{io::Write, net::TcpStream, thread, time::Duration};

use acceptance::proxy::{Call, Fault, Proxy, Refusal, Which, writes};

use super::{BackEnd, Caller, LONG};

#[test]
fn a_request_and_its_answer_pass_as_they_are() {
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    let request = Caller::of(&proxy).client.put(format!("{}/a/b?c=d%20e", proxy.url()));
    let answer = request.header("host", "queues.example.com:99").body("é").send().expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["x-answered"].as_bytes()), (201, &b"yes"[..]));
    let text = answer.text().expect("a text");
    assert_eq!(text, "PUT /a/b?c=d%20e of queues.example.com:99: é");
    assert_eq!(back_end.heard(), [text]);
}

#[test]
fn a_call_says_who_wanted_what_in_each_protocol() {
    let signed = |scope: &str| {
        format!("AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=host, Signature=0")
    };
    let cases = [
        (
            signed("test/20260101/ap-south-1/sqs"),
            Some("AmazonSQS.CreateQueue"),
            r#"{"QueueName":"Action=no"}"#,
            ["sqs", "CreateQueue", "ap-south-1", "test"],
        ),
        (
            signed("111122223333/20260101/eu-west-1/sns"),
            None,
            "Action=CreateTopic&Name=orders",
            ["sns", "CreateTopic", "eu-west-1", "111122223333"],
        ),
        (
            signed("AKIA/20260101/us-east-1/sts"),
            None,
            "Version=2011-06-15&Action=GetCallerIdentity",
            ["sts", "GetCallerIdentity", "us-east-1", "AKIA"],
        ),
        // Kubernetes' says it by the method and the path.
        (String::new(), None, "NoAction=CreateTopic", ["", "POST /", "", ""]),
    ];
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    for (scope, target, body, _) in &cases {
        let request = Caller::of(&proxy).post().header("authorization", scope).body(*body);
        let request = match target {
            Some(target) => request.header("x-amz-target", *target),
            None => request,
        };
        request.send().expect("an answer");
    }
    let calls = proxy.calls();
    assert_eq!(calls.len(), cases.len());
    assert!(calls.is_sorted_by_key(|call| call.at));
    for (call, (_, _, body, expected)) in calls.iter().zip(&cases) {
        let Call { service, action, region, key_id, .. } = call;
        assert_eq!([service, action, region, key_id], *expected);
        assert_eq!((call.body.as_str(), call.status), (*body, Some(201)));
    }
}

#[test]
fn only_what_is_known_to_read_does_not_write() {
    for action in ["GetQueueUrl", "GetQueueAttributes", "ListQueueTags", "ListTopics", "GetCallerIdentity"] {
        assert!(!writes(action), "{action}");
    }
    for action in [
        "CreateQueue",
        "DeleteTopic",
        "SetQueueAttributes",
        "TagQueue",
        "UntagResource",
        "Subscribe",
        "Unsubscribe",
        "AddPermission",
        "RemovePermission",
        "Publish",
        "PublishBatch",
        "SendMessage",
        "PurgeQueue",
        "ReceiveMessage",
        "",
    ] {
        assert!(writes(action), "{action}");
    }
}

#[test]
fn requests_of_many_clients_are_each_counted_once() {
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let caller = Caller::of(&proxy);
                for _ in 0..25 {
                    assert_eq!(caller.asks_for("CreateQueue").expect("an answer"), 201);
                }
            });
        }
    });
    let calls = proxy.calls();
    assert_eq!((calls.len(), back_end.heard().len()), (200, 200));
    assert!(calls.iter().all(|call| call.status == Some(201) && call.writes()));
}

#[test]
fn what_a_client_has_asked_for_is_done_though_it_went_away() {
    let back_end = BackEnd::with_answers(0);
    let proxy = Proxy::before(&back_end.url);
    proxy.on(Which::nth(2), Fault::Refused(Refusal::new(503, "ServiceUnavailable")));
    let mut client = TcpStream::connect(proxy.url().trim_start_matches("http://")).expect("a connection");
    client
        .write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 19\r\n\r\nAction=CreateTopic\n")
        .expect("a request");
    back_end.wait_for(1);
    drop(client);
    // Whoever is asked something new has seen by then that the other went.
    assert_eq!(Caller::of(&proxy).asks_for("ListQueues").expect("an answer"), 503);
    assert_eq!(proxy.calls()[0].status, None);
    back_end.answer_one();
    assert_eq!(proxy.wait_for(&Which::nth(1), LONG).status, Some(201));
}

#[test]
fn what_is_cleared_is_forgotten_and_what_was_under_way_is_not_counted() {
    let back_end = BackEnd::with_answers(0);
    let proxy = Proxy::before(&back_end.url);
    let caller = Caller::of(&proxy);
    thread::scope(|scope| {
        let old = scope.spawn(|| caller.asks_for("DeleteQueue"));
        back_end.wait_for(1);
        proxy.clear();
        assert_eq!(proxy.calls(), []);
        let new = scope.spawn(|| caller.asks_for("TagQueue"));
        back_end.wait_for(2);
        back_end.answer_one();
        assert_eq!(old.join().expect("it ends").expect("an answer"), 201);
        let known: Vec<_> = proxy.calls().into_iter().map(|call| (call.action, call.status)).collect();
        assert_eq!(known, [("TagQueue".to_owned(), None)]);
        back_end.answer_one();
        assert_eq!(proxy.wait_for(&Which::nth(1), LONG).status, Some(201));
        assert_eq!(new.join().expect("it ends").expect("an answer"), 201);
    });
}

#[test]
#[should_panic(expected = "ListQueues")]
fn who_waits_in_vain_is_told_what_came_instead() {
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    assert_eq!(Caller::of(&proxy).asks_for("ListQueues").expect("an answer"), 201);
    let _ = proxy.wait_for(&Which::nth(1).of("CreateQueue"), Duration::from_millis(20));
}

#[test]
fn before_a_back_end_that_is_down_connections_are_closed() {
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    drop(back_end);
    let outcome = Caller::of(&proxy).asks_for("ListQueues");
    assert!(super::is_closed(&outcome), "{outcome:?}");
    assert_eq!(proxy.wait_for(&Which::nth(1), LONG).status, None);
}

#[test]
fn a_proxy_that_is_dropped_listens_no_more() {
    let back_end = BackEnd::new();
    let proxy = Proxy::before(&back_end.url);
    let caller = Caller::of(&proxy);
    assert_eq!(caller.asks_for("ListQueues").expect("an answer"), 201);
    drop(proxy);
    assert!(caller.asks_for("ListQueues").expect_err("nobody listens").is_connect());
}
