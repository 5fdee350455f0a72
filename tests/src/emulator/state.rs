//! All that an emulator says of some things, without what differs between two that are alike: times and chance.

use std::collections::BTreeMap;

use feature::words;

use super::Emulator;

/// Lines of what is there: `queue emails-feat1 attribute DelaySeconds` and what it is.
pub type State = BTreeMap<String, String>;

impl Emulator {
    /// The queues and topics whose names contain this word, with all that is said of them.
    #[must_use]
    pub fn state(&self, word: &str) -> State {
        let mut state = State::new();
        let mut add = |thing: &str, kind: &str, said: BTreeMap<String, String>| {
            let said = said.into_iter().filter(|(name, _)| !passes(name));
            state.extend(said.map(|(name, value)| (format!("{thing} {kind} {name}"), value)));
        };
        for name in self.queues().into_keys().filter(|name| name.contains(word)) {
            let thing = format!("queue {name}");
            add(&thing, "attribute", self.queue_attributes(&name));
            add(&thing, "tag", self.queue_tags(&name));
        }
        for name in self.topics().into_keys().filter(|name| name.contains(word)) {
            let thing = format!("topic {name}");
            add(&thing, "attribute", self.topic_attributes(&name));
            add(&thing, "tag", self.topic_tags(&name));
            for there in self.subscriptions(&name) {
                let thing = format!("{thing} subscription {}:{}", there.protocol, there.endpoint);
                add(&thing, "attribute", self.subscription_attributes(&there.arn));
            }
        }
        state
    }
}

/// Whether it is another each time.
fn passes(name: &str) -> bool {
    name.ends_with("Timestamp")
        || name.starts_with("Approximate")
        || name == "SubscriptionArn"
        || name == words::EXPIRES_AT
}
