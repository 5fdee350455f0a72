//! kafka-hook at the lab's real broker; and the harness's own eyes there.

mod access;
mod again;
mod clone;
mod crash;
mod groups;
mod marks;
mod names;
mod race;
mod seen;
mod topics;

use acceptance::{
    hook::{self, Ended, Hook},
    kafka::Broker,
};

/// A copy and the broker that it is at.
struct Copy {
    broker: Broker,
    feature: &'static str,
    /// Where the hook comes in.
    bootstrap: String,
}

impl Copy {
    /// One of a feature's name that no other test has.
    fn of(feature: &'static str) -> Self {
        let broker = Broker::lab();
        let bootstrap = broker.bootstrap().to_owned();
        Self { broker, feature, bootstrap }
    }

    /// What a topic or a group of the file is called.
    fn named(&self, name: &str) -> String {
        format!("{name}-{}", self.feature)
    }

    /// A file with this below its section.
    fn file(&self, rest: &str) -> String {
        hook::file(self.feature, &section(&self.bootstrap, rest))
    }

    /// An apply that succeeds.
    fn apply(&self, rest: &str) -> Ended {
        Hook::kafka().does("apply", &self.file(rest), &[])
    }

    /// An apply that is refused, and changes nothing of anybody's that has the feature in its name.
    fn refused(&self, rest: &str) -> Ended {
        let before = self.state();
        let ended = Hook::kafka().run("apply", &self.file(rest), &[]).ends_with(5);
        assert_eq!(self.state(), before, "{}", ended.said());
        ended
    }

    /// Nothing is left to do.
    fn keeps(&self, rest: &str) {
        let ended = Hook::kafka().run("plan", &self.file(rest), &["--exit-code"]);
        assert_eq!(ended.code, Some(0), "{}", ended.said());
    }

    fn delete(&self, rest: &str) -> Ended {
        Hook::kafka().does("delete", &self.file(rest), &[])
    }

    /// All that is at the broker with the feature in its name.
    fn state(&self) -> Vec<String> {
        state(&self.broker, self.feature)
    }
}

fn section(bootstrap: &str, rest: &str) -> String {
    format!("kafka:\n  bootstrapServers: '{bootstrap}'\n{rest}")
}

/// Topics with their partitions, configs and ends, groups and marks that have this word in their names.
fn state(broker: &Broker, word: &str) -> Vec<String> {
    let topics = broker.topics().into_iter().filter(|(name, _)| name.contains(word));
    let topics = topics.map(|(name, leaders)| {
        let (ends, configs) = (broker.ends(&name), broker.configs(&name));
        format!("topic {name}: {leaders:?} {ends:?} {configs:?}")
    });
    let groups = broker.groups().into_iter().filter(|(name, _)| name.contains(word));
    let groups = groups.map(|(name, members)| format!("group {name}: {members} members"));
    let marks = broker.marks().into_iter().filter(|(key, _)| key.contains(word));
    let marks = marks.map(|(key, mut mark)| {
        // It is later in each run.
        mark.as_object_mut().and_then(|mark| mark.remove(feature::words::EXPIRES_AT));
        format!("mark {key}: {mark}")
    });
    topics.chain(groups).chain(marks).collect()
}
