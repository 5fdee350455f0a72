//! What can be broken, and where. No IO.

use std::ops::RangeInclusive;

/// What happens to a request instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed, and the back end hears nothing.
    Unsent,
    /// The back end does it, and the connection is closed without the answer.
    Lost,
    /// The back end does it, and the answer never comes: the client has to give up.
    Held,
    /// The back end hears it, and answers, when the proxy is cleared.
    Stalled,
    /// The back end hears nothing, and this is the answer.
    Refused(Refusal),
}

/// An error as AWS says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// Such as `RequestThrottled`, or `AWS.SimpleQueueService.QueueDeletedRecently`.
    pub code: String,
    /// The value of the header, where there is one.
    pub retry_after: Option<String>,
}

impl Refusal {
    #[must_use]
    pub fn new(status: u16, code: &str) -> Self {
        Self { status, code: code.to_owned(), retry_after: None }
    }

    /// The same with a `Retry-After` header: seconds, or a date.
    #[must_use]
    pub fn retry_after(self, value: &str) -> Self {
        Self { retry_after: Some(value.to_owned()), ..self }
    }
}

/// Requests by their number, counted from 1 in order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    numbers: RangeInclusive<usize>,
    /// Where it is said, only requests of this action are meant and counted.
    action: Option<String>,
}

impl Which {
    /// The `k`-th.
    #[must_use]
    pub fn nth(k: usize) -> Self {
        Self::numbered(k..=k)
    }

    /// The first `n`.
    #[must_use]
    pub fn first(n: usize) -> Self {
        Self::numbered(1..=n)
    }

    /// The `k`-th, and all that come after it.
    #[must_use]
    pub fn from(k: usize) -> Self {
        Self::numbered(k..=usize::MAX)
    }

    /// The same among the requests of one action, such as `CreateQueue`.
    #[must_use]
    pub fn of(self, action: &str) -> Self {
        Self { action: Some(action.to_owned()), ..self }
    }

    fn numbered(numbers: RangeInclusive<usize>) -> Self {
        assert!(*numbers.start() > 0, "requests are counted from 1");
        Self { numbers, action: None }
    }

    /// Whether the last of these actions, one for each request that came, is of a request that is meant.
    pub(super) fn means_last<'a>(&self, actions: impl DoubleEndedIterator<Item = &'a str> + Clone) -> bool {
        let counted = actions.clone().filter(|action| self.counts(action)).count();
        actions.last().is_some_and(|last| self.counts(last)) && self.numbers.contains(&counted)
    }

    /// Where among these actions the first request stands that is meant.
    pub(super) fn position_in<'a>(&self, actions: impl Iterator<Item = &'a str>) -> Option<usize> {
        let counted = actions.enumerate().filter(|(_, action)| self.counts(action));
        counted.map(|(at, _)| at).nth(self.numbers.start() - 1)
    }

    fn counts(&self, action: &str) -> bool {
        self.action.as_deref().is_none_or(|own| own == action)
    }
}
