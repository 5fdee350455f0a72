//! An emulator of SQS and SNS, spoken to without a hook and without an SDK: what the hooks did is seen here, and
//! what others would do to their things is done here.
//!
//! One region and one key. Nothing here knows what a hook would do.

mod query;
mod state;

use std::collections::BTreeMap;

use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::lab::lab;

use query::{between, pairs};
pub use state::State;

/// The region in which tests keep their things, which is not the demo's.
pub const REGION: &str = "eu-west-1";

/// An emulator at a URL, perhaps a proxy's before it.
#[derive(Clone, Debug)]
pub struct Emulator {
    url: String,
    region: String,
    client: Client,
}

/// One subscription of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    pub arn: String,
    pub protocol: String,
    pub endpoint: String,
}

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    /// Without the prefix of its service; empty where there is none.
    pub code: String,
    pub body: String,
}

/// The emulator without a thing of a copy, or of whatever has this word in its name: before the test, and after it.
#[derive(Debug)]
pub struct Swept<'a> {
    emulator: &'a Emulator,
    word: String,
}

impl Emulator {
    #[must_use]
    pub fn localstack() -> Self {
        Self::at(lab().var("LOCALSTACK_URL"))
    }

    #[must_use]
    pub fn moto() -> Self {
        Self::at(lab().var("MOTO_URL"))
    }

    #[must_use]
    pub fn at(url: &str) -> Self {
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { url: url.to_owned(), region: REGION.to_owned(), client }
    }

    /// The same in another region, whose things nobody else sees.
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self }
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Sweeps all queues and topics whose names contain this word, now and when the guard is dropped.
    #[must_use]
    pub fn swept(&self, word: &str) -> Swept<'_> {
        self.sweep(word);
        Swept { emulator: self, word: word.to_owned() }
    }

    /// A call of SQS that succeeds.
    ///
    /// # Panics
    /// When it does not.
    #[expect(clippy::must_use_candidate, reason = "most are made for what they do")]
    pub fn sqs(&self, action: &str, words: &Value) -> Value {
        self.try_sqs(action, words).unwrap_or_else(|refused| panic!("{action} {words}: {refused:?}"))
    }

    /// A call of SQS.
    pub fn try_sqs(&self, action: &str, words: &Value) -> Result<Value, Refused> {
        let request = self
            .signed("sqs")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{action}"))
            .body(words.to_string());
        let body = sent(request, |body| {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            body["__type"].as_str().unwrap_or_default().to_owned()
        })?;
        // An action without a result has no body.
        Ok(if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&body).expect("SQS answers with JSON")
        })
    }

    /// A call of SNS that succeeds, and the XML that it answers.
    ///
    /// # Panics
    /// When it does not.
    #[expect(clippy::must_use_candidate, reason = "most are made for what they do")]
    pub fn sns(&self, action: &str, words: &[(&str, &str)]) -> String {
        self.try_sns(action, words).unwrap_or_else(|refused| panic!("{action} {words:?}: {refused:?}"))
    }

    /// A call of SNS.
    pub fn try_sns(&self, action: &str, words: &[(&str, &str)]) -> Result<String, Refused> {
        let all: Vec<_> =
            [("Action", action), ("Version", "2010-03-31")].iter().chain(words).copied().collect();
        let request = self.signed("sns").header("content-type", "application/x-www-form-urlencoded");
        sent(request.body(query::form(&all)), |body| {
            between(body, "Code").into_iter().next().unwrap_or_default()
        })
    }

    /// All queues: their names and URLs.
    #[must_use]
    pub fn queues(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let mut token = Value::Null;
        loop {
            let mut words = json!({"MaxResults": 1000});
            if !token.is_null() {
                words["NextToken"] = token;
            }
            // Of LocalStack it fails where somebody makes or deletes a queue at that moment.
            let ask = || self.try_sqs("ListQueues", &words).map_err(|refused| format!("{refused:?}"));
            let mut page = crate::cluster::eventually("the list of queues", 10, ask);
            let urls = page["QueueUrls"].as_array().map(Vec::as_slice).unwrap_or_default();
            let named = urls.iter().filter_map(|url| {
                let url = url.as_str()?;
                Some((url.rsplit('/').next()?.to_owned(), url.to_owned()))
            });
            all.extend(named);
            token = page["NextToken"].take();
            if token.is_null() {
                return all;
            }
        }
    }

    /// The URL of a queue that is there.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn queue_url(&self, name: &str) -> String {
        let answer = self.sqs("GetQueueUrl", &json!({"QueueName": name}));
        answer["QueueUrl"].as_str().expect("a URL").to_owned()
    }

    /// All that is said of a queue.
    #[must_use]
    pub fn queue_attributes(&self, name: &str) -> BTreeMap<String, String> {
        let words = json!({"QueueUrl": self.queue_url(name), "AttributeNames": ["All"]});
        texts(&self.sqs("GetQueueAttributes", &words)["Attributes"])
    }

    #[must_use]
    pub fn queue_tags(&self, name: &str) -> BTreeMap<String, String> {
        texts(&self.sqs("ListQueueTags", &json!({"QueueUrl": self.queue_url(name)}))["Tags"])
    }

    /// All topics: their names and ARNs.
    #[must_use]
    pub fn topics(&self) -> BTreeMap<String, String> {
        let arns = self
            .pages("ListTopics", &[])
            .iter()
            .flat_map(|page| between(page, "TopicArn"))
            .collect::<Vec<_>>();
        arns.into_iter().map(|arn| (arn.rsplit(':').next().unwrap_or_default().to_owned(), arn)).collect()
    }

    /// The ARN of a topic that is there.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn topic_arn(&self, name: &str) -> String {
        self.topics().remove(name).unwrap_or_else(|| panic!("there is no topic {name}"))
    }

    /// All that is said of a topic.
    #[must_use]
    pub fn topic_attributes(&self, name: &str) -> BTreeMap<String, String> {
        let xml = self.sns("GetTopicAttributes", &[("TopicArn", &self.topic_arn(name))]);
        pairs(&xml, "key", "value")
    }

    #[must_use]
    pub fn topic_tags(&self, name: &str) -> BTreeMap<String, String> {
        let xml = self.sns("ListTagsForResource", &[("ResourceArn", &self.topic_arn(name))]);
        pairs(&xml, "Key", "Value")
    }

    /// The subscriptions of a topic.
    #[must_use]
    pub fn subscriptions(&self, topic: &str) -> Vec<Subscribed> {
        let arn = self.topic_arn(topic);
        let pages = self.pages("ListSubscriptionsByTopic", &[("TopicArn", &arn)]);
        let one = |member: String| {
            let of = |tag| between(&member, tag).into_iter().next().unwrap_or_default();
            Subscribed { arn: of("SubscriptionArn"), protocol: of("Protocol"), endpoint: of("Endpoint") }
        };
        pages.iter().flat_map(|page| between(page, "member")).map(one).collect()
    }

    /// All that is said of a subscription.
    #[must_use]
    pub fn subscription_attributes(&self, arn: &str) -> BTreeMap<String, String> {
        pairs(&self.sns("GetSubscriptionAttributes", &[("SubscriptionArn", arn)]), "key", "value")
    }

    fn pages(&self, action: &str, words: &[(&str, &str)]) -> Vec<String> {
        let mut pages = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let words: Vec<_> =
                words.iter().copied().chain(token.as_deref().map(|token| ("NextToken", token))).collect();
            let page = self.sns(action, &words);
            token = between(&page, "NextToken").into_iter().next().filter(|token| !token.is_empty());
            pages.push(page);
            if token.is_none() {
                return pages;
            }
        }
    }

    fn sweep(&self, word: &str) {
        for (_, url) in self.queues().into_iter().filter(|(name, _)| name.contains(word)) {
            // A test may have just deleted it.
            let _ = self.try_sqs("DeleteQueue", &json!({"QueueUrl": url}));
        }
        for (_, arn) in self.topics().into_iter().filter(|(name, _)| name.contains(word)) {
            let _ = self.try_sns("DeleteTopic", &[("TopicArn", &arn)]);
        }
    }

    /// Emulators take any signature, and read the region and the account out of it.
    fn signed(&self, service: &str) -> RequestBuilder {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{}/{service}/aws4_request", self.region);
        self.client
            .post(&self.url)
            .header("authorization", format!("{scope}, SignedHeaders=host, Signature=0"))
    }
}

impl Drop for Swept<'_> {
    fn drop(&mut self) {
        // A test that fails already says why, and what it leaves is removed by the next.
        if !std::thread::panicking() {
            self.emulator.sweep(&self.word);
        }
    }
}

fn sent(request: RequestBuilder, code: impl Fn(&str) -> String) -> Result<String, Refused> {
    let response = request.send().expect("the emulator answers");
    let status = response.status();
    let body = response.text().expect("the emulator answers with text");
    if status.is_success() {
        return Ok(body);
    }
    let code = code(&body);
    let code = code.rsplit(['#', '.']).next().unwrap_or_default().to_owned();
    Err(Refused { status: status.as_u16(), code, body })
}

fn texts(object: &Value) -> BTreeMap<String, String> {
    let fields = object.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}
