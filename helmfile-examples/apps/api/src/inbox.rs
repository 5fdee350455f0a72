use std::{collections::VecDeque, sync::Mutex};

const NEWEST: usize = 1000;

/// What the worker got, oldest first: the newest 1000 messages, each once.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    id: String,
    body: String,
}

impl Inbox {
    /// Records a message. SQS delivers at least once: an `id` that is here already is not taken again.
    pub(crate) fn record(&self, id: &str, body: &str) {
        let mut entries = self.0.lock().expect("nobody panics while holding the inbox");
        if entries.iter().any(|entry| entry.id == id) {
            return;
        }
        if entries.len() == NEWEST {
            entries.pop_front();
        }
        entries.push_back(Entry { id: id.to_owned(), body: body.to_owned() });
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let entries = self.0.lock().expect("nobody panics while holding the inbox");
        entries.iter().map(|entry| entry.body.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_there_once_however_often_it_is_delivered() {
        let inbox = Inbox::default();
        for (id, body) in [("1", "a"), ("2", "a"), ("1", "a")] {
            inbox.record(id, body);
        }
        assert_eq!(inbox.bodies(), ["a", "a"]);
    }

    #[test]
    fn the_oldest_message_makes_room_for_the_newest() {
        let inbox = Inbox::default();
        for number in 0..=NEWEST {
            inbox.record(&number.to_string(), &number.to_string());
        }
        let bodies = inbox.bodies();
        assert_eq!((bodies.len(), bodies[0].as_str()), (NEWEST, "1"));
        assert_eq!(bodies.last().map(String::as_str), Some("1000"));
    }
}
