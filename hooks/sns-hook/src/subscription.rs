//! Subscriptions: made, changed and ended, the queue's policy first.

use aws::{
    error::{classed, exists, is},
    policy, value,
};
use provision::{
    config::{
        Mark,
        attribute::{Attribute, Setting},
        reference::Arn,
        sns::{Shared, Subscription, Want},
        sqs::Queue,
    },
    error::Error,
    marks::Tags,
};

use crate::{Have, Subscribed, Topics, plan, read::ABSENT};

impl Topics {
    /// Makes the wanted subscriptions of a topic be as they should, those that differ alone.
    pub(crate) async fn subscribe_all(&self, have: &Have, wanted: &[Subscription]) -> Result<(), Error> {
        let near = have.near();
        for want in wanted {
            for name in plan::sends_to(want) {
                self.admit(have, name).await?;
            }
            for twin in have.twins(want) {
                self.unsubscribe(Some(twin)).await?;
            }
            match have.subscription(want) {
                None => self.subscribe(&have.arn, want, near).await?,
                Some(there) => self.change(there, want, &have.arn, near).await?,
            }
        }
        Ok(())
    }

    /// What is admitted already costs no look at the queue.
    async fn admit(&self, have: &Have, name: &str) -> Result<(), Error> {
        let admitted = have
            .queues
            .get(name)
            .is_some_and(|queue| policy::allows(queue.policy.as_ref(), &have.arn, &queue.arn));
        match &self.queues {
            Some(queues) if admitted || queues.admit(name, &have.arn).await? => Ok(()),
            _ => Err(Error::refused(format!(
                "its queue {name} is not there: sqs-hook makes it, and runs before"
            ))),
        }
    }

    async fn subscribe(&self, topic: &Arn, want: &Subscription, near: &Arn) -> Result<(), Error> {
        let mut request = self
            .client
            .subscribe()
            .topic_arn(topic.as_str())
            .protocol(want.protocol.as_str())
            .endpoint(plan::endpoint(want, near))
            .return_subscription_arn(true);
        for (row, setting) in want.attributes.iter().filter(|(_, setting)| **setting != Setting::Unset) {
            request = request.attributes(row.api, text(row, setting, near));
        }
        match request.send().await {
            Ok(_) => Ok(()),
            // Somebody else was quicker and with other attributes: the engine looks again.
            Err(error) if exists(&error) => Ok(()),
            Err(error) => Err(classed("Subscribe", &error)),
        }
    }

    async fn change(
        &self,
        there: &Subscribed,
        want: &Subscription,
        topic: &Arn,
        near: &Arn,
    ) -> Result<(), Error> {
        let Some(arn) = &there.arn else { return Ok(()) };
        let mut drifted: Vec<(&Attribute, &Setting)> = want
            .attributes
            .iter()
            .filter(|(row, setting)| plan::drift(row, setting, there, near).is_some())
            .collect();
        // A scope is narrowed after its policy has been, and widened before: SNS checks each against the other.
        let last = |(row, setting): &(&Attribute, &Setting)| {
            row.name == "filterPolicyScope"
                && matches!(setting, Setting::Text(text) if text == "MessageAttributes")
        };
        drifted.sort_by_key(last);
        // LocalStack has no way to take this away from a subscription that is there.
        if self.emulator
            && drifted.iter().any(|(row, to)| row.name == "redrivePolicy" && **to == Setting::Unset)
        {
            self.unsubscribe(Some(arn)).await?;
            return self.subscribe(topic, want, near).await;
        }
        for (row, setting) in drifted {
            let request =
                self.client.set_subscription_attributes().subscription_arn(arn).attribute_name(row.api);
            let value = match (row.name, setting) {
                ("redrivePolicy", Setting::Unset) => None,
                ("filterPolicy", Setting::Unset) => Some("{}".to_owned()),
                _ => Some(text(row, setting, near)),
            };
            match request.set_attribute_value(value).send().await {
                Ok(_) => {}
                // Somebody has ended it: the engine looks again.
                Err(error) if is(&error, &ABSENT) => {}
                Err(error) => {
                    return Err(classed(&format!("SetSubscriptionAttributes {}", row.api), &error));
                }
            }
        }
        Ok(())
    }

    /// Ends a subscription; one that nobody has confirmed ends by itself.
    pub(crate) async fn unsubscribe(&self, arn: Option<&str>) -> Result<(), Error> {
        let Some(arn) = arn else { return Ok(()) };
        match self.client.unsubscribe().subscription_arn(arn).send().await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, &ABSENT) => Ok(()),
            Err(error) => Err(classed("Unsubscribe", &error)),
        }
    }

    /// The copy's queue takes part in a topic that is not ours, of which nothing else is changed.
    pub(crate) async fn join(&self, want: &Shared) -> Result<(), Error> {
        let have = self.shared(want).await?;
        let have = have.ok_or_else(|| {
            Error::refused(format!(
                "its queue {} is not there: sqs-hook makes it, and runs before",
                want.queue
            ))
        })?;
        self.subscribe_all(&have, &[plan::subscription(want)]).await
    }

    /// The parts that a queue has in topics, each with the queue's mark.
    pub(crate) async fn subscribed_by(&self, name: &str) -> Result<Vec<(String, Tags)>, Error> {
        let Some(queues) = &self.queues else { return Ok(Vec::new()) };
        let (topics, tags) = queues.topics_and_tags(name).await?;
        Ok(topics.into_iter().map(|topic| (Shared::of(topic, name).to_string(), tags.clone())).collect())
    }

    /// Parts that queues of the copy still have in topics, and that no want asks for: what let a topic into a
    /// queue is the record of it.
    pub(crate) async fn left_subscribed(&self, wants: &[Want], mark: &Mark) -> Result<Vec<Want>, Error> {
        let Some(queues) = &self.queues else { return Ok(Vec::new()) };
        let mut left = Vec::new();
        for (name, url) in queues.list().await? {
            if !mark.scope.may_have_named(&name, Queue::MAX_NAME) {
                continue;
            }
            let topics = match queues.admitted(&name, &url).await {
                // Other teams' queues are called so too, and may be nobody's business but theirs.
                Err(Error::Refused(_)) => continue,
                topics => topics?,
            };
            for topic in topics {
                if !wants.iter().any(|want| plan::asks_for(want, &topic, &name)) {
                    left.push(Want::Shared(Shared::of(topic, &name)));
                }
            }
        }
        Ok(left)
    }

    /// The opposite of [`Self::join`].
    pub(crate) async fn leave(&self, want: &Shared) -> Result<(), Error> {
        let Some(have) = self.shared(want).await? else { return Ok(()) };
        for there in &have.subscriptions {
            self.unsubscribe(there.arn.as_deref()).await?;
        }
        self.dismiss(&have).await
    }

    /// Takes the topic out of the policies of the queues that it sent to.
    pub(crate) async fn dismiss(&self, have: &Have) -> Result<(), Error> {
        let Some(queues) = &self.queues else { return Ok(()) };
        for name in have.queues.keys() {
            queues.dismiss(name, &have.arn).await?;
        }
        Ok(())
    }
}

fn text(row: &Attribute, setting: &Setting, near: &Arn) -> String {
    value::wanted(row, setting, None, near)
}
