//! What the hooks are disturbed at: an apply that makes, changes and deletes things of every kind, and a delete of
//! all of them.

use acceptance::{
    emulator::{Emulator, REGION, State},
    hook::{Hook, file},
    proxy::{Call, Proxy},
};
use serde_json::Value;

/// One hook and its things, of a feature that no other test has.
pub struct Stage {
    pub name: &'static str,
    pub verb: &'static str,
    feature: String,
    emulator: Emulator,
    pub proxy: Proxy,
    /// As it is after a run that nobody disturbs.
    meant: State,
    /// The requests of that run.
    pub calls: Vec<Call>,
}

impl Stage {
    /// An apply of each hook; `word` is the test's own.
    pub fn of_both(word: &str) -> [Self; 2] {
        ["sqs", "sns"].map(|name| Self::new(name, "apply", word))
    }

    /// An apply and a delete of each hook.
    pub fn of_all(word: &str) -> [Self; 4] {
        let [sqs, sns] = Self::of_both(word);
        [sqs, sns, Self::new("sqs", "delete", word), Self::new("sns", "delete", word)]
    }

    fn new(name: &'static str, verb: &'static str, word: &str) -> Self {
        let emulator = Emulator::localstack();
        let proxy = Proxy::before(emulator.url());
        let feature = format!("{word}-{name}-{verb}");
        let mut stage = Self { name, verb, feature, emulator, proxy, meant: State::new(), calls: Vec::new() };
        stage.set();
        let _ = stage.hook().does(verb, &stage.file(), &[]);
        stage.calls = stage.proxy.calls();
        stage.meant = stage.state();
        stage
    }

    pub fn hook(&self) -> Hook {
        if self.name == "sqs" { Hook::sqs() } else { Hook::sns() }
    }

    /// Everything as it is before the run, and nothing counted yet.
    pub fn set(&self) {
        self.sweep();
        let before = if self.verb == "apply" { BEFORE } else { AFTER };
        let direct = self.emulator.url();
        if self.name == "sns" {
            self.emulator.sns("CreateTopic", &[("Name", &self.base_topic())]);
            let _ = Hook::sqs().does("apply", &self.config(direct, AFTER), &[]);
        }
        let _ = self.hook().does("apply", &self.config(direct, before), &[]);
        self.proxy.clear();
    }

    fn sweep(&self) {
        drop(self.emulator.swept(&self.feature));
    }

    /// The file of the run, through the proxy.
    pub fn file(&self) -> String {
        self.config(self.proxy.url(), AFTER)
    }

    /// What is there and not meant, or meant and not there.
    pub fn differences(&self) -> Vec<String> {
        let state = self.state();
        let told = |sign: char, one: &State, other: &State| {
            let only = one.iter().filter(|(name, value)| other.get(*name) != Some(*value));
            only.map(|(name, value)| format!("{sign} {name}: {value}")).collect::<Vec<_>>()
        };
        [told('+', &state, &self.meant), told('-', &self.meant, &state)].concat()
    }

    /// Statements of a policy have no order.
    fn state(&self) -> State {
        let mut state = self.emulator.state(&self.feature);
        for (name, text) in &mut state {
            if name.ends_with("attribute Policy")
                && let Ok(mut policy) = serde_json::from_str::<Value>(text)
                && let Some(statements) = policy["Statement"].as_array_mut()
            {
                statements.sort_by_key(Value::to_string);
                *text = policy.to_string();
            }
        }
        state
    }

    /// The requests at which it makes a difference whether a hook ends there: the first, each write, and what comes
    /// after it. At all others the back end is as it was at the one before.
    pub fn turns(&self) -> Vec<usize> {
        let writes = |k: usize| self.calls[k - 1].writes();
        (1..=self.calls.len()).filter(|&k| k == 1 || writes(k) || writes(k - 1)).collect()
    }

    /// The same, and each read where it is made for the first time: the requests at which it makes a difference
    /// whether one is heard and answered.
    pub fn requests(&self) -> Vec<usize> {
        let turns = self.turns();
        let same = |one: &Call, other: &Call| one.action == other.action && one.body == other.body;
        let first = |k: usize| !self.calls[..k - 1].iter().any(|call| same(call, &self.calls[k - 1]));
        (1..=self.calls.len()).filter(|k| turns.contains(k) || first(*k)).collect()
    }

    /// What the report calls the things of the file.
    pub fn things(&self) -> Vec<String> {
        let Self { name, feature, .. } = self;
        if *name == "sqs" {
            let names = ["dead", "main", "fresh"].map(|queue| format!("sqs/{queue}-{feature}"));
            return names.into_iter().chain([format!("sqs/orders-{feature}.fifo")]).collect();
        }
        let shared = format!("sns/{}->fresh-{feature}", self.base_topic());
        let topics = ["alerts", "news"].map(|topic| format!("sns/{topic}-{feature}"));
        topics.into_iter().chain([shared]).collect()
    }

    /// The same of what only the file before has asked for.
    pub fn strays(&self) -> Vec<String> {
        let Self { name, feature, .. } = self;
        if *name == "sqs" {
            return vec![format!("sqs/old-{feature}")];
        }
        vec![format!("sns/old-{feature}"), format!("sns/old-{feature}->main-{feature}")]
    }

    fn base_topic(&self) -> String {
        format!("base-of-{}", self.feature)
    }

    fn config(&self, endpoint: &str, text: &str) -> String {
        let access = format!("endpointUrl: \"{endpoint}\"\n  region: {REGION}");
        file(&self.feature, &text.replace("ACCESS", &access).replace("BASE", &self.base_topic()))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A test that fails already says why, and what it leaves is removed by the next.
        if !std::thread::panicking() {
            self.sweep();
        }
    }
}

const BEFORE: &str = "\
by: alice
sqs:
  ACCESS
  queues:
    - {name: dead, attributes: {messageRetentionPeriod: 3600}}
    - {name: main, attributes: {visibilityTimeout: 5}, tags: {team: payments}}
    - {name: fresh}
    - {name: old}
sns:
  ACCESS
  topics:
    - name: alerts
      attributes: {displayName: then}
      subscriptions:
        - {protocol: sqs, queue: main, attributes: {rawMessageDelivery: false}}
    - name: old
      subscriptions:
        - {protocol: sqs, queue: main}
";

const AFTER: &str = "\
sqs:
  ACCESS
  queues:
    - name: main
      attributes: {visibilityTimeout: 6, redrivePolicy: {deadLetterQueue: dead, maxReceiveCount: 3}}
      tags: {team: orders}
    - name: dead
      attributes: {messageRetentionPeriod: 7200, redriveAllowPolicy: {redrivePermission: byQueue, sourceQueues: [main, fresh]}}
    - name: fresh
      attributes: {delaySeconds: 3, redrivePolicy: {deadLetterQueue: dead, maxReceiveCount: 4}}
    - name: orders.fifo
      attributes: {contentBasedDeduplication: true, deduplicationScope: messageGroup}
sns:
  ACCESS
  topics:
    - name: alerts
      attributes: {displayName: now, kmsMasterKeyId: alias/x}
      tags: {team: orders}
      subscriptions:
        - {protocol: sqs, queue: main, attributes: {rawMessageDelivery: true, filterPolicyScope: MessageBody, filterPolicy: {a: {b: [c]}}}}
        - {protocol: sqs, queue: fresh}
    - name: news
      attributes: {displayName: news, sqsSuccessFeedbackSampleRate: 7}
      subscriptions:
        - {protocol: sqs, queue: main}
  subscriptions:
    - {topic: BASE, filterBy: feature, queue: fresh}
";
