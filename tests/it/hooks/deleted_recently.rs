//! AWS keeps the name of a queue for a minute after the queue was deleted: the hook waits for it.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{Hook, file},
    lab::lab,
    proxy::{Fault, Proxy, Refusal, Which},
};
use tempfile::TempDir;

#[test]
fn a_queue_that_was_just_deleted_is_made_again_as_soon_as_its_name_is_free() {
    let forgetful = Forgetful::start();
    let config = config("recent-real", &forgetful.url);
    let hook = Hook::sqs();
    let _ = hook.does("apply", &config, &[]);
    let _ = hook.does("delete", &config, &[]);
    let deleted = Instant::now();

    let ended = hook.run("apply", &config, &["--timeout=4s"]).ends_with(4);
    assert!(ended.last_line().contains("QueueDeletedRecently"), "{}", ended.said());
    assert!(ended.last_line().contains(&forgetful.url), "{}", ended.said());

    let ended = hook.does("apply", &config, &[]);
    // LocalStack takes a minute too; no pause is longer than five seconds.
    let waited = deleted.elapsed();
    assert!(
        (Duration::from_secs(58)..Duration::from_secs(70)).contains(&waited),
        "{waited:?}: {}",
        ended.said()
    );
    let waiting: Vec<_> = ended.told.iter().filter(|(_, line)| line.starts_with("waiting for ")).collect();
    // One for each ten seconds.
    assert!((5..=7).contains(&waiting.len()), "{}", ended.said());
    assert!(waiting.iter().all(|(_, line)| line.contains("QueueDeletedRecently")), "{}", ended.said());
    let ended = hook.does("apply", &config, &[]);
    assert_eq!(ended.report(), ["keep sqs/dead-recent-real", "keep sqs/main-recent-real"]);
}

#[test]
fn a_name_that_is_not_free_yet_is_asked_for_again_and_what_needs_it_waits() {
    let emulator = Emulator::localstack();
    for code in ["QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"] {
        let _swept = emulator.swept("recent-named");
        let proxy = Proxy::before(emulator.url());
        proxy.on(Which::first(5).of("CreateQueue"), Fault::Refused(Refusal::new(400, code)));
        let config = config("recent-named", proxy.url());
        let ended = Hook::sqs().does("apply", &config, &[]);
        assert!(ended.stderr.contains("QueueDeletedRecently"), "{}", ended.said());
        let made: Vec<_> = proxy.calls().into_iter().filter(|call| call.action == "CreateQueue").collect();
        // Five for the queue of dead letters in vain, one that made it, and one for the queue that needs it.
        assert_eq!(made.len(), 7);
        assert!(made[..6].iter().all(|call| call.body.contains("dead-recent-named")), "{made:#?}");
        let ended = Hook::sqs().does("apply", &config, &[]);
        assert_eq!(ended.report(), ["keep sqs/dead-recent-named", "keep sqs/main-recent-named"]);
    }
}

fn config(feature: &str, endpoint: &str) -> String {
    let rest = format!(
        "sqs:
  endpointUrl: {endpoint}
  region: {REGION}
  queues:
    - {{name: dead}}
    - {{name: main, attributes: {{redrivePolicy: {{deadLetterQueue: dead, maxReceiveCount: 3}}}}}}"
    );
    file(feature, &rest)
}

/// A LocalStack of our own that remembers which queues were deleted, as AWS does.
struct Forgetful {
    url: String,
    child: Child,
    _folder: TempDir,
}

impl Forgetful {
    /// The lab's program, as the lab starts it, with this one wish more.
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = {
            let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            listener.local_addr().expect("an address").port()
        };
        let log = folder.path().join("log");
        let said = File::create(&log).expect("a log");
        let child = Command::new(python())
            .args(["-m", "localstack.runtime.main"])
            .env("SQS_DELAY_RECENTLY_DELETED", "1")
            .envs([("SERVICES", "sqs"), ("EAGER_SERVICE_LOADING", "1"), ("SQS_ENDPOINT_STRATEGY", "dynamic")])
            .envs([("SKIP_SSL_CERT_DOWNLOAD", "1"), ("DISABLE_EVENTS", "1"), ("OVERRIDE_IN_DOCKER", "0")])
            .envs([("DNS_ADDRESS", "0"), ("GATEWAY_LISTEN", &*format!("127.0.0.1:{port}"))])
            .env("FILESYSTEM_ROOT", folder.path())
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("a log"))
            .stderr(said)
            .spawn()
            .expect("LocalStack starts");
        let mut own = Self { url: format!("http://127.0.0.1:{port}"), child, _folder: folder };
        own.ready(&log);
        own
    }

    fn ready(&mut self, log: &Path) {
        let began = Instant::now();
        let health = format!("{}/_localstack/health", self.url);
        while !reqwest::blocking::get(&health).is_ok_and(|answer| answer.status().is_success()) {
            let ended = self.child.try_wait().expect("it is our child");
            assert!(
                ended.is_none() && began.elapsed() < Duration::from_secs(90),
                "LocalStack is not ready ({ended:?}):\n{}",
                std::fs::read_to_string(log).unwrap_or_default()
            );
            // The pause of the poll, not a wait for luck: the deadline is above.
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Forgetful {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Of the lab's cache, in which its tools are too.
fn python() -> PathBuf {
    let tools = Path::new(lab().var("HELM3")).parent().and_then(Path::parent);
    tools.expect("the tools are in a folder of the cache").join("localstack/bin/python")
}
