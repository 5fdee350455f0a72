//! sns-hook under the laws: a topic with two subscriptions. Queues are another hook's, so it sends elsewhere.

use aws_sdk_sns::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
};
use feature::words;
use provision::{
    config::sns::Sns,
    conformance::{Subject, Variant},
};

use super::{Place, SECRET, WHO, named, read, there};

pub(super) struct Topics<'p> {
    place: &'p Place,
    client: Client,
}

/// A topic that nobody has marked.
const STRANGER: &str = "laws-stranger";
const STEM: &str = "laws-orders";

impl<'p> Topics<'p> {
    pub(super) fn at(place: &'p Place) -> Self {
        let config = aws_sdk_sns::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-3"))
            .endpoint_url(place.url)
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .build();
        Self { place, client: Client::from_conf(config) }
    }

    async fn arn(&self, name: &str) -> Option<String> {
        let mut pages = self.client.list_topics().into_paginator().items().send();
        while let Some(topic) = pages.next().await {
            let arn = topic.expect("topics").topic_arn.unwrap_or_default();
            if arn.ends_with(&format!(":{name}")) {
                return Some(arn);
            }
        }
        None
    }

    async fn subscriptions(&self, arn: &str) -> Vec<String> {
        let answer = self.client.list_subscriptions_by_topic().topic_arn(arn).send().await;
        let absent =
            |error: &aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicError| {
                error.code() == Some("NotFound")
            };
        let answer = there(answer.map_err(aws_sdk_sns::error::SdkError::into_service_error), absent);
        let all = answer.and_then(|answer| answer.subscriptions).unwrap_or_default();
        all.into_iter().filter_map(|subscription| subscription.subscription_arn).collect()
    }
}

impl Subject for Topics<'_> {
    type Provider = sns_hook::Topics;

    const FIELD: &'static str = "displayName";
    const WORD: &'static str = "laws";
    const SECRET: &'static str = SECRET;

    fn section(&self, feature: Option<&str>, variant: Variant) -> Sns {
        let name = if variant == Variant::Changed { "Changed" } else { "Orders" };
        let outputs = match variant {
            Variant::Told => "[{value: name, secret: laws, key: A}, {value: arn, configMap: laws, key: B}]",
            _ => "[]",
        };
        let shared = match variant {
            Variant::Impossible => "[{topic: laws-nobody, filterBy: feature, queue: laws-never}]",
            _ => "[]",
        };
        let access = self.place.access(variant);
        let section = format!(
            "sqs:\n  {access}\n  queues: [{{name: laws-never}}]\nsns:\n  {access}\n  topics:\n    - name: {STEM}\n      \
             attributes: {{displayName: {name}}}\n      tags: {{team: laws}}\n      outputs: {outputs}\n      \
             subscriptions:\n        - {{protocol: https, endpoint: 'https://example.com/laws', attributes: \
             {{rawMessageDelivery: true}}}}\n        - {{protocol: email, endpoint: a@example.com}}\n  \
             subscriptions: {shared}\n"
        );
        read(feature, &section).sns.expect("a section")
    }

    async fn drift(&self, feature: &str) {
        let arn = self.arn(&named(STEM, Some(feature))).await.expect("the topic is there");
        let request = self.client.set_topic_attributes().topic_arn(arn).attribute_name("DisplayName");
        request.attribute_value("Drifted").send().await.expect("the topic drifts");
    }

    async fn stranger(&self) {
        self.client.create_topic().name(STRANGER).send().await.expect("the topic is made");
    }

    async fn state(&self, feature: Option<&str>) -> String {
        let name = named(STEM, feature);
        let Some(arn) = self.arn(&name).await else { return String::new() };
        let answer = self.client.get_topic_attributes().topic_arn(&arn).send().await.expect("attributes");
        let mut attributes: Vec<_> = answer.attributes.unwrap_or_default().into_iter().collect();
        attributes.sort();
        let answer = self.client.list_tags_for_resource().resource_arn(&arn).send().await.expect("tags");
        let mut tags: Vec<_> =
            answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
        tags.retain(|(key, _)| key != words::EXPIRES_AT);
        tags.sort();
        let mut subscriptions = Vec::new();
        for arn in self.subscriptions(&arn).await {
            let answer = self.client.get_subscription_attributes().subscription_arn(arn).send().await;
            let mut attributes: Vec<_> =
                answer.expect("attributes").attributes.unwrap_or_default().into_iter().collect();
            attributes.retain(|(name, _)| name != "SubscriptionArn");
            attributes.sort();
            subscriptions.push(attributes);
        }
        subscriptions.sort();
        format!("{name} {attributes:?} {tags:?} {subscriptions:?}")
    }

    async fn clean(&self) {
        for name in WHO.map(|feature| named(STEM, feature)).into_iter().chain([STRANGER.to_owned()]) {
            let Some(arn) = self.arn(&name).await else { continue };
            for subscription in self.subscriptions(&arn).await {
                self.client.unsubscribe().subscription_arn(subscription).send().await.expect("unsubscribed");
            }
            self.client.delete_topic().topic_arn(arn).send().await.expect("deleted");
        }
    }

    fn contacts(&self) -> usize {
        self.place.proxy.calls().len()
    }
}
