//! The calls of SQS, each once: when one is made again is the engine's to say.

use std::collections::{BTreeSet, HashMap};

use aws::{
    error::{classed, is},
    field,
    queue::{ABSENT, Reported},
    value::{wanted, written},
};
use aws_sdk_sqs::types::QueueAttributeName;
use provision::{
    change::Change,
    config::{
        attribute::Table,
        sqs::{Queue, QueueTable},
    },
    error::Error,
    marks::Edit,
};

use crate::{Have, Queues};

/// Of a queue that is there with other attributes than those asked for.
const EXISTS: [&str; 2] = ["QueueAlreadyExists", "QueueNameExists"];

impl Queues {
    /// The queue as it is now.
    pub(crate) async fn read(&self, name: &str) -> Result<Option<Have>, Error> {
        let Some(url) = self.url(name).await? else { return Ok(None) };
        // Between two of these calls somebody may have deleted the queue.
        let Some(Reported { arn, attributes }) = self.reader.attributes(&url).await? else {
            return Ok(self.forget(name));
        };
        let Some(tags) = self.reader.tags(&url).await? else { return Ok(self.forget(name)) };
        self.near.replace(Some(arn.clone()));
        let written = self.written.borrow().get(name).cloned().unwrap_or_default();
        let api = |name: &str| QueueTable::ROWS.iter().find(|row| row.name == name).map(|row| row.api);
        let blind: BTreeSet<_> = written
            .into_iter()
            .filter(|row| {
                self.reader.emulator.is_some() && api(row).is_some_and(|api| !attributes.contains_key(api))
            })
            .collect();
        let host = self.reader.emulator.as_ref();
        let rewritten = host.map_or_else(|| url.clone(), |host| rewritten(&url, host.as_str()));
        Ok(Some(Have { url, arn, rewritten, attributes, blind, tags }))
    }

    /// The URL, from the list unless the queue may have come since.
    pub(crate) async fn url(&self, name: &str) -> Result<Option<String>, Error> {
        if let Some(url) = self.urls.borrow().get(name) {
            return Ok(Some(url.clone()));
        }
        if !self.touched.borrow().contains(name) {
            return Ok(None);
        }
        let url = self.reader.url(name).await?;
        self.urls.borrow_mut().extend(url.iter().map(|url| (name.to_owned(), url.clone())));
        Ok(url)
    }

    /// Nothing, and the list no longer says otherwise.
    fn forget(&self, name: &str) -> Option<Have> {
        self.urls.borrow_mut().remove(name);
        self.touched.borrow_mut().insert(name.to_owned());
        None
    }

    pub(crate) async fn create(&self, want: &Queue, marks: &Edit) -> Result<(), Error> {
        self.touched.borrow_mut().insert(want.name.clone());
        let near = self.near.borrow().clone();
        let mut attributes = HashMap::new();
        let mut sent = BTreeSet::new();
        for (row, setting) in want.attributes.iter() {
            // What names a queue of ours waits for the first ARN: the engine sees that it is missing.
            if let Ok(text) = written(setting, near.as_ref())
                && !text.is_empty()
                && row.name != "fifoQueue"
            {
                attributes.insert(row.api.into(), text);
                sent.insert(row.name);
            }
        }
        attributes.extend(want.extra.iter().map(|(name, value)| (name.as_str().into(), value.clone())));
        // A standard queue has no such attribute at all.
        if want.fifo() {
            attributes.insert(QueueAttributeName::FifoQueue, "true".to_owned());
        }
        let tags = want.tags.iter().chain(&marks.set).map(|(key, value)| (key.clone(), value.clone()));
        let request = self
            .reader
            .client
            .create_queue()
            .queue_name(&want.name)
            .set_attributes(Some(attributes))
            .set_tags(Some(tags.collect()));
        match request.send().await {
            Ok(answer) => {
                self.urls.borrow_mut().extend(answer.queue_url.map(|url| (want.name.clone(), url)));
                self.written.borrow_mut().entry(want.name.clone()).or_default().extend(sent);
                Ok(())
            }
            // Lost a race for the same name: the engine looks again at whose it is now.
            Err(error) if is(&error, &EXISTS) => Ok(()),
            Err(error) => Err(classed("CreateQueue", &error)),
        }
    }

    pub(crate) async fn update(&self, want: &Queue, change: &Change, marks: &Edit) -> Result<(), Error> {
        let have = self.read(&want.name).await?;
        let Have { url, arn, attributes: reported, .. } =
            have.ok_or_else(|| Error::unreachable("the queue went away while it was being changed"))?;
        let mut drifted: HashMap<QueueAttributeName, String> = want
            .attributes
            .iter()
            .filter(|(row, _)| change.touches(row.name))
            .map(|(row, setting)| {
                let reported = reported.get(row.api).map(String::as_str);
                (row.api.into(), wanted(row, setting, reported, &arn))
            })
            .collect();
        let extra = want.extra.iter().filter(|(name, _)| change.touches(name));
        drifted.extend(extra.map(|(name, value)| (name.as_str().into(), value.clone())));
        if !drifted.is_empty() {
            let request =
                self.reader.client.set_queue_attributes().queue_url(&url).set_attributes(Some(drifted));
            request.send().await.map_err(|error| classed("SetQueueAttributes", &error))?;
            let names = want.attributes.iter().map(|(row, _)| row.name).filter(|name| change.touches(name));
            self.written.borrow_mut().entry(want.name.clone()).or_default().extend(names);
        }
        let Edit { set, remove, whose: _ } = marks;
        let tags = want.tags.iter().filter(|(key, _)| change.touches(&field::tag(key)));
        let tags: HashMap<_, _> = tags.chain(set).map(|(key, value)| (key.clone(), value.clone())).collect();
        if !tags.is_empty() {
            let request = self.reader.client.tag_queue().queue_url(&url).set_tags(Some(tags));
            request.send().await.map_err(|error| classed("TagQueue", &error))?;
        }
        if !remove.is_empty() {
            let request = self.reader.client.untag_queue().queue_url(&url).set_tag_keys(Some(remove.clone()));
            request.send().await.map_err(|error| classed("UntagQueue", &error))?;
        }
        Ok(())
    }

    pub(crate) async fn remove(&self, name: &str) -> Result<(), Error> {
        let Some(url) = self.url(name).await? else { return Ok(()) };
        match self.reader.client.delete_queue().queue_url(url).send().await {
            Ok(_) => {}
            Err(error) if is(&error, &ABSENT) => {}
            Err(error) => return Err(classed("DeleteQueue", &error)),
        }
        self.forget(name);
        Ok(())
    }
}

/// The path of `url` at `host`: emulators call themselves by names that a pod cannot resolve.
pub(crate) fn rewritten(url: &str, host: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |slash| &rest[slash..]);
    format!("{host}{path}")
}
