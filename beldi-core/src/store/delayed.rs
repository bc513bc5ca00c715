//! Delays requests.
//!
//! Fault model: a request takes some time to reach the store and its answer some time to come back. It
//! takes place at one moment in between. So requests of concurrent tasks may take place in another order
//! than they were sent in, and a caller that is dropped while it waits does not know whether its request
//! took place. Nothing is lost, repeated or changed.

use std::time::Duration;

use super::random::Random;
use super::{Request, SharedStore, Store, StoreFuture};

/// A store that takes its time. Time is tokio's, so under paused time a delay costs nothing.
///
/// With a fixed delay the virtual time that a piece of work takes, divided by the delay, is the number
/// of requests that it waited for one after another: requests made in parallel count once. tokio's timer
/// counts whole milliseconds.
#[derive(Debug)]
pub struct Delayed {
    store: SharedStore,
    delay: Delay,
}

#[derive(Debug)]
enum Delay {
    Fixed { before: Duration, after: Duration },
    Random { random: Random, most: Duration },
}

impl Delayed {
    /// Every request to `store` takes `before` to arrive, and its answer `after` to come back.
    pub fn fixed(store: SharedStore, before: Duration, after: Duration) -> Self {
        Self { store, delay: Delay::Fixed { before, after } }
    }

    /// Every request to `store`, and every answer, takes any time from nothing up to `most`.
    pub fn random(store: SharedStore, seed: u64, most: Duration) -> Self {
        Self { store, delay: Delay::Random { random: Random::seeded(seed), most } }
    }
}

impl Delay {
    fn draw(&self) -> (Duration, Duration) {
        match self {
            Self::Fixed { before, after } => (*before, *after),
            Self::Random { random, most } => (random.up_to(*most), random.up_to(*most)),
        }
    }
}

impl Store for Delayed {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            let (before, after) = self.delay.draw();
            tokio::time::sleep(before).await;
            let answer = self.store.execute(request).await;
            tokio::time::sleep(after).await;
            answer
        })
    }

    fn expires_items(&self) -> bool {
        self.store.expires_items()
    }
}
