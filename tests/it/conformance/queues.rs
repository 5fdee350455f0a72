//! sqs-hook under the laws: two queues, one of which has the other for its dead letters.

use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
    types::QueueAttributeName,
};
use feature::words;
use provision::{
    config::sqs::Sqs,
    conformance::{Subject, Variant},
};

use super::{Place, SECRET, WHO, named, read, there};

pub(super) struct Queues<'p> {
    place: &'p Place,
    client: Client,
}

/// A queue that nobody has marked.
const STRANGER: &str = "laws-stranger";
const STEMS: [&str; 2] = ["laws-emails", "laws-emails-dlq"];

impl<'p> Queues<'p> {
    pub(super) fn at(place: &'p Place) -> Self {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-3"))
            .endpoint_url(place.url)
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .build();
        Self { place, client: Client::from_conf(config) }
    }

    async fn url(&self, name: &str) -> Option<String> {
        let answer = self.client.get_queue_url().queue_name(name).send().await;
        there(answer.map_err(aws_sdk_sqs::error::SdkError::into_service_error), |error| {
            error
                .code()
                .is_some_and(|code| code.ends_with("QueueDoesNotExist") || code.ends_with("NonExistentQueue"))
        })
        .and_then(|answer| answer.queue_url)
    }
}

impl Subject for Queues<'_> {
    type Provider = sqs_hook::Queues;

    const FIELD: &'static str = "visibilityTimeout";
    const WORD: &'static str = "laws";
    const SECRET: &'static str = SECRET;

    fn section(&self, feature: Option<&str>, variant: Variant) -> Sqs {
        let [emails, dlq] = STEMS;
        let visibility = if variant == Variant::Changed { 32 } else { 31 };
        let target = match variant {
            Variant::Impossible => {
                "deadLetterTargetArn: 'arn:aws:sqs:eu-west-3:000000000000:laws-nobody'".to_owned()
            }
            _ => format!("deadLetterQueue: {dlq}"),
        };
        let outputs = match variant {
            Variant::Told => {
                "[{value: url, secret: laws, key: A}, {value: urlRewritten, secret: laws, key: B}, {value: name, \
                 configMap: laws, key: C}, {value: arn, secret: laws, key: D}]"
            }
            _ => "[]",
        };
        let section = format!(
            "sqs:\n  {}\n  queues:\n    - name: {emails}\n      attributes: {{visibilityTimeout: {visibility}, \
             redrivePolicy: {{{target}, maxReceiveCount: 4}}}}\n      tags: {{team: laws}}\n      outputs: {outputs}\n    \
             - {{name: {dlq}, attributes: {{messageRetentionPeriod: 600}}}}\n",
            self.place.access(variant)
        );
        read(feature, &section).sqs.expect("a section")
    }

    async fn drift(&self, feature: &str) {
        let url = self.url(&named(STEMS[0], Some(feature))).await.expect("the queue is there");
        let request = self.client.set_queue_attributes().queue_url(url);
        request
            .attributes(QueueAttributeName::VisibilityTimeout, "77")
            .send()
            .await
            .expect("the queue drifts");
    }

    async fn stranger(&self) {
        self.client.create_queue().queue_name(STRANGER).send().await.expect("the queue is made");
    }

    async fn state(&self, feature: Option<&str>) -> String {
        let mut state = String::new();
        for stem in STEMS {
            let name = named(stem, feature);
            let Some(url) = self.url(&name).await else { continue };
            let request = self.client.get_queue_attributes().queue_url(&url);
            let answer = request.attribute_names(QueueAttributeName::All).send().await.expect("attributes");
            let mut attributes: Vec<_> = answer.attributes.unwrap_or_default().into_iter().collect();
            attributes.retain(|(name, _)| {
                !name.as_str().ends_with("Timestamp") && !name.as_str().starts_with("Approximate")
            });
            attributes.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
            let answer = self.client.list_queue_tags().queue_url(&url).send().await.expect("tags");
            let mut tags: Vec<_> = answer.tags.unwrap_or_default().into_iter().collect();
            tags.retain(|(key, _)| key != words::EXPIRES_AT);
            tags.sort();
            state += &format!("{name} {attributes:?} {tags:?}; ");
        }
        state
    }

    async fn clean(&self) {
        let of_hook = WHO.into_iter().flat_map(|feature| STEMS.map(|stem| named(stem, feature)));
        for name in of_hook.chain([STRANGER.to_owned()]) {
            if let Some(url) = self.url(&name).await {
                self.client.delete_queue().queue_url(url).send().await.expect("deleted");
            }
        }
    }

    fn contacts(&self) -> usize {
        self.place.proxy.calls().len()
    }
}
