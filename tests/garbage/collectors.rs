//! Collectors beside each other, and collectors that die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::store::{
    AttributeValue, Attributes, Placeholders, Request, ReturnValues, SharedStore, Store, StoreError, StoreFuture,
    UpdateItem,
};
use beldi::{Garbage, collect_garbage};
use tokio::time::{sleep, timeout};

use crate::reclaimed::rows;
use crate::world::*;

/// What happens at one request of a collector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Disturbed {
    /// The collector dies before it is sent.
    DiesBefore,
    /// The collector dies after it was carried out.
    DiesAfter,
    /// The store refuses it, and the collector goes on.
    Fails,
}

/// A store where something happens at one request.
struct Disturbing {
    inner: SharedStore,
    sent: AtomicU64,
    at: u64,
    how: Disturbed,
}

impl Store for Disturbing {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            if self.sent.fetch_add(1, Ordering::SeqCst) != self.at {
                return self.inner.execute(request).await;
            }
            match self.how {
                Disturbed::DiesBefore => {}
                Disturbed::DiesAfter => drop(self.inner.execute(request).await),
                Disturbed::Fails => return Err(StoreError::Denied { message: "for once".to_owned() }),
            }
            std::future::pending().await
        })
    }

    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }
}

/// A shop full of garbage of every kind, all of which the next cycle reclaims.
async fn full() -> LocalHost {
    let host = host().await;
    let client = host.client();
    for _ in 0..5 {
        call(&client, add("hot".into())).await;
    }
    call(&client, remove("never".into())).await;
    call(&client, replace("replaced".into(), "hot".into())).await;
    assert!(!call(&client, change("absent".into())).await);
    assert_eq!(call(&client, look(vec!["seen".into(), "hot".into()], false)).await, Ok(5));
    // What was done in a second that has begun is not below the watermark yet.
    sleep(Duration::from_millis(2500)).await;
    cycle(&host).await;
    sleep(Duration::from_millis(1200)).await;
    host
}

async fn cycle(host: &LocalHost) -> Garbage {
    collect_garbage(&host.environment(), "shop").await.expect("the store answers")
}

/// One cycle in the shop that is disturbed at its request number `at`. Gives whether it came so far.
pub(crate) async fn disturbed_cycle(host: &LocalHost, at: u64, how: Disturbed) -> bool {
    let environment = host.environment();
    let store = Arc::new(Disturbing { inner: environment.store.clone(), sent: AtomicU64::new(0), at, how });
    let environment = environment.with_store(store.clone());
    drop(timeout(Duration::from_secs(5), collect_garbage(&environment, "shop")).await);
    store.sent.load(Ordering::SeqCst) > at
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_dies_or_fails_at_any_request_is_resumed() {
    let host = full().await;
    let seen = rows(&host).await;
    let all = cycle(&host).await;
    assert!(all.segments > 0 && all.tombstones == 4 && all.records > 0, "{all:?}");
    for at in 0..all.requests {
        for how in [Disturbed::DiesBefore, Disturbed::DiesAfter, Disturbed::Fails] {
            let world = full().await;
            assert!(disturbed_cycle(&world, at, how).await);
            cycle(&world).await;
            let results = journal(&world, "shop").await;
            let left: Vec<_> = results.iter().filter(|item| !item.contains("\"result-")).collect();
            assert_eq!(left, [""; 0], "request {at}: {how:?}");
            assert_eq!(rows(&world).await, seen, "request {at}: {how:?}");
            let tombstones = leftovers(&world).await.len() - results.len();
            assert_eq!(tombstones, 0, "request {at}: {how:?}");
        }
    }
}

/// Locks the first row that is to be deleted just before that.
struct Locking {
    inner: SharedStore,
    locked: AtomicBool,
}

impl Store for Locking {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            if let Request::Delete(delete) = &request
                && delete.table == "stock"
                && !self.locked.swap(true, Ordering::SeqCst)
            {
                self.inner.update(lock_by_hand("SET", delete.key.clone())).await?;
            }
            self.inner.execute(request).await
        })
    }

    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }
}

/// Sets the lock of a row of the stock, or removes it.
pub(crate) fn lock_by_hand(action: &str, key: Attributes) -> UpdateItem {
    let mut placeholders = Placeholders::default();
    let mut update = format!("{action} {}", placeholders.name("_beldi_lock"));
    if action == "SET" {
        update.push_str(&format!(" = {}", placeholders.value(AttributeValue::B(b"somebody".to_vec()))));
    }
    let (table, condition, return_values) = ("stock".to_owned(), None, ReturnValues::None);
    UpdateItem { table, key, update, condition, placeholders, return_values }
}

/// A transaction takes a row that is not there just when a collector has seen it as free.
#[tokio::test(start_paused = true)]
async fn a_tombstone_that_is_locked_while_it_is_looked_at_stays() {
    let host = host().await;
    call(&host.client(), remove("gone".into())).await;
    let environment = host.environment();
    let (inner, locked) = (environment.store.clone(), AtomicBool::new(false));
    let locking = Arc::new(Locking { inner: inner.clone(), locked });
    let environment = environment.with_store(locking.clone());
    for _ in 0..8 {
        sleep(Duration::from_millis(1200)).await;
        collect_garbage(&environment, "shop").await.expect("the store answers");
    }
    assert!(locking.locked.load(Ordering::SeqCst), "it was to be removed");
    assert_eq!(items(&host, "stock").await.len(), 1, "somebody holds it");
    let key = Attributes::from([("article".to_owned(), AttributeValue::S("gone".to_owned()))]);
    inner.update(lock_by_hand("REMOVE", key)).await.expect("the store answers");
    reclaim_all(&host).await;
    assert_eq!(items(&host, "stock").await.len(), 0);
}

/// A store before which everybody waits until the others have had their turn.
struct InTurn(SharedStore);

impl Store for InTurn {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.execute(request).await
        })
    }

    fn expires_items(&self) -> bool {
        self.0.expires_items()
    }
}

/// The second is behind the first by some requests: one that begins at the same time finds no watermark yet.
#[tokio::test(start_paused = true)]
async fn two_collectors_at_once_are_as_one() {
    let alone = cycle(&full().await).await;
    for behind in 0..alone.requests {
        let host = full().await;
        let environment = host.environment();
        let in_turn = Arc::new(InTurn(environment.store.clone()));
        let environment = environment.with_store(in_turn);
        let later = async {
            for _ in 0..behind {
                tokio::task::yield_now().await;
            }
            collect_garbage(&environment, "shop").await
        };
        let (one, other) = tokio::join!(collect_garbage(&environment, "shop"), later);
        let (one, other) = (one.expect("the store answers"), other.expect("the store answers"));
        assert_eq!(one.tombstones + other.tombstones, alone.tombstones, "{behind} behind");
        assert_eq!(one.segments + other.segments, alone.segments, "{behind} behind");
        assert_eq!(one.records + other.records, alone.records, "{behind} behind");
        sleep(Duration::from_secs(7200)).await;
        let both = tokio::join!(collect_garbage(&environment, "shop"), collect_garbage(&environment, "shop"));
        assert!(both.0.expect("the store answers").results + both.1.expect("the store answers").results > 0);
        assert_eq!(leftovers(&host).await, [""; 0], "{behind} behind");
    }
}
