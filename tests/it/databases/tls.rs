//! How the server has to prove itself, and the hook to it: plain text only by word, and never for want of better.

use acceptance::{hook::Ended, lab::lab, postgres::Gate};

use super::stage::{Stage, hook_of};

/// Whether the hook comes through with these parameters in its URL, and what it says otherwise.
struct Case {
    query: String,
    /// An address of the server's, or its own.
    host: Option<&'static str>,
    /// None: it comes through. Else the exit code, and a part of the last line.
    says: Option<(i32, &'static str)>,
}

fn outcome(stage: &Stage, address: &str, query: &str) -> Ended {
    let ended = stage.hook_at(address, query).run("plan", &stage.file(&["name: orders"]), &["--timeout=3s"]);
    assert!(!ended.said().contains(&stage.password()), "{}", ended.said());
    ended
}

#[test]
fn the_server_is_taken_for_what_it_can_prove() {
    let stage = Stage::new("dbtls");
    let file = |name: &str| lab().var(name);
    let (ca, other) = (file("TLS_CA"), file("TLS_OTHER_CA"));
    let case = |query: String, host, says| Case { query, host, says };
    // An address of this machine that the server's certificate does not name.
    let elsewhere = Some("127.0.0.2");
    let unknown = "TLS: invalid peer certificate: UnknownIssuer";
    let wrong_name = "TLS: invalid peer certificate: certificate not valid for name";
    let cases = [
        case("sslmode=disable".to_owned(), None, None),
        case("sslmode=disable".to_owned(), elsewhere, None),
        case("sslmode=require".to_owned(), None, None),
        case("sslmode=require".to_owned(), elsewhere, None),
        // Whoever gives a root wants it to be used.
        case(format!("sslmode=require&sslrootcert={ca}"), elsewhere, None),
        case(format!("sslmode=require&sslrootcert={other}"), None, Some((4, unknown))),
        case(format!("sslmode=verify-ca&sslrootcert={ca}"), None, None),
        case(format!("sslmode=verify-ca&sslrootcert={ca}"), elsewhere, None),
        case(format!("sslmode=verify-ca&sslrootcert={other}"), None, Some((4, unknown))),
        case("sslmode=verify-ca".to_owned(), None, Some((4, unknown))),
        case(format!("sslmode=verify-full&sslrootcert={ca}"), None, None),
        case(format!("sslrootcert={ca}"), None, None),
        case(format!("sslmode=verify-full&sslrootcert={ca}"), Some("localhost"), None),
        case(format!("sslmode=verify-full&sslrootcert={ca}"), elsewhere, Some((4, wrong_name))),
        case(format!("sslmode=verify-full&sslrootcert={other}"), None, Some((4, unknown))),
        case("sslmode=verify-full&sslrootcert=system".to_owned(), None, Some((4, unknown))),
        case(String::new(), None, Some((4, unknown))),
        case(
            "sslmode=prefer".to_owned(),
            None,
            Some((2, "falls back to plain text: say disable, require, verify-ca or verify-full")),
        ),
        case("sslmode=allow".to_owned(), None, Some((2, "falls back to plain text"))),
        case("sslmode=on".to_owned(), None, Some((2, "an sslmode that is none of disable"))),
        case(
            format!("sslmode=disable&sslrootcert={ca}"),
            None,
            Some((2, "sslmode=disable beside certificates")),
        ),
        case(
            "sslrootcert=/nowhere/ca.crt".to_owned(),
            None,
            Some((2, "read the sslrootcert /nowhere/ca.crt of adminUrl")),
        ),
        case(format!("sslrootcert={}", file("TLS_KEY")), None, Some((2, "holds no certificate"))),
        case("sslcompression=1".to_owned(), None, Some((2, "has sslcompression, which is not supported"))),
    ];
    let number = stage.server.address().rsplit_once(':').map(|(_, port)| port.to_owned()).expect("a port");
    let mut faults = Vec::new();
    for Case { query, host, says } in cases {
        let address = host.map_or_else(|| stage.server.address(), |host| format!("{host}:{number}"));
        let ended = outcome(&stage, &address, &query);
        let held = match says {
            None => ended.code == Some(0),
            Some((code, part)) => ended.code == Some(code) && ended.last_line().contains(part),
        };
        if !held {
            faults.push(format!("{address}?{query}: not {says:?}: {}", ended.said()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_hook_proves_itself_by_a_certificate_where_the_server_asks_for_one() {
    let stage = Stage::new("dbcert");
    let file = |name: &str| lab().var(name);
    let (head, _) =
        file("POSTGRES_CERTIFIED_URL").split_once('?').unwrap_or((file("POSTGRES_CERTIFIED_URL"), ""));
    let root = format!("sslrootcert={}", file("TLS_CA"));
    let pair = |name: &str| {
        let (cert, key) = (file(&format!("TLS_{name}CERT")), file(&format!("TLS_{name}KEY")));
        format!("sslcert={cert}&sslkey={key}")
    };
    let cases = [
        (format!("{root}&{}", pair("")), None),
        (format!("sslmode=require&{}", pair("")), None),
        (root.clone(), Some("connection requires a valid client certificate")),
        ("sslmode=disable".to_owned(), Some("pg_hba.conf rejects connection")),
        (format!("{root}&{}", pair("NOBODY_")), Some("authentication failed for user \"certified\"")),
        (format!("{root}&{}", pair("OTHER_")), Some("TLS: ")),
        (
            format!("{root}&sslcert={}", file("TLS_CERT")),
            Some("has one of sslcert and sslkey, which need each other"),
        ),
        (
            format!("{root}&sslcert={}&sslkey={}", file("TLS_CERT"), file("TLS_OTHER_KEY")),
            Some("the sslcert and sslkey of adminUrl do not fit"),
        ),
        (
            format!("{root}&sslcert={}&sslkey=/nowhere/key", file("TLS_CERT")),
            Some("read the sslkey /nowhere/key of adminUrl"),
        ),
    ];
    let mut faults = Vec::new();
    for (query, says) in cases {
        let ended = hook_of(&format!("{head}?{query}")).run(
            "plan",
            &stage.file(&["name: orders"]),
            &["--timeout=3s"],
        );
        let as_said = match says {
            None => ended.code == Some(0),
            Some(cause) => ended.code != Some(0) && ended.last_line().contains(cause),
        };
        if !as_said {
            faults.push(format!("{query}: not {says:?}: {}", ended.said()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn who_wants_tls_tells_a_server_without_it_nothing() {
    let stage = Stage::new("dbplain");
    let gate = Gate::without_tls(&stage.server.address());
    let ca = lab().var("TLS_CA");
    for query in [
        "sslmode=require",
        "sslmode=verify-ca",
        "sslmode=verify-full",
        "",
        &format!("sslmode=require&sslrootcert={ca}"),
    ] {
        gate.clear();
        let ended = outcome(&stage, &gate.address(), query);
        assert_eq!(ended.code, Some(5), "{query}: {}", ended.said());
        assert!(
            ended.last_line().contains("TLS: the server has none (sslmode=disable is plain text)"),
            "{}",
            ended.said()
        );
        let asked: Vec<_> = gate.requests().into_iter().map(|request| request.sql).collect();
        assert!(asked.iter().all(|request| request == "TLS"), "{query}: {asked:?}");
    }
    gate.clear();
    assert_eq!(outcome(&stage, &gate.address(), "sslmode=disable").code, Some(0));
    assert!(gate.requests().iter().all(|request| request.sql != "TLS"));
}

#[test]
fn applications_are_told_to_ask_of_the_server_what_the_hook_asked() {
    let stage = Stage::new("dbasked");
    let ca = lab().var("TLS_CA");
    let namespace = acceptance::place::Namespace::new("databases-dbasked");
    let file = stage.file(&["name: orders\noutputs: [{value: url, secret: out, key: URL}, {value: jdbcUrl, secret: out, key: JDBC}]"]);
    let file = file.replacen("owner: demo/", "owner: databases-dbasked/", 1);
    for (query, mode) in [
        ("sslmode=require".to_owned(), "require"),
        (format!("sslrootcert={ca}"), "verify-full"),
        (format!("sslmode=verify-ca&sslrootcert={ca}"), "verify-ca"),
        ("sslmode=disable".to_owned(), "disable"),
    ] {
        let _ = stage.hook_at(&stage.server.address(), &query).does("apply", &file, &[]);
        let told = super::stage::secret(&namespace, "out");
        for key in ["URL", "JDBC"] {
            assert!(told[key].ends_with(&format!("sslmode={mode}")), "{} with {query}", told[key]);
        }
    }
}
