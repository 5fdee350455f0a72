//! How a broker is reached: which cluster, by which certificates and passwords, and what is said where it is not.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

use acceptance::{
    hook::{self, Hook},
    kafka::Broker,
    lab::lab,
    repo,
};

use super::{Copy, section};

#[test]
fn a_cluster_that_is_not_the_one_that_is_meant_is_left_alone() {
    let copy = Copy::of("kx-cluster");
    let _swept = copy.broker.swept(copy.feature);
    let id = copy.broker.cluster_id();
    let ended = copy.refused("  expectClusterId: another\n  topics: [{name: a}]");
    assert!(ended.last_line().contains(&id) && ended.last_line().contains("another"), "{}", ended.said());
    let ended = Hook::kafka()
        .run("delete", &copy.file("  expectClusterId: another\n  topics: [{name: a}]"), &[])
        .ends_with(5);
    assert!(ended.last_line().contains(&id), "{}", ended.said());
    copy.apply(&format!("  expectClusterId: {id}\n  topics: [{{name: a}}]"));
    assert!(copy.broker.has("a-kx-cluster"));
}

/// A way in: its listener, what the client says, and how it ends.
struct Way {
    to: &'static str,
    says: String,
    /// The exit code, and what the last line has.
    ends: (i32, &'static str),
}

fn tls(ca: &str) -> String {
    format!("ssl.ca.location: {}", lab().var(ca))
}

fn certificate(cert: &str, key: &str) -> String {
    format!("ssl.certificate.location: {}, ssl.key.location: {}", lab().var(cert), lab().var(key))
}

fn password(mechanism: &str, variable: &str) -> String {
    format!("sasl.mechanism: {mechanism}, sasl.username: lab, sasl.password: {{env: {variable}}}")
}

fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    let mut way = |to, says: String, ends| ways.push(Way { to, says, ends });
    let (right, wrong) = ((0, ""), (4, "TLS: "));
    let client = certificate("TLS_CERT", "TLS_KEY");
    let ssl = "security.protocol: ssl";
    way("KAFKA_SSL_BOOTSTRAP", format!("{ssl}, {}, {client}", tls("TLS_CA")), right);
    // Of the same authority is enough for Kafka; whose name it is, access lists would ask.
    let nobody = certificate("TLS_NOBODY_CERT", "TLS_NOBODY_KEY");
    way("KAFKA_SSL_BOOTSTRAP", format!("{ssl}, {}, {nobody}", tls("TLS_CA")), right);
    way("KAFKA_SSL_BOOTSTRAP", format!("{ssl}, {client}"), wrong);
    way("KAFKA_SSL_BOOTSTRAP", format!("{ssl}, {}, {client}", tls("TLS_OTHER_CA")), wrong);
    way("KAFKA_SSL_BOOTSTRAP", format!("{ssl}, {}", tls("TLS_CA")), wrong);
    let stranger = certificate("TLS_OTHER_CERT", "TLS_OTHER_KEY");
    way("KAFKA_SSL_BOOTSTRAP", format!("{ssl}, {}, {stranger}", tls("TLS_CA")), wrong);
    // TLS to who speaks none, and none to who speaks it.
    way("KAFKA_BOOTSTRAP", format!("{ssl}, {}", tls("TLS_CA")), wrong);
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        for (to, says) in [
            ("KAFKA_SASL_BOOTSTRAP", "security.protocol: sasl_plaintext".to_owned()),
            ("KAFKA_SASL_SSL_BOOTSTRAP", format!("security.protocol: SASL_SSL, {}", tls("TLS_CA"))),
        ] {
            way(to, format!("{says}, {}", password(mechanism, "RIGHT")), right);
            way(to, format!("{says}, {}", password(mechanism, "WRONG")), (5, "auth: "));
            let stranger = password(mechanism, "RIGHT").replace("username: lab", "username: nobody");
            way(to, format!("{says}, {stranger}"), (5, "auth: "));
        }
        let says =
            format!("security.protocol: sasl_ssl, {}, {}", tls("TLS_OTHER_CA"), password(mechanism, "RIGHT"));
        way("KAFKA_SASL_SSL_BOOTSTRAP", says, wrong);
    }
    ways
}

const PASSWORD: &str = "canary-of-the-ways";

#[test]
fn every_way_in_takes_who_is_known_and_nobody_else_and_says_why() {
    let broker = Broker::lab();
    let _swept = broker.swept("kx-way");
    let ways: Vec<(String, Way)> =
        ways().into_iter().enumerate().map(|(i, way)| (format!("kx-way{i}"), way)).collect();
    for some in ways.chunks(7) {
        thread::scope(|scope| {
            for (feature, way) in some {
                scope.spawn(|| tried(&broker, feature, way));
            }
        });
    }
}

fn tried(broker: &Broker, feature: &str, Way { to, says, ends: (code, cause) }: &Way) {
    let bootstrap = lab().var(to);
    let rest = format!("  clientConfig: {{{says}}}\n  topics: [{{name: a}}]");
    let file = hook::file(feature, &section(bootstrap, &rest));
    let hook = Hook::kafka().env("RIGHT", lab().var("KAFKA_PASSWORD")).env("WRONG", PASSWORD);
    let ended = hook.run("apply", &file, &["--timeout=8s"]);
    let what = format!("{to} with {says}: {}", ended.said());
    assert_eq!(ended.code, Some(*code), "{what}");
    assert!(ended.last_line().contains(cause), "{what}");
    assert_eq!(broker.has(&format!("a-{feature}")), *code == 0, "{what}");
    if *code != 0 {
        assert!(ended.last_line().contains(bootstrap), "{what}");
        assert!(ended.wall < Duration::from_secs(12), "{what}");
    }
    for secret in [PASSWORD, lab().var("KAFKA_PASSWORD")] {
        assert!(!ended.said().contains(secret), "a secret was told: {what}");
    }
}

#[test]
fn a_server_of_another_name_is_not_taken_for_the_one_that_is_meant() {
    let copy = Copy::of("kx-name");
    let _swept = copy.broker.swept(copy.feature);
    let port = lab().var("KAFKA_SASL_SSL_BOOTSTRAP").rsplit_once(':').expect("a port").1;
    for (host, code) in [("127.0.0.2", 4), ("127.0.0.1", 0), ("localhost", 0)] {
        let rest = format!(
            "  clientConfig: {{security.protocol: sasl_ssl, {}, {}}}\n  topics: [{{name: a}}]",
            tls("TLS_CA"),
            password("PLAIN", "RIGHT")
        );
        let file = hook::file(copy.feature, &section(&format!("{host}:{port}"), &rest));
        let hook = Hook::kafka().env("RIGHT", lab().var("KAFKA_PASSWORD"));
        let ended = hook.run("apply", &file, &["--timeout=10s"]).ends_with(code);
        if code == 4 {
            assert!(ended.last_line().contains("TLS: "), "{}", ended.said());
        }
    }
}

#[test]
fn secrets_come_from_files_too_and_keys_as_texts() {
    let broker = Broker::lab();
    let _swept = broker.swept("kx-files");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("password"), format!("{}\n", lab().var("KAFKA_PASSWORD"))).expect("written");
    let pem = |variable: &str| fs::read_to_string(lab().var(variable)).expect("a certificate");
    let sasl = format!(
        "security.protocol: sasl_plaintext, sasl.mechanism: PLAIN, sasl.username: lab, sasl.password: {{file: {}}}",
        path("password").display()
    );
    let tls = "security.protocol: ssl, ssl.ca.pem: {env: CA}, ssl.certificate.pem: {env: CERT}, ssl.key.pem: {env: KEY}";
    for (to, says) in [("KAFKA_SASL_BOOTSTRAP", &*sasl), ("KAFKA_SSL_BOOTSTRAP", tls)] {
        let rest = format!("  clientConfig: {{{says}}}\n  topics: [{{name: a}}]");
        let file = hook::file("kx-files", &section(lab().var(to), &rest));
        let hook =
            Hook::kafka().env("CA", &pem("TLS_CA")).env("CERT", &pem("TLS_CERT")).env("KEY", &pem("TLS_KEY"));
        hook.does("apply", &file, &["--timeout=10s"]);
        assert!(broker.has("a-kx-files"), "{to}");
        hook.does("delete", &file, &["--timeout=10s"]);
    }
}

#[test]
fn what_librdkafka_does_not_know_is_said_before_anybody_is_asked() {
    let missing = |name: &str| format!("{name}: /no/such/file, security.protocol: ssl");
    let cases = [
        ("no.such.property: 1", "no.such.property"),
        ("security.protocol: carrier-pigeon", "security.protocol"),
        (&*missing("ssl.ca.location"), "ssl.ca.location: read /no/such/file: No such file"),
        (&*missing("ssl.certificate.location"), "ssl.certificate.location: read /no/such/file: No such file"),
        (&*missing("ssl.key.location"), "ssl.key.location: read /no/such/file: No such file"),
        ("sasl.mechanism: OAUTHBEARER, security.protocol: sasl_ssl", "OAUTHBEARER"),
        ("sasl.mechanism: GSSAPI, security.protocol: sasl_ssl", "GSSAPI"),
    ];
    for (says, named) in cases {
        let rest = format!("  clientConfig: {{{says}}}\n  topics: [{{name: a}}]");
        // Where nobody is.
        let file = hook::file("kx-unknown", &section("127.0.0.1:1", &rest));
        let ended = Hook::kafka().run("apply", &file, &["--timeout=5s"]).ends_with(2);
        assert!(ended.last_line().contains(named), "{}", ended.said());
    }
}

#[test]
fn whoever_waits_is_told_why_and_so_is_whoever_reads_the_last_line() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = silent.local_addr().expect("an address").to_string();
    let web = web();
    let ssl = lab().var("KAFKA_SSL_BOOTSTRAP");
    let cases = [
        ("127.0.0.1:1", "refused"),
        ("nobody.invalid:9092", "DNS: "),
        (&*silent, ""),
        // Without TLS to who speaks it.
        (ssl, ""),
        (&*web, "protocol: what answers does not speak Kafka"),
    ];
    thread::scope(|scope| {
        for (bootstrap, cause) in cases {
            scope.spawn(move || {
                let file = hook::file("kx-nowhere", &section(bootstrap, "  topics: [{name: a}]"));
                let ended = Hook::kafka().run("apply", &file, &["--timeout=3s"]).ends_with(4);
                let last = ended.last_line();
                assert!(last.contains(bootstrap) && last.contains(cause), "{}", ended.said());
                assert!(ended.wall < Duration::from_secs(6), "{}", ended.said());
                assert_eq!(ended.stdout, "");
            });
        }
    });
}

/// A server of HTTP, which answers all that it hears with a no, until the tests end.
fn web() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut heard = [0; 512];
            // Whoever hangs up has no answer.
            let _ = client.read(&mut heard);
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

/// Clients that greet a broker by TLS at the same time: as it is in the image, where all of OpenSSL is in the
/// program, each has once freed what the other still used, in one of ten runs.
#[test]
fn the_program_of_the_image_ends_well_each_time_that_its_clients_greet_at_once() {
    let broker = Broker::lab();
    let _swept = broker.swept("kx-often");
    let bootstrap = lab().var("KAFKA_SASL_SSL_BOOTSTRAP");
    thread::scope(|scope| {
        for row in 0..5 {
            scope.spawn(move || {
                let feature = format!("kx-often{row}");
                let says = format!(
                    "  clientConfig: {{security.protocol: sasl_ssl, {}, {}}}\n  topics: [{{name: a}}]\n  consumerGroups: \
                     [{{name: g, offsets: [{{topic: a-{feature}, from: latest}}]}}]",
                    tls("TLS_CA"),
                    password("SCRAM-SHA-512", "RIGHT"),
                );
                let file = hook::file(&feature, &section(bootstrap, &says));
                let hook = Hook::kafka().env("RIGHT", lab().var("KAFKA_PASSWORD"));
                for (run, verb) in ["apply", "delete"].into_iter().cycle().take(6).enumerate() {
                    let ended = hook.run(verb, &file, &["--timeout=15s"]);
                    let which = repo::image_binaries().join("kafka-hook");
                    assert_eq!(ended.code, Some(0), "run {run} of {}: {}", which.display(), ended.said());
                }
            });
        }
    });
}
