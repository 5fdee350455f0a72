//! Each program of the image greets a server by TLS, and takes it only by the certificates that it is told to trust, in
//! the way that the image tells it: `SSL_CERT_FILE`, or a pod's own for the API server.
//!
//! Whoever built two providers of TLS into one program, or none of the authorities, learns it here. Which server is
//! taken for what, back end by back end, is told elsewhere.

use std::{fs, thread};

use acceptance::{
    cluster,
    emulator::{Emulator, REGION},
    hook::{self, Ended, Hook},
    kafka::Broker,
    lab::lab,
    place::Namespace,
    process,
};
use serde_json::json;
use tempfile::TempDir;

use super::PROGRAMS;

/// What no other test's things have in their names.
const FEATURE: &str = "greet";
const NAMESPACE: &str = "greet";

/// A program at work, with the authority behind its back end or with another one.
struct Row {
    program: &'static str,
    hook: Hook,
    verb: &'static str,
    file: String,
    args: &'static [&'static str],
    /// The variable that names whom it trusts, and the values of it.
    trust: &'static str,
    right: String,
    wrong: String,
}

impl Row {
    fn run(&self, trust: &str) -> Ended {
        self.hook.clone().env(self.trust, trust).run(self.verb, &self.file, self.args)
    }
}

fn rows(folder: &TempDir) -> Vec<Row> {
    let at = |variable| lab().var(variable).to_owned();
    let by_certificates = |program, hook, verb, section: &str, args| Row {
        program,
        hook,
        verb,
        file: hook::file(FEATURE, section),
        args,
        trust: "SSL_CERT_FILE",
        right: at("TLS_CA"),
        wrong: at("TLS_OTHER_CA"),
    };
    let plan: &[&str] = &["--timeout=10s"];
    let localstack = at("LOCALSTACK_URL").replacen("http://", "https://", 1);
    let aws = format!("endpointUrl: {localstack}, region: {REGION}");
    let queues = format!("sqs: {{{aws}, queues: [{{name: a}}]}}");
    let kafka = format!(
        "kafka:\n  bootstrapServers: '{}'\n  clientConfig: {{security.protocol: sasl_ssl, sasl.mechanism: PLAIN, \
         sasl.username: lab, sasl.password: {{env: PASSWORD}}}}\n  topics: [{{name: a}}]",
        at("KAFKA_SASL_SSL_BOOTSTRAP")
    );
    let by_kubeconfig = |program, hook, verb, file, args| Row {
        program,
        hook,
        verb,
        file,
        args,
        trust: "KUBECONFIG",
        right: at("KUBECONFIG"),
        wrong: misled(folder),
    };
    let cloned = hook::file(FEATURE, "secret: {secrets: [{from: {name: base}}]}");
    let cloned = cloned.replacen("owner: demo/", &format!("owner: {NAMESPACE}/"), 1);
    vec![
        by_certificates("sqs-hook", Hook::sqs(), "plan", &queues, plan),
        by_certificates(
            "sns-hook",
            Hook::sns(),
            "plan",
            &format!("sns: {{{aws}, topics: [{{name: a}}]}}"),
            plan,
        ),
        // What it starts has its environment.
        by_certificates("run-hooks", Hook::several(), "apply", &queues, &["sqs", "--timeout=11s"]),
        by_certificates(
            "kafka-hook",
            Hook::kafka().env("PASSWORD", &at("KAFKA_PASSWORD")),
            "plan",
            &kafka,
            plan,
        ),
        by_certificates(
            "database-hook",
            Hook::database().env("ADMIN_URL", &format!("{}?sslmode=verify-full", at("POSTGRES_URL"))),
            "plan",
            "database: {adminUrl: {env: ADMIN_URL}, databases: [{name: a}]}",
            plan,
        ),
        by_kubeconfig("secret-hook", Hook::secret(), "plan", cloned, plan),
        by_kubeconfig("sweep", Hook::sweep(), "list", String::new(), &["--namespace=greet", "--timeout=10s"]),
    ]
}

/// The lab's kubeconfig with an authority that did not sign the API server's certificate.
fn misled(folder: &TempDir) -> String {
    let path = folder.path().join("kubeconfig").display().to_string();
    fs::copy(lab().var("KUBECONFIG"), &path).expect("the lab's is copied");
    let mut kubectl = lab().command("kubectl");
    let other = format!("--certificate-authority={}", lab().var("TLS_OTHER_CA"));
    let _ = process::output_of(kubectl.args([
        "config",
        "--kubeconfig",
        &path,
        "set-cluster",
        "lab",
        "--embed-certs",
        &other,
    ]));
    path
}

#[test]
fn every_program_takes_a_server_by_the_right_certificates_only() {
    let namespace = Namespace::new(NAMESPACE);
    cluster::put(
        &json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "base", "namespace": namespace.0},
            "stringData": {"KEY": "value"},
        })
        .to_string(),
    );
    let (emulator, broker) = (Emulator::localstack(), Broker::lab());
    let _swept = (emulator.swept(FEATURE), broker.swept(FEATURE));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows = rows(&folder);
    let mut programs: Vec<&str> = rows.iter().map(|row| row.program).collect();
    programs.sort_unstable();
    assert_eq!(programs, PROGRAMS);
    thread::scope(|scope| {
        for row in &rows {
            scope.spawn(|| {
                let ended = row.run(&row.right);
                assert_eq!(ended.code, Some(0), "{}: {}", row.program, ended.said());
                let ended = row.run(&row.wrong);
                assert_eq!(ended.code, Some(4), "{}: {}", row.program, ended.said());
                let last = ended.last_line();
                assert!(last.contains("TLS: "), "{}: {}", row.program, ended.said());
            });
        }
    });
}
