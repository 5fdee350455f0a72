//! What a queue takes from others: the attributes and tags of the queue that it is cloned from, with the
//! names in them pointed at the copy's own, and the queue of somebody else that takes its dead letters.

use aws::policy;
use feature::words;
use provision::{
    Provider,
    config::{
        attribute::{Attribute, Kind, Setting, Table},
        reference::{Allowed, Arn, DeadLetters, QueueRef},
        sqs::{Queue, QueueTable},
    },
    error::Error,
};
use serde_json::Value;

use crate::{Have, Queues, plan};

impl Queues {
    /// The queue with what it is cloned from; what the file says itself stands.
    pub(crate) async fn cloned(&self, want: &Queue) -> Result<Queue, Error> {
        let mut want = want.clone();
        let Some(from) = want.clone_from.clone() else { return Ok(want) };
        self.touched.borrow_mut().insert(from.clone());
        let base = self.read(&from).await?.ok_or_else(|| {
            Error::refused(format!(
                "cloneFrom: there is no queue {from:?} at {}",
                Self::endpoint(&self.section)
            ))
        })?;
        // One key encrypts: where the file says which kind, base's other kind is not taken.
        let own_kind = matches!(want.attributes.get("sqsManagedSseEnabled"), Some(Setting::Text(text)) if text == "true");
        for row in QueueTable::ROWS.iter().filter(|row| row.name != "fifoQueue") {
            if own_kind && row.name.starts_with("kms") {
                continue;
            }
            let unsaid = want.attributes.get(row.name).is_none();
            if let Some(reported) = base.attributes.get(row.api).filter(|text| unsaid && !text.is_empty())
                && let Some(setting) = self.setting(row, reported, &base, &want)?
            {
                want.attributes.set(row, setting);
            }
        }
        // One key encrypts, and the back end reports the other kind of key beside it.
        if matches!(want.attributes.get("kmsMasterKeyId"), Some(Setting::Text(_))) {
            want.attributes.drop("sqsManagedSseEnabled");
        }
        for (key, value) in base.tags {
            if !key.starts_with("aws:") && !words::is_ours(&key) {
                want.tags.entry(key).or_insert(value);
            }
        }
        Ok(want)
    }

    /// An attribute of base's for the copy; none where it has nothing to say there.
    fn setting(
        &self,
        row: &Attribute,
        reported: &str,
        base: &Have,
        want: &Queue,
    ) -> Result<Option<Setting>, Error> {
        let json = || {
            serde_json::from_str::<Value>(reported).map_err(|error| {
                Error::refused(format!(
                    "cloneFrom: {} of {} is no JSON: {error}",
                    row.name,
                    base.arn.resource()
                ))
            })
        };
        Ok(match row.kind {
            Kind::Policy => {
                let own = base.arn.beside("sqs", &want.name);
                policy::foreign(&json()?).map(|policy| Setting::Json(pointed(policy, &base.arn, &own)))
            }
            Kind::DeadLetters { .. } => Some(self.dead_letters(&json()?, base)?),
            Kind::Allowed => self.allowed(&json()?),
            _ => Some(Setting::Text(reported.to_owned())),
        })
    }

    /// A copy's dead letters never go to base's queue.
    fn dead_letters(&self, json: &Value, base: &Have) -> Result<Setting, Error> {
        let arn = json["deadLetterTargetArn"].as_str().unwrap_or_default();
        let name = arn.rsplit(':').next().unwrap_or_default();
        let queue = self.clone_of(name).ok_or_else(|| {
            Error::refused(format!(
                "cloneFrom: the dead letters of {} go to {name}, which is not the copy's: add a queue with \
                 cloneFrom: {name}, or say redrivePolicy (none: no dead-letter queue)",
                base.arn.resource()
            ))
        })?;
        let count = &json["maxReceiveCount"];
        let max_receives = count.as_i64().or_else(|| count.as_str()?.parse().ok());
        Ok(Setting::DeadLetters(DeadLetters { queue, max_receives }))
    }

    /// The copy's own for those of base's queues that it has cloned; the others have nothing to do here.
    fn allowed(&self, json: &Value) -> Option<Setting> {
        let arns = json["sourceQueueArns"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own = arns.iter().filter_map(|arn| self.clone_of(arn.as_str()?.rsplit(':').next()?));
        let own: Vec<QueueRef> = own.collect();
        match json["redrivePermission"].as_str() {
            Some("allowAll") => Some(Setting::Allowed(Allowed::All)),
            Some("denyAll") => Some(Setting::Allowed(Allowed::None)),
            _ if own.is_empty() => None,
            _ => Some(Setting::Allowed(Allowed::By(own))),
        }
    }

    /// The queue of the file that is cloned from the queue of this name.
    fn clone_of(&self, name: &str) -> Option<QueueRef> {
        let clone = self.section.queues.iter().find(|queue| queue.clone_from.as_deref() == Some(name));
        clone.map(|queue| QueueRef::Own(queue.name.clone()))
    }

    /// Emulators take a dead-letter queue that is not there, and lose what goes to it.
    pub(crate) async fn dead_letters_are_there(&self, want: &Queue) -> Result<(), Error> {
        let Some(Setting::DeadLetters(dead)) = want.attributes.get("redrivePolicy") else { return Ok(()) };
        let name = dead.queue.name();
        if !plan::alike(want, name) {
            return Err(Error::refused(format!("its dead-letter queue {name} is not of its kind (.fifo)")));
        }
        let QueueRef::Other(arn) = &dead.queue else { return Ok(()) };
        self.touched.borrow_mut().insert(name.to_owned());
        match self.read(name).await? {
            Some(have) if have.arn == *arn => Ok(()),
            Some(have) => {
                Err(Error::refused(format!("its dead-letter queue {arn} is not here: {} is", have.arn)))
            }
            None => Err(Error::refused(format!("its dead-letter queue {arn} is not there"))),
        }
    }
}

/// The JSON with one ARN in the place of another, wherever a text is that ARN.
fn pointed(json: Value, from: &Arn, to: &Arn) -> Value {
    match json {
        Value::String(text) if text == from.as_str() => Value::String(to.to_string()),
        Value::Array(all) => all.into_iter().map(|value| pointed(value, from, to)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, pointed(value, from, to))).collect()
        }
        other => other,
    }
}
