//! An Event of the Job that says why its hooks failed: `kubectl describe job` and `kubectl events` show it to whoever
//! does not know which pod to ask.
//!
//! It is a copy of what stderr says and nothing hangs on it: it is tried once, and not for long.

use std::{env, time::Duration};

use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::{Event, EventSource, ObjectReference},
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
};
use kube::{Api, api::PostParams};
use provision::{cluster::Cluster, error::root_cause};

/// How much later a run may end for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Kubernetes takes no more bytes of a message.
const LONGEST: usize = 1024;

/// The Job that this container is of.
#[derive(Debug)]
pub(crate) struct Job {
    name: String,
    namespace: String,
    uid: String,
}

impl Job {
    /// As the chart says it in variables; nobody's, where it does not.
    pub(crate) fn of_environment() -> Option<Self> {
        Some(Self {
            name: env::var("DEVSTACK_JOB").ok()?,
            namespace: env::var("DEVSTACK_JOB_NAMESPACE").ok()?,
            uid: env::var("DEVSTACK_JOB_UID").ok()?,
        })
    }

    /// Writes the Event of a failure, whose reason is `line`. The error says all that there is to say.
    pub(crate) async fn failed(&self, line: &str) -> Result<(), String> {
        let written = async {
            let cluster = Cluster::configured(None).await.map_err(|error| error.to_string())?;
            let api: Api<Event> = Api::namespaced(cluster.client().clone(), &self.namespace);
            let event = self.event(line, Timestamp::now());
            let made = api.create(&PostParams::default(), &event).await;
            made.map(drop).map_err(|error| format!("{}: {}", cluster.endpoint(), root_cause(&error)))
        };
        let outcome = tokio::time::timeout(PATIENCE, written).await;
        let outcome = outcome.unwrap_or_else(|_| Err(format!("no answer in {}s", PATIENCE.as_secs())));
        outcome.map_err(|cause| format!("job/{}: write an Event: {cause}", self.name))
    }

    fn event(&self, line: &str, now: Timestamp) -> Event {
        let (name, namespace) = (Some(self.name.clone()), Some(self.namespace.clone()));
        Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", self.name)),
                namespace: namespace.clone(),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: Some("batch/v1".to_owned()),
                kind: Some("Job".to_owned()),
                name,
                namespace,
                uid: Some(self.uid.clone()),
                ..ObjectReference::default()
            },
            type_: Some("Warning".to_owned()),
            reason: Some("HookFailed".to_owned()),
            message: Some(line[..line.floor_char_boundary(LONGEST)].to_owned()),
            source: Some(EventSource { component: Some("run-hooks".to_owned()), host: None }),
            first_timestamp: Some(Time(now)),
            last_timestamp: Some(Time(now)),
            count: Some(1),
            ..Event::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_kubernetes_takes_it_and_no_letter_is_cut() {
        let job = Job { name: "a-apply".to_owned(), namespace: "demo".to_owned(), uid: "1".to_owned() };
        for (line, length) in [("refused".to_owned(), 7), ("x".repeat(1025), 1024), ("ä".repeat(600), 1024)]
        {
            let message = job.event(&line, Timestamp::UNIX_EPOCH).message.expect("a message");
            assert!(message.len() == length && line.starts_with(&message), "{message}");
        }
        let odd = format!("x{}", "ä".repeat(600));
        let message = job.event(&odd, Timestamp::UNIX_EPOCH).message.expect("a message");
        assert!(message.len() == 1023 && odd.starts_with(&message), "{message}");
    }
}
