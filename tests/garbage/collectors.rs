//! Collectors beside each other, and collectors that die.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::store::{Request, SharedStore, Store, StoreFuture};
use beldi::{Environment, collect_garbage};
use tokio::time::{sleep, timeout};

use crate::reclaimed::{everything, rows};
use crate::world::*;

/// A store whose user dies at one request: before it is sent, or after it was carried out.
struct Dying {
    inner: SharedStore,
    sent: AtomicU64,
    at: u64,
    before: bool,
}

impl Store for Dying {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            let number = self.sent.fetch_add(1, Ordering::SeqCst);
            if number == self.at && !self.before {
                drop(self.inner.execute(request).await);
            } else if number != self.at {
                return self.inner.execute(request).await;
            }
            std::future::pending().await
        })
    }

    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }
}

/// A world full of garbage that the next cycle reclaims.
async fn full() -> LocalHost {
    let host = host().await;
    everything(&host, "a", 3).await;
    sleep(Duration::from_millis(1200)).await;
    host.collect_garbage().await.expect("the store answers");
    sleep(Duration::from_millis(1200)).await;
    host
}

/// One cycle in the shop that dies at its request number `at`. Gives whether it came so far.
async fn cycle_that_dies(host: &LocalHost, at: u64, before: bool) -> bool {
    let environment = host.environment();
    let store = Arc::new(Dying { inner: environment.store.clone(), sent: AtomicU64::new(0), at, before });
    let environment = Environment { store: store.clone(), ..environment };
    drop(timeout(Duration::from_secs(5), collect_garbage(&environment, "shop")).await);
    store.sent.load(Ordering::SeqCst) > at
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_dies_at_any_request_is_resumed() {
    let host = full().await;
    let seen = rows(&host).await;
    for at in 0.. {
        for before in [true, false] {
            let world = full().await;
            if !cycle_that_dies(&world, at, before).await {
                assert!(at > 60, "a cycle that reclaims all this sends more than {at} requests");
                return;
            }
            reclaim_all(&world).await;
            assert_eq!(leftovers(&world).await, [""; 0], "before request {at}: {before}");
            assert_eq!(rows(&world).await, seen, "before request {at}: {before}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_collectors_at_once_are_as_one() {
    let host = full().await;
    let seen = rows(&host).await;
    let environment = host.environment();
    for _ in 0..3 {
        let (one, other) = tokio::join!(collect_garbage(&environment, "shop"), collect_garbage(&environment, "shop"));
        one.expect("the store answers");
        other.expect("the store answers");
        sleep(Duration::from_millis(1200)).await;
    }
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
    assert_eq!(rows(&host).await, seen);
}
