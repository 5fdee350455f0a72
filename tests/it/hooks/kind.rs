//! What hooks make, so that a test can be about a queue and a topic alike.

use std::collections::BTreeMap;

use acceptance::{
    emulator::{Emulator, REGION},
    hook::Hook,
};
use serde_json::json;

/// A hook with what it makes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Queue,
    Topic,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Queue, Self::Topic];

    pub fn hook(self) -> Hook {
        match self {
            Self::Queue => Hook::sqs(),
            Self::Topic => Hook::sns(),
        }
    }

    pub fn section(self) -> &'static str {
        match self {
            Self::Queue => "sqs",
            Self::Topic => "sns",
        }
    }

    /// The longest name.
    pub fn longest(self) -> usize {
        match self {
            Self::Queue => 80,
            Self::Topic => 256,
        }
    }

    /// The call that makes one.
    pub fn creates(self) -> &'static str {
        match self {
            Self::Queue => "CreateQueue",
            Self::Topic => "CreateTopic",
        }
    }

    /// A section at this back end, with more keys and with these things, each as YAML.
    pub fn sections(self, url: &str, keys: &str, things: &[&str]) -> String {
        let list: String = things.iter().map(|thing| format!("\n    - {thing}")).collect();
        let list = if list.is_empty() { " []".to_owned() } else { list };
        let noun = match self {
            Self::Queue => "queues",
            Self::Topic => "topics",
        };
        format!("{}:\n  endpointUrl: {url}\n  region: {REGION}\n{keys}  {noun}:{list}\n", self.section())
    }

    /// Makes one without the hook.
    pub fn make(self, emulator: &Emulator, name: &str, tags: &[(&str, &str)]) {
        // Nothing else has a dot.
        let fifo = name.contains('.');
        match self {
            Self::Queue => {
                let mut words = json!({"QueueName": name, "tags": {}});
                for (key, value) in tags {
                    words["tags"][key] = (*value).into();
                }
                if fifo {
                    words["Attributes"] = json!({"FifoQueue": "true"});
                }
                emulator.sqs("CreateQueue", &words);
            }
            Self::Topic => {
                let mut words = vec![("Name".to_owned(), name)];
                for (at, (key, value)) in tags.iter().enumerate() {
                    words.push((format!("Tags.member.{}.Key", at + 1), key));
                    words.push((format!("Tags.member.{}.Value", at + 1), value));
                }
                let words: Vec<_> = words.iter().map(|(key, value)| (&**key, *value)).collect();
                emulator.sns("CreateTopic", &words);
            }
        }
    }

    /// The names of those that are there and have this word in theirs.
    pub fn there(self, emulator: &Emulator, word: &str) -> Vec<String> {
        let names = match self {
            Self::Queue => emulator.queues().into_keys(),
            Self::Topic => emulator.topics().into_keys(),
        };
        names.filter(|name| name.contains(word)).collect()
    }

    pub fn tags(self, emulator: &Emulator, name: &str) -> BTreeMap<String, String> {
        match self {
            Self::Queue => emulator.queue_tags(name),
            Self::Topic => emulator.topic_tags(name),
        }
    }
}
