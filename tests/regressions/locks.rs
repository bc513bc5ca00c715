//! Faults of `beldi::lock`.

use std::sync::Arc;

use beldi::ClientError;
use beldi::host::When;
use beldi::prelude::*;
use beldi::store::{Request, SharedStore, Store, StoreFuture};
use beldi::testing::{fresh_store, locked_rows};

use crate::common::{CrashAt, host_on};
use crate::{Shop, Stock, settings};

/// A store whose requests let others go on, so that branches take turns.
struct TakesTurns(SharedStore);

impl Store for TakesTurns {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.0.execute(request).await
        })
    }

    fn expires_items(&self) -> bool {
        self.0.expires_items()
    }
}

#[beldi::helper(service = Shop)]
async fn add_under_a_lock() {
    let guard = beldi::lock::<Stock>("coffee").await;
    Stock::update("coffee").add(Stock::FREE, 1).await;
    guard.unlock().await;
}

/// The first branch comes later to its lock, but not in an attempt that knows what it has read.
#[beldi::function(service = Shop)]
async fn lock_in_branches() {
    beldi::join!(
        async {
            let milk = Stock::get("milk").await;
            add_under_a_lock().await;
            milk
        },
        add_under_a_lock(),
    );
}

#[beldi::function(service = Shop, read_only)]
async fn coffee() -> u32 {
    Stock::get("coffee").await.map_or(0, |coffee| coffee.free)
}

/// Two branches that lock one row had one guard for both. When an attempt had died between their unlocks, the first unlock
/// of the next one ended both, found the first one ended, and left the other one: an instance that was done held the row
/// for ever.
#[tokio::test(start_paused = true)]
async fn each_branch_takes_off_what_it_has_locked() {
    let mut crashes = 0;
    for number in 1..12 {
        for when in [When::Before, When::After] {
            let plan = CrashAt { function: "lock_in_branches", attempts: 1..=1, number, when };
            let store: SharedStore = Arc::new(TakesTurns(fresh_store().await.expect("a store")));
            let host = host_on(store, settings(), Some(plan)).await;
            drop(host.client().call(lock_in_branches()).idempotency_key("k").await);
            crashes += host.statistics().crashed;
            host.settle().await.expect("at rest");
            host.client().call(lock_in_branches()).idempotency_key("k").await.expect("a result");
            assert_eq!(locked_rows(&host).await.expect("rows"), [""; 0], "{when:?} {number}");
            assert_eq!(host.client().call(coffee()).await.expect("a result"), 2);
        }
    }
    assert!(crashes > 12, "{crashes}");
}

#[beldi::function(service = Shop)]
async fn lock_twice(unlocks: bool) {
    let guard = beldi::lock::<Stock>("coffee").await;
    if unlocks {
        guard.unlock().await;
    }
    add_under_a_lock().await;
}

/// It would wait for itself.
#[tokio::test(start_paused = true)]
async fn a_row_that_the_function_has_locked_is_not_locked_again() {
    let host = host_on(fresh_store().await.expect("a store"), settings(), None).await;
    host.client().call(lock_twice(true)).await.expect("a result");
    let Err(ClientError::Refused(problem)) = host.client().call(lock_twice(false)).await else { panic!("it has it") };
    assert!(problem.detail.contains("`stock article=coffee` is locked by this instance itself"), "{problem}");
    assert!(problem.detail.contains("unlock it first"), "{problem}");
}

/// Writes a row in a transaction, beside a branch that has locked it.
#[beldi::function(service = Shop)]
async fn locks_beside_a_transaction() -> Result<u32, ()> {
    let ((), free) = beldi::join!(
        async {
            let guard = beldi::lock::<Stock>("tea").await;
            Stock::update("tea").add(Stock::FREE, 10).await;
            guard.unlock().await;
        },
        async {
            beldi::txn! {
                let free = Stock::get("tea").await.map_or(0, |stock| stock.free);
                Stock { article: "tea".into(), free: free + 1 }.put().await;
                Ok::<_, ()>(free)
            }
        }
    );
    free
}

/// A transaction took the lock of a branch beside it for one that was there before, and parked the instance.
#[tokio::test(start_paused = true)]
async fn a_transaction_waits_for_the_lock_of_another_branch() {
    // An attempt that dies leaves the lock to the next one, whose branches begin in any order.
    for number in 1..=12 {
        let plan = CrashAt { function: locks_beside_a_transaction::NAME, attempts: 1..=1, number, when: When::After };
        let store = Arc::new(TakesTurns(fresh_store().await.expect("a store")));
        let host = host_on(store, settings(), Some(plan)).await;
        let client = host.client();
        drop(client.call(locks_beside_a_transaction()).idempotency_key("k").await);
        host.settle().await.expect("at rest");
        let free = client.call(locks_beside_a_transaction()).idempotency_key("k").await;
        assert!(matches!(free, Ok(Ok(0 | 10))), "{number}: {free:?}");
        assert_eq!(locked_rows(&host).await.expect("rows"), Vec::<String>::new());
    }
}
