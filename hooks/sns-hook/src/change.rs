//! Topics: made, changed and deleted.

use aws::{
    error::{classed, exists, is},
    field,
    value::{wanted, written},
};
use aws_sdk_sns::types::Tag;
use provision::{
    change::Change,
    config::{attribute::Setting, sns::Topic},
    error::Error,
    marks::{Edit, Tags},
};

use crate::{Have, Topics, read::ABSENT};

impl Topics {
    /// Makes the topic; its subscriptions, and what only a topic that is there can be told, are the next step.
    pub(crate) async fn create(&self, want: &Topic, marks: &Edit) -> Result<(), Error> {
        self.touched.borrow_mut().insert(want.name.clone());
        let mut request = self.client.create_topic().name(&want.name);
        let mut sent: Vec<String> = Vec::new();
        for (row, setting) in want.attributes.iter().filter(|(_, setting)| **setting != Setting::Unset) {
            // CreateTopic does not take these.
            if row.api.contains("Feedback") {
                continue;
            }
            let text = written(setting, None).unwrap_or_default();
            request = match row.name {
                "dataProtectionPolicy" => request.data_protection_policy(text),
                "fifoTopic" => request,
                _ => request.attributes(row.api, text),
            };
            sent.push(row.name.to_owned());
        }
        for (name, value) in &want.extra {
            request = request.attributes(name, value);
            sent.push(name.clone());
        }
        if want.fifo() {
            request = request.attributes("FifoTopic", "true");
        }
        let all = want.tags.iter().chain(&marks.set).map(|(key, value)| (key.clone(), value.clone()));
        match request.set_tags(Some(tags(all.collect())?)).send().await {
            Ok(answer) => {
                let arn = answer.topic_arn.and_then(|arn| arn.parse().ok());
                let arn =
                    arn.ok_or_else(|| Error::internal("CreateTopic answers without an ARN: is this SNS?"))?;
                self.arns.borrow_mut().insert(want.name.clone(), arn);
                self.written.borrow_mut().entry(want.name.clone()).or_default().extend(sent);
                Ok(())
            }
            // Lost a race for the same name: the engine looks again at whose it is now.
            Err(error) if exists(&error) => Ok(()),
            Err(error) => Err(classed("CreateTopic", &error)),
        }
    }

    pub(crate) async fn update(&self, want: &Topic, change: &Change, marks: &Edit) -> Result<(), Error> {
        let have = self.topic(want).await?;
        let have =
            have.ok_or_else(|| Error::unreachable("the topic went away while it was being changed"))?;
        self.update_attributes(want, change, &have).await?;
        let Edit { set, remove, whose: _ } = marks;
        let own = want.tags.iter().filter(|(key, _)| change.touches(&field::tag(key)));
        let own: Tags = own.chain(set).map(|(key, value)| (key.clone(), value.clone())).collect();
        if !own.is_empty() {
            let request =
                self.client.tag_resource().resource_arn(have.arn.as_str()).set_tags(Some(tags(own)?));
            request.send().await.map_err(|error| classed("TagResource", &error))?;
        }
        if !remove.is_empty() {
            let request = self.client.untag_resource().resource_arn(have.arn.as_str());
            let request = request.set_tag_keys(Some(remove.clone()));
            request.send().await.map_err(|error| classed("UntagResource", &error))?;
        }
        self.subscribe_all(&have, &want.subscriptions).await
    }

    /// One call for each: SNS takes no more at once.
    async fn update_attributes(&self, want: &Topic, change: &Change, have: &Have) -> Result<(), Error> {
        let arn = have.arn.as_str();
        for (row, setting) in want.attributes.iter().filter(|(row, _)| change.touches(row.name)) {
            let reported = have.attributes.get(&row.api.to_lowercase()).map(String::as_str);
            let text = match (row.name, setting) {
                // Of an archive an empty text is no end.
                ("archivePolicy", Setting::Unset) => "{}".to_owned(),
                _ => wanted(row, setting, reported, &have.arn),
            };
            if row.name == "dataProtectionPolicy" {
                let request = self.client.put_data_protection_policy().resource_arn(arn);
                let sent = request.data_protection_policy(text).send().await;
                sent.map_err(|error| classed("PutDataProtectionPolicy", &error))?;
            } else {
                self.set(arn, row.api, &text).await?;
            }
            self.written.borrow_mut().entry(want.name.clone()).or_default().insert(row.name.to_owned());
        }
        for (name, value) in want.extra.iter().filter(|(name, _)| change.touches(name)) {
            self.set(arn, name, value).await?;
            self.written.borrow_mut().entry(want.name.clone()).or_default().insert(name.clone());
        }
        Ok(())
    }

    async fn set(&self, arn: &str, name: &str, value: &str) -> Result<(), Error> {
        let request = self.client.set_topic_attributes().topic_arn(arn).attribute_name(name);
        let sent = request.attribute_value(value).send().await;
        sent.map(drop).map_err(|error| classed(&format!("SetTopicAttributes {name}"), &error))
    }

    /// Subscriptions first: what AWS takes along with a topic hangs on for days.
    pub(crate) async fn remove(&self, want: &Topic) -> Result<(), Error> {
        let Some(have) = self.topic(want).await? else { return Ok(()) };
        for (arn, _, _) in self.subscribed(&have.arn).await? {
            self.unsubscribe(arn.as_deref()).await?;
        }
        self.dismiss(&have).await?;
        // AWS does not delete a topic that keeps an archive.
        if have.attributes.get("archivepolicy").is_some_and(|policy| !policy.is_empty() && policy != "{}") {
            self.set(have.arn.as_str(), "ArchivePolicy", "{}").await?;
        }
        match self.client.delete_topic().topic_arn(have.arn.as_str()).send().await {
            Ok(_) => {}
            Err(error) if is(&error, &ABSENT) => {}
            Err(error) => return Err(classed("DeleteTopic", &error)),
        }
        self.arns.borrow_mut().remove(&want.name);
        Ok(())
    }
}

fn tags(tags: Tags) -> Result<Vec<Tag>, Error> {
    tags.into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| Error::internal(format!("write the tags of a topic: {error}")))
}
