//! The reading calls of SNS: topics as they are.

use std::collections::{BTreeMap, BTreeSet};

use aws::error::{classed, is};
use provision::{
    config::{
        attribute::Table,
        reference::Arn,
        sns::{Shared, Subscription, Topic, TopicRef, TopicTable, Want},
    },
    error::Error,
    marks::Tags,
};

use crate::{Have, Subscribed, Topics, plan, queue::Queue};

/// Of a topic or a subscription that is not there, by AWS and by emulators.
pub(crate) const ABSENT: [&str; 2] = ["NotFound", "ResourceNotFound"];

impl Topics {
    /// All topics, in as few calls as there are hundreds of them.
    pub(crate) async fn list(&self) -> Result<(), Error> {
        let mut token = None;
        loop {
            let request = self.client.list_topics().set_next_token(token);
            let answer = request.send().await.map_err(|error| classed("ListTopics", &error))?;
            let arns = answer.topics.unwrap_or_default().into_iter();
            let arns = arns.filter_map(|topic| topic.topic_arn?.parse::<Arn>().ok());
            self.arns.borrow_mut().extend(arns.map(|arn| (arn.resource().to_owned(), arn)));
            token = answer.next_token;
            if token.is_none() {
                return Ok(());
            }
        }
    }

    /// The topic's ARN, from the list unless the topic may have come since.
    pub(crate) async fn arn(&self, name: &str) -> Result<Option<Arn>, Error> {
        let known = self.arns.borrow().get(name).cloned();
        if known.is_none() && self.touched.borrow().contains(name) {
            self.list().await?;
            return Ok(self.arns.borrow().get(name).cloned());
        }
        Ok(known)
    }

    pub(crate) async fn arn_of_shared(&self, shared: &Shared) -> Result<Option<Arn>, Error> {
        match &shared.topic {
            TopicRef::Name(name) => self.arn(name).await,
            TopicRef::Arn(arn) => Ok(self.attributes(arn).await?.map(|_| arn.clone())),
        }
    }

    pub(crate) async fn topic(&self, want: &Topic) -> Result<Option<Have>, Error> {
        let Some(arn) = self.arn(&want.name).await? else { return Ok(None) };
        let Some(mut attributes) = self.attributes(&arn).await? else {
            self.arns.borrow_mut().remove(&want.name);
            return Ok(None);
        };
        // No emulator has this call.
        if want.attributes.get("dataProtectionPolicy").is_some() && !self.emulator {
            let answer = self.client.get_data_protection_policy().resource_arn(arn.as_str()).send().await;
            let answer = answer.map_err(|error| classed("GetDataProtectionPolicy", &error))?;
            attributes.extend(
                answer.data_protection_policy.map(|policy| ("dataprotectionpolicy".to_owned(), policy)),
            );
        }
        let Some(tags) = self.tags(&arn).await? else { return Ok(None) };
        let blind = self.blind(want, &attributes);
        let queues = self.queues_of(&Want::Topic(want.clone())).await?;
        let near = queues.values().next().map_or(&arn, |queue| &queue.arn);
        let subscriptions = self.subscriptions(&arn, &want.subscriptions, near).await?;
        Ok(Some(Have { arn, attributes, blind, tags: Some(tags), subscriptions, queues }))
    }

    /// None where neither the subscription nor the queue is there.
    pub(crate) async fn shared(&self, want: &Shared) -> Result<Option<Have>, Error> {
        let arn = match &want.topic {
            TopicRef::Name(name) => self.arn(name).await?,
            TopicRef::Arn(arn) => Some(arn.clone()),
        };
        let Some(arn) = arn else { return Ok(None) };
        let queues = self.queues_of(&Want::Shared(want.clone())).await?;
        let near = queues.values().next().map_or(&arn, |queue| &queue.arn);
        let subscriptions = self.subscriptions(&arn, &[plan::subscription(want)], near).await?;
        if subscriptions.is_empty() && queues.is_empty() {
            return Ok(None);
        }
        let (attributes, blind) = (BTreeMap::new(), BTreeSet::new());
        Ok(Some(Have { arn, attributes, blind, tags: None, subscriptions, queues }))
    }

    async fn attributes(&self, arn: &Arn) -> Result<Option<BTreeMap<String, String>>, Error> {
        match self.client.get_topic_attributes().topic_arn(arn.as_str()).send().await {
            Ok(answer) => {
                let attributes = answer.attributes.unwrap_or_default().into_iter();
                Ok(Some(attributes.map(|(name, value)| (name.to_lowercase(), value)).collect()))
            }
            Err(error) if is(&error, &ABSENT) => Ok(None),
            Err(error) => Err(classed("GetTopicAttributes", &error)),
        }
    }

    pub(crate) async fn tags(&self, arn: &Arn) -> Result<Option<Tags>, Error> {
        match self.client.list_tags_for_resource().resource_arn(arn.as_str()).send().await {
            Ok(answer) => Ok(Some(
                answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect(),
            )),
            Err(error) if is(&error, &ABSENT) => Ok(None),
            Err(error) => Err(classed("ListTagsForResource", &error)),
        }
    }

    /// Attributes whose drift nobody can see: an emulator has taken them and does not report them.
    fn blind(&self, want: &Topic, reported: &BTreeMap<String, String>) -> BTreeSet<String> {
        if !self.emulator {
            return BTreeSet::new();
        }
        let written = self.written.borrow().get(&want.name).cloned().unwrap_or_default();
        let unread =
            TopicTable::ROWS.iter().filter(|row| row.unread && want.attributes.get(row.name).is_some());
        let rows = unread.map(|row| row.name.to_owned()).chain(written);
        let api = |name: &str| {
            let row = TopicTable::ROWS.iter().find(|row| row.name == name);
            row.map_or(name, |row| row.api).to_lowercase()
        };
        rows.filter(|name| !reported.contains_key(&api(name))).collect()
    }

    /// Those subscriptions of the topic that are wanted and there, with their attributes.
    async fn subscriptions(
        &self,
        topic: &Arn,
        wanted: &[Subscription],
        near: &Arn,
    ) -> Result<Vec<Subscribed>, Error> {
        let mut there = Vec::new();
        if wanted.is_empty() {
            return Ok(there);
        }
        for (arn, protocol, endpoint) in self.subscribed(topic).await? {
            let is = |want: &Subscription| {
                want.protocol.as_str() == protocol && plan::endpoint(want, near) == endpoint
            };
            if !wanted.iter().any(is) {
                continue;
            }
            there.extend(self.subscribed_as(arn, protocol, endpoint).await?);
        }
        Ok(there)
    }

    async fn subscribed_as(
        &self,
        arn: Option<String>,
        protocol: String,
        endpoint: String,
    ) -> Result<Option<Subscribed>, Error> {
        let Some(arn) = arn else {
            return Ok(Some(Subscribed {
                arn: None,
                protocol,
                endpoint,
                attributes: BTreeMap::new(),
                pending: true,
            }));
        };
        match self.client.get_subscription_attributes().subscription_arn(&arn).send().await {
            Ok(answer) => {
                let attributes: BTreeMap<_, _> = answer.attributes.unwrap_or_default().into_iter().collect();
                let pending = attributes.get("PendingConfirmation").is_some_and(|pending| pending == "true");
                Ok(Some(Subscribed { arn: Some(arn), protocol, endpoint, attributes, pending }))
            }
            Err(error) if is(&error, &ABSENT) => Ok(None),
            Err(error) => Err(classed("GetSubscriptionAttributes", &error)),
        }
    }

    /// All subscriptions of a topic: ARN (none while it is pending), protocol, endpoint.
    pub(crate) async fn subscribed(
        &self,
        topic: &Arn,
    ) -> Result<Vec<(Option<String>, String, String)>, Error> {
        let mut all = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.list_subscriptions_by_topic().topic_arn(topic.as_str());
            let answer = match request.set_next_token(token).send().await {
                Ok(answer) => answer,
                Err(error) if is(&error, &ABSENT) => return Ok(all),
                Err(error) => return Err(classed("ListSubscriptionsByTopic", &error)),
            };
            for found in answer.subscriptions.unwrap_or_default() {
                // One that has ended is listed for days.
                if found.subscription_arn.as_deref() == Some("Deleted") {
                    continue;
                }
                // AWS says "PendingConfirmation" in the place of the ARN.
                let arn = found.subscription_arn.filter(|arn| arn.starts_with("arn:"));
                all.push((arn, found.protocol.unwrap_or_default(), found.endpoint.unwrap_or_default()));
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn queues_of(&self, want: &Want) -> Result<BTreeMap<String, Queue>, Error> {
        let mut there = BTreeMap::new();
        let Some(queues) = &self.queues else { return Ok(there) };
        for name in plan::own_queues(want) {
            there.extend(queues.read(&name).await?.map(|queue| (name, queue)));
        }
        Ok(there)
    }
}
