//! The life of a container, as its APIs see it: INIT, events, rest, and the failure that ends it.
//!
//! Invariant: INIT ends when the runtime and every registered extension have asked for an event (with SnapStart, when the
//! runtime has asked for the restore), and not before; and a container is at rest only while all of them wait for one.

use std::collections::{BTreeMap, VecDeque};

use hyper::body::Bytes;
use tokio::time::Instant;

use crate::answer::Failure;

/// What a container has done so far.
#[derive(Debug)]
pub(crate) struct Life {
    /// How many events the function takes at once.
    workers: usize,
    /// Whether it is to be restored from a snapshot before its first event.
    snap_start: bool,
    /// The runtime's first poll for an event.
    pub(crate) polled: Option<Instant>,
    /// When the runtime was ready for its snapshot.
    pub(crate) ready_for_snapshot: Option<Instant>,
    pub(crate) is_restored: bool,
    /// The end of INIT.
    pub(crate) initialized: Option<Instant>,
    /// Since when it is at rest, if it is.
    pub(crate) rests_since: Option<Instant>,
    /// When the function last did anything.
    pub(crate) heard: Instant,
    /// Polls of the runtime that wait for an event.
    pub(crate) polling: usize,
    /// By their identifiers.
    pub(crate) extensions: BTreeMap<String, Extension>,
    pub(crate) failure: Option<Failure>,
}

/// A registered extension.
#[derive(Debug)]
pub(crate) struct Extension {
    pub(crate) name: String,
    /// Whether it is told of invocations.
    pub(crate) takes_invoke: bool,
    /// Whether it has asked for an event at all.
    pub(crate) is_ready: bool,
    /// Polls that wait for an event.
    pub(crate) polling: usize,
    /// What it is to be told.
    pub(crate) due: VecDeque<Bytes>,
}

impl Extension {
    pub(crate) fn new(name: &str, takes_invoke: bool) -> Self {
        Self { name: name.to_owned(), takes_invoke, is_ready: false, polling: 0, due: VecDeque::new() }
    }

    /// One that gets no events never works on one.
    fn is_at_rest(&self) -> bool {
        self.is_ready && (!self.takes_invoke || (self.polling > 0 && self.due.is_empty()))
    }
}

impl Life {
    pub(crate) fn new(workers: usize, snap_start: bool) -> Self {
        Self {
            workers,
            snap_start,
            polled: None,
            ready_for_snapshot: None,
            is_restored: false,
            initialized: None,
            rests_since: None,
            heard: Instant::now(),
            polling: 0,
            extensions: BTreeMap::new(),
            failure: None,
        }
    }

    /// Notes that the function did something, and whether this ended INIT.
    pub(crate) fn advance(&mut self) {
        let now = Instant::now();
        self.heard = now;
        let runtime_is_ready = if self.snap_start { self.ready_for_snapshot } else { self.polled }.is_some();
        if runtime_is_ready && self.extensions.values().all(|extension| extension.is_ready) {
            self.initialized.get_or_insert(now);
        }
        self.rests_since = self.is_at_rest().then(|| self.rests_since.unwrap_or(now));
    }

    /// Whether an extension may still register.
    pub(crate) fn takes_extensions(&self) -> bool {
        self.polled.is_none() && self.ready_for_snapshot.is_none()
    }

    /// Whether the runtime may get another event.
    pub(crate) fn takes_events(&self) -> bool {
        self.initialized.is_some() && self.extensions.values().all(Extension::is_at_rest)
    }

    /// Whether nothing of an earlier event still runs.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.polling >= self.workers && self.takes_events()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn init_ends_with_the_last_that_asks() {
        let mut life = Life::new(1, false);
        life.extensions.insert("id".into(), Extension::new("lmms", true));
        (life.polled, life.polling) = (Some(Instant::now()), 1);
        life.advance();
        assert!(life.initialized.is_none() && !life.is_at_rest());
        let extension = life.extensions.get_mut("id").unwrap();
        (extension.is_ready, extension.polling) = (true, 1);
        life.advance();
        assert!(life.initialized.is_some() && life.is_at_rest());
    }

    #[tokio::test]
    async fn an_extension_that_gets_no_events_is_not_waited_for_after_init() {
        let mut life = Life::new(2, false);
        life.extensions.insert("id".into(), Extension::new("lmms", false));
        (life.polled, life.polling) = (Some(Instant::now()), 2);
        life.extensions.get_mut("id").unwrap().is_ready = true;
        life.advance();
        assert!(life.is_at_rest());
        life.polling = 1;
        assert!(life.takes_events() && !life.is_at_rest());
    }

    #[tokio::test]
    async fn before_a_snapshot_the_runtime_is_ready_when_it_asks_for_the_restore() {
        let mut life = Life::new(1, true);
        life.ready_for_snapshot = Some(Instant::now());
        life.advance();
        assert!(life.initialized.is_some() && !life.takes_extensions() && !life.is_at_rest());
    }
}
