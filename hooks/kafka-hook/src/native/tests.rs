//! Without a broker: the calls themselves are tried against a real one.

use rdkafka::{ClientConfig, client::DefaultClientContext};

use super::*;

fn client() -> Client<DefaultClientContext> {
    let config = ClientConfig::new();
    let native = config.create_native_config().expect("legal");
    let kind = rdkafka::types::RDKafkaType::RD_KAFKA_CONSUMER;
    Client::new(&config, native, kind, DefaultClientContext).expect("a client of nobody")
}

const SHORT: Duration = Duration::from_millis(50);

fn topic<'a>(name: &'a str, config: Vec<(&'a str, &'a str)>) -> NewTopic<'a> {
    NewTopic { name, partitions: None, replicas: Some(1), config }
}

#[test]
fn where_nobody_answers_every_call_says_so_in_time() {
    let client = client();
    let unanswered = |no: Option<No>| no.map(|no| no.code) == Some(Code::OperationTimedOut);
    assert!(unanswered(create_topic(&client, &topic("a", vec![("b", "c")]), false, SHORT).err()));
    assert!(unanswered(create_topic(&client, &topic("a", Vec::new()), true, SHORT).err()));
    assert!(unanswered(describe_topic(&client, "a", SHORT).err()));
    let config = [("b", Some("c")), ("d", None)];
    assert!(unanswered(alter_topic(&client, "a", &config, true, SHORT).err()));
    assert!(unanswered(describe_group(&client, "a", SHORT).err()));
}

#[test]
fn what_librdkafka_does_not_take_is_its_no_with_its_words() {
    let client = client();
    let no = |no: Result<(), No>| no.expect_err("refused");
    let bad = NewTopic { partitions: Some(-2), ..topic("a", Vec::new()) };
    let bad = no(create_topic(&client, &bad, true, SHORT));
    assert_eq!(bad.code, Code::InvalidArgument);
    assert!(bad.words.is_some_and(|words| words.contains("num_partitions")));
    assert_eq!(no(alter_topic(&client, "a", &[("", Some("b"))], true, SHORT)).code, Code::InvalidArgument);
}

#[test]
fn a_zero_inside_of_a_text_is_refused_before_anything_is_sent() {
    let client = client();
    let no = |no: Result<(), No>| no.expect_err("refused").code;
    assert_eq!(no(create_topic(&client, &topic("a\0b", Vec::new()), true, SHORT)), Code::InvalidArgument);
    let config = vec![("a", "b\0c")];
    assert_eq!(no(create_topic(&client, &topic("a", config), true, SHORT)), Code::InvalidArgument);
    assert_eq!(no(alter_topic(&client, "a", &[("b\0", None)], true, SHORT)), Code::InvalidArgument);
    assert_eq!(no(describe_group(&client, "a\0", SHORT).map(drop)), Code::InvalidArgument);
}
