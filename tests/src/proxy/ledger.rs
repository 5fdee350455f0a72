//! The requests that came and the faults that are planned, shared by the proxy's thread and its callers.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Call, Fault, Which};

#[derive(Debug, Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
    /// Told whenever an outcome becomes certain.
    settled: Condvar,
}

#[derive(Debug, Default)]
struct Book {
    entries: Vec<Entry>,
    plans: Vec<(Which, Fault)>,
    /// How often it was cleared.
    volume: usize,
}

#[derive(Debug)]
struct Entry {
    call: Call,
    settled: bool,
}

/// Which request, when its outcome is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipt {
    volume: usize,
    at: usize,
}

impl Ledger {
    /// Writes down a request, and says what is to happen to it.
    pub(super) fn arrive(&self, call: Call) -> (Receipt, Option<Fault>) {
        let mut book = self.book();
        let receipt = Receipt { volume: book.volume, at: book.entries.len() };
        book.entries.push(Entry { call, settled: false });
        let actions = book.entries.iter().map(|entry| entry.call.action.as_str());
        let planned = book.plans.iter().find(|(which, _)| which.means_last(actions.clone()));
        (receipt, planned.map(|(_, fault)| fault.clone()))
    }

    /// Writes down what came of a request: a status, or that there will be none.
    pub(super) fn settle(&self, receipt: Receipt, status: Option<u16>) {
        let mut book = self.book();
        if book.volume == receipt.volume {
            let entry = &mut book.entries[receipt.at];
            entry.call.status = status;
            entry.settled = true;
        }
        self.settled.notify_all();
    }

    pub(super) fn is_cleared_since(&self, receipt: Receipt) -> bool {
        self.book().volume != receipt.volume
    }

    pub(super) fn plan(&self, which: Which, fault: Fault) {
        self.book().plans.push((which, fault));
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.book().calls()
    }

    pub(super) fn clear(&self) {
        let mut book = self.book();
        *book = Book { volume: book.volume + 1, ..Book::default() };
    }

    pub(super) fn wait_for(&self, which: &Which, timeout: Duration) -> Call {
        let missing = |book: &mut Book| book.settled(which).is_none();
        let waited = self.settled.wait_timeout_while(self.book(), timeout, missing);
        let (book, _) = waited.unwrap_or_else(PoisonError::into_inner);
        book.settled(which).cloned().unwrap_or_else(|| {
            panic!(
                "no certain outcome of {which:?} within {timeout:?}; the requests were {:#?}",
                book.calls()
            )
        })
    }

    /// A caller that panics, as `wait_for` does, leaves nothing half done.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn calls(&self) -> Vec<Call> {
        self.entries.iter().map(|entry| entry.call.clone()).collect()
    }

    fn settled(&self, which: &Which) -> Option<&Call> {
        let at = which.position_in(self.entries.iter().map(|entry| entry.call.action.as_str()))?;
        let entry = &self.entries[at];
        entry.settled.then_some(&entry.call)
    }
}
