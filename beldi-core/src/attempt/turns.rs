//! Who puts a record of an instance, one after another.
//!
//! Invariant: what is about to be put is not dropped half-way by the transaction that it belongs to: its try is decided
//! when nobody puts a record, or waits to.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::{Mutex, MutexGuard, watch};

/// The turns of an attempt's branches to put records.
#[derive(Default)]
pub(crate) struct Turns {
    lock: Mutex<()>,
    /// How many have their turn, or wait for it.
    putters: watch::Sender<usize>,
}

/// The turn of a branch, until it is dropped.
pub(super) struct Turn<'a> {
    _lock: MutexGuard<'a, ()>,
    _putter: Putter<'a>,
}

struct Putter<'a>(&'a watch::Sender<usize>);

impl Drop for Putter<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|putters| *putters -= 1);
    }
}

impl Turns {
    /// Waits for a turn.
    pub(super) async fn next(&self) -> Turn<'_> {
        self.putters.send_modify(|putters| *putters += 1);
        let _putter = Putter(&self.putters);
        Turn { _lock: self.lock.lock().await, _putter }
    }

    /// Polls a body until none of its branches puts a record, or waits to put one: who wants a turn of its own would wait
    /// for them, and they for being polled. Gives whether the body has returned.
    pub(crate) async fn let_end<R>(&self, mut body: Pin<&mut impl Future<Output = R>>) -> bool {
        let is_putting = || *self.putters.borrow() > 0;
        let mut has_returned = false;
        while is_putting() && !has_returned {
            let mut putters = self.putters.subscribe();
            has_returned = tokio::select! {
                biased;
                _ = body.as_mut() => true,
                // Of branches beside the body, too.
                _ = putters.wait_for(|putters| *putters == 0) => false,
            };
        }
        has_returned
    }
}
