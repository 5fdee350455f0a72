//! What has attributes: how it is asked for, read and changed without the hook.

use acceptance::{
    emulator::{Emulator, REGION, Refused},
    hook::{self, Hook},
};
use provision::config::{
    attribute::{Attribute, Table},
    sns::{SubscriptionTable, TopicTable},
    sqs::QueueTable,
};
use serde_json::json;

use super::cases::{Case, QUEUES, SUBSCRIPTIONS, TOPICS};

/// An emulator with the account that its ARNs are of.
pub struct Place {
    pub emulator: Emulator,
    account: &'static str,
}

/// What has attributes.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    Queue,
    Topic,
    Subscription,
}

impl Place {
    pub fn localstack() -> Self {
        Self { emulator: Emulator::localstack(), account: "000000000000" }
    }

    pub fn moto() -> Self {
        Self { emulator: Emulator::moto(), account: "123456789012" }
    }

    /// A text of the table with the names that are another at each emulator.
    pub fn filled(&self, text: &str, feature: &str) -> String {
        let queue = format!("arn:aws:sqs:{REGION}:{}", self.account);
        text.replace("QUEUE", &queue).replace("FEATURE", feature)
    }
}

impl Subject {
    pub fn cases(self) -> &'static [Case] {
        match self {
            Self::Queue => QUEUES,
            Self::Topic => TOPICS,
            Self::Subscription => SUBSCRIPTIONS,
        }
    }

    pub fn row(self, case: &Case) -> &'static Attribute {
        let rows = match self {
            Self::Queue => QueueTable::ROWS,
            Self::Topic => TopicTable::ROWS,
            Self::Subscription => SubscriptionTable::ROWS,
        };
        rows.iter().find(|row| row.name == case.row).expect(case.row)
    }

    pub fn hook(self) -> Hook {
        match self {
            Self::Queue => Hook::sqs(),
            Self::Topic | Self::Subscription => Hook::sns(),
        }
    }

    pub fn section(self) -> &'static str {
        match self {
            Self::Queue => "sqs",
            Self::Topic | Self::Subscription => "sns",
        }
    }

    /// The name in the store of the queue or topic.
    pub fn name(self, case: &Case, feature: &str) -> String {
        let fifo = if self.row(case).fifo { ".fifo" } else { "" };
        format!("{}-{feature}{fifo}", case.row)
    }

    /// What a report calls the attribute.
    pub fn field(self, place: &Place, row: &str) -> String {
        match self {
            Self::Queue | Self::Topic => row.to_owned(),
            Self::Subscription => {
                let case = SUBSCRIPTIONS.iter().find(|case| case.row == row).expect(row);
                format!("subscription {}:{} {row}", case.protocol, place.filled(case.endpoint, ""))
            }
        }
    }

    /// A file that says this of the attribute.
    pub fn config(self, place: &Place, feature: &str, case: &Case, says: &str) -> String {
        let fifo = if self.row(case).fifo { ".fifo" } else { "" };
        let name = format!("{}{fifo}", case.row);
        // Without a value, it needs nothing beside it.
        let with = if says == "none" { "" } else { case.with };
        let attributes = format!("{{{}: {}{with}}}", case.row, place.filled(says, feature));
        let access = format!("endpointUrl: {}\n  region: {REGION}", place.emulator.url());
        let rest = match self {
            Self::Queue => {
                let dead = "    - {name: dead}";
                format!(
                    "sqs:\n  {access}\n  queues:\n    - {{name: {name}, attributes: {attributes}}}\n{dead}"
                )
            }
            Self::Topic => {
                format!("sns:\n  {access}\n  topics:\n    - {{name: {name}, attributes: {attributes}}}")
            }
            Self::Subscription => {
                let endpoint = place.filled(case.endpoint, feature);
                let to = format!(
                    "protocol: {}, endpoint: \"{endpoint}\", attributes: {attributes}",
                    case.protocol
                );
                format!("sns:\n  {access}\n  topics:\n    - {{name: {name}, subscriptions: [{{{to}}}]}}")
            }
        };
        hook::file(feature, &rest)
    }

    pub fn read(self, place: &Place, name: &str, api: &str) -> Option<String> {
        let emulator = &place.emulator;
        match self {
            Self::Queue => emulator.queue_attributes(name),
            Self::Topic => emulator.topic_attributes(name),
            Self::Subscription => emulator.subscription_attributes(&subscription(emulator, name)),
        }
        .remove(api)
    }

    pub fn write(self, place: &Place, name: &str, api: &str, value: &str) {
        self.try_write(place, name, api, value).unwrap_or_else(|refused| panic!("{name} {api}: {refused:?}"));
    }

    pub fn try_write(self, place: &Place, name: &str, api: &str, value: &str) -> Result<(), Refused> {
        let emulator = &place.emulator;
        let words = [("AttributeName", api), ("AttributeValue", value)];
        match self {
            Self::Queue => {
                let words = json!({"QueueUrl": emulator.queue_url(name), "Attributes": {api: value}});
                emulator.try_sqs("SetQueueAttributes", &words).map(drop)
            }
            Self::Topic => {
                let arn = emulator.topic_arn(name);
                let words = [("TopicArn", &*arn), words[0], words[1]];
                emulator.try_sns("SetTopicAttributes", &words).map(drop)
            }
            Self::Subscription => {
                let arn = subscription(emulator, name);
                let words = [("SubscriptionArn", &*arn), words[0], words[1]];
                emulator.try_sns("SetSubscriptionAttributes", &words).map(drop)
            }
        }
    }
}

/// The topic's only subscription.
fn subscription(emulator: &Emulator, topic: &str) -> String {
    let all = emulator.subscriptions(topic);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].arn.clone()
}
