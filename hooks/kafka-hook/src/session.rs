//! Clients of one cluster that is the one that is meant.
//!
//! librdkafka has threads of its own, and some of its calls wait for a broker, for a name or for each other: none
//! of them is made in the thread that listens for signals, and nobody waits long for its clients to end.

use std::{
    fs::File,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use feature::words;
use provision::{
    config::kafka::{Kafka, Property},
    error::Error,
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions},
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    metadata::Metadata,
    producer::FutureProducer,
};

use crate::{error::Ear, native::No};

/// How long one request may take.
pub(crate) const REQUEST: Duration = Duration::from_secs(10);

/// A cluster that has answered.
pub(crate) struct Session {
    /// Taken when the session ends, and only then.
    clients: Option<Arc<Clients>>,
    /// Says when the last client has ended.
    ended: mpsc::Receiver<()>,
}

/// What speaks with the cluster, from whatever thread.
pub(crate) struct Clients {
    /// Asks; in no group. Whoever asks as a producer makes the topic that it asks for.
    pub(crate) asking: BaseConsumer<Ear>,
    /// Deletes and grows; made when it is needed.
    admin: Mutex<Option<Arc<AdminClient<Ear>>>>,
    /// Writes marks; made when it is needed.
    writing: Mutex<Option<FutureProducer<Ear>>>,
    pub(crate) ear: Ear,
    config: ClientConfig,
    /// Goes last.
    _ended: mpsc::Sender<()>,
}

impl Session {
    /// Reaches the cluster, and makes sure of its id where one is expected.
    pub(crate) async fn open(section: &Kafka) -> Result<Self, Error> {
        let (config, secrets) = config(section)?;
        let expected = section.expect_cluster.clone();
        let (sender, ended) = mpsc::channel();
        let ear = Ear::default();
        let clients = in_a_thread(move || {
            let made = |error| not_made(&error, &secrets);
            let asking: BaseConsumer<Ear> = config.create_with_context(ear.clone()).map_err(made)?;
            contact(&asking, &ear)?;
            if let Some(expected) = expected {
                expect(&asking, &expected)?;
            }
            let (admin, writing) = (Mutex::default(), Mutex::default());
            Ok(Clients { asking, admin, writing, ear, config, _ended: sender })
        });
        Ok(Self { clients: Some(Arc::new(clients.await?)), ended })
    }

    pub(crate) fn clients(&self) -> &Arc<Clients> {
        self.clients.as_ref().expect("a session has clients until it ends")
    }

    /// What comes of `act`, which may wait, in a thread of its own.
    pub(crate) async fn wait<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Clients) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let clients = Arc::clone(self.clients());
        in_a_thread(move || act(&clients)).await
    }
}

/// What is still at work ends by itself: to wait for it is only to leave no thread behind that the end of the
/// process would run into.
impl Drop for Session {
    fn drop(&mut self) {
        let clients = self.clients.take();
        thread::spawn(move || drop(clients));
        // Whether they have ended or not, nothing is left to be done.
        let _: Result<(), mpsc::RecvTimeoutError> = self.ended.recv_timeout(Duration::from_secs(1));
    }
}

impl Clients {
    /// The metadata of one topic.
    pub(crate) fn metadata(&self, topic: &str) -> Result<Metadata, Error> {
        self.asking.fetch_metadata(Some(topic), REQUEST).map_err(|error| self.failed("Metadata", &error))
    }

    /// What an error of the call named `act` means.
    pub(crate) fn failed(&self, act: &str, error: &KafkaError) -> Error {
        hear(&self.asking);
        self.ear.classed(act, error)
    }

    /// What a no to the call named `act` means.
    pub(crate) fn no(&self, act: &str, no: No) -> Error {
        hear(&self.asking);
        self.ear.no(act, no)
    }

    pub(crate) fn admin(&self) -> Result<Arc<AdminClient<Ear>>, Error> {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(admin) = &*admin {
            return Ok(Arc::clone(admin));
        }
        let made = Arc::new(self.config.create_with_context(self.ear.clone()).map_err(not_made_again)?);
        *admin = Some(Arc::clone(&made));
        Ok(made)
    }

    /// A consumer that speaks for a group, and joins it never.
    pub(crate) fn for_group(&self, group: &str) -> Result<BaseConsumer<Ear>, Error> {
        let mut config = self.config.clone();
        config.set("group.id", group);
        config.create_with_context(self.ear.clone()).map_err(not_made_again)
    }

    /// A reader of the marks, which reads where it is told to.
    pub(crate) fn reader(&self) -> Result<BaseConsumer<Ear>, Error> {
        let mut config = self.config.clone();
        // It has to have one, and does nothing with it.
        config.set("group.id", words::MANAGER);
        config.set("enable.partition.eof", "true");
        config.set("auto.offset.reset", "error");
        config.set("isolation.level", "read_uncommitted");
        config.set("fetch.wait.max.ms", "100");
        config.create_with_context(self.ear.clone()).map_err(not_made_again)
    }

    /// A producer whose messages count once all replicas have them, and are there once.
    pub(crate) fn writer(&self) -> Result<FutureProducer<Ear>, Error> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = &*writing {
            return Ok(writer.clone());
        }
        let mut config = self.config.clone();
        // What a file may say of other producers, and what would keep this one from writing once.
        for other in
            ["max.in.flight", "max.in.flight.requests.per.connection", "retries", "message.send.max.retries"]
        {
            config.remove(other);
        }
        config.set("acks", "all").set("enable.idempotence", "true").set("queuing.strategy", "fifo");
        config.set("message.timeout.ms", REQUEST.as_millis().to_string()).set("linger.ms", "0");
        let writer: FutureProducer<Ear> =
            config.create_with_context(self.ear.clone()).map_err(not_made_again)?;
        *writing = Some(writer.clone());
        Ok(writer)
    }
}

/// Options of every call.
pub(crate) fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(REQUEST)).operation_timeout(Some(REQUEST))
}

async fn in_a_thread<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(act).await;
    done.unwrap_or_else(|error| Err(Error::internal(format!("a thread of the hook ended: {error}"))))
}

/// What the file says, and what a hook adds to it; with the values that must not be repeated.
fn config(section: &Kafka) -> Result<(ClientConfig, Vec<String>), Error> {
    let mut config = ClientConfig::new();
    // What it says at this level is listened to, and not written anywhere.
    config.set_log_level(RDKafkaLogLevel::Info);
    // All that may be said otherwise.
    config.set("client.id", "kafka-hook");
    config.set("socket.timeout.ms", REQUEST.as_millis().to_string());
    config.set("socket.connection.setup.timeout.ms", "5000");
    config.set("reconnect.backoff.max.ms", "1000");
    let mut secrets = Vec::new();
    for (name, property) in &section.client {
        let value = match property {
            Property::Said(text) => text.clone(),
            Property::Elsewhere(source) => {
                let value = source.read()?;
                secrets.push(value.clone());
                value
            }
        };
        config.set(name, value);
    }
    let speaks_tls =
        config.get("security.protocol").is_some_and(|protocol| protocol.to_lowercase().ends_with("ssl"));
    if speaks_tls {
        if !section.client.keys().any(|name| name.starts_with("ssl.ca.")) {
            // Where an image says that its certificates are, and else wherever systems have them.
            let file = std::env::var("SSL_CERT_FILE").ok().filter(|file| !file.is_empty());
            config.set("ssl.ca.location", file.as_deref().unwrap_or(PROBE));
        }
        FILES.iter().try_for_each(|name| can_be_read(name, config.get(name)))?;
    }
    config.set("bootstrap.servers", section.brokers.as_str());
    config.set("allow.auto.create.topics", "false");
    config.set("enable.auto.commit", "false");
    Ok((config, secrets))
}

/// Wherever systems have the certificates of whom they trust.
const PROBE: &str = "probe";

/// Properties that are paths of files, or of folders of them.
const FILES: [&str; 5] = [
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.keystore.location",
    "ssl.crl.location",
];

/// librdkafka says only that something of a file is wrong, and not of which.
fn can_be_read(name: &str, path: Option<&str>) -> Result<(), Error> {
    match path.filter(|path| *path != PROBE).map(|path| (path, File::open(path))) {
        Some((path, Err(error))) => Err(Error::config(format!("clientConfig: {name}: read {path}: {error}"))),
        _ => Ok(()),
    }
}

/// Why librdkafka does not take its properties, without what nobody should see.
fn not_made(error: &KafkaError, secrets: &[String]) -> Error {
    let text = match error {
        KafkaError::ClientConfig(_, words, ..) | KafkaError::ClientCreation(words) => words.clone(),
        KafkaError::Nul(_) => "a value has a zero byte in it".to_owned(),
        other => other.to_string(),
    };
    let text = secrets.iter().fold(text, |text, secret| text.replace(secret, "***"));
    Error::config(format!("clientConfig: {}", text.trim_end()))
}

/// librdkafka has taken the same properties before: what it does not take now is for producers alone.
#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
fn not_made_again(error: KafkaError) -> Error {
    not_made(&error, &[])
}

/// Waits until some broker answers, or none can. The first tries are short, so that what is heard in between is
/// told at once; the longer ones are for whoever is far away.
fn contact(asking: &BaseConsumer<Ear>, ear: &Ear) -> Result<(), Error> {
    let began = Instant::now();
    let mut patience = Duration::from_millis(25);
    loop {
        let Err(error) = asking.fetch_metadata(Some(words::MARKS_TOPIC), patience) else { return Ok(()) };
        hear(asking);
        if ear.is_hopeless() || began.elapsed() > REQUEST {
            return Err(ear.classed("Metadata", &error));
        }
        patience = (patience * 2).min(REQUEST.saturating_sub(began.elapsed())).max(Duration::from_millis(25));
    }
}

fn expect(asking: &BaseConsumer<Ear>, expected: &str) -> Result<(), Error> {
    match asking.client().fetch_cluster_id(REQUEST) {
        Some(id) if id == expected => Ok(()),
        Some(id) => Err(Error::refused(format!(
            "this is cluster {id}, and expectClusterId says {expected}: nothing was written"
        ))),
        None => Err(Error::unreachable("it says no id of its cluster")),
    }
}

/// Lets the ear hear what has been said.
fn hear(asking: &BaseConsumer<Ear>) {
    for _ in 0..64 {
        // It is in no group and has no messages: what comes are errors, and the ear has them.
        if asking.poll(Duration::from_millis(1)).is_none() {
            break;
        }
    }
}
