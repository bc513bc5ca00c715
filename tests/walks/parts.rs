//! Parts of a transaction that hand rows over: many of them, one below the other, and beside branches.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::store::{EmbeddedStore, Request, SharedStore, Store, StoreError, StoreFuture};
use beldi::testing::fresh_store;
use beldi::{ClientError, Delivery, Invocation, InvokeFuture, Invoker, ProblemKind};

use crate::common::builder;
use crate::unstorable::host_on;
use crate::{Account, Bank, Desk, Refused, Shop, balance, locked, opened, settings};

#[beldi::function(service = Bank)]
async fn gets_one() {
    Account::update("ann").add(Account::BALANCE, 1).await;
}

#[beldi::function(service = Shop)]
async fn gets_five() {
    for _ in 0..5 {
        gets_one().await;
    }
}

#[beldi::function(service = Desk)]
async fn gets_many(undo: bool) -> Result<(), Refused> {
    beldi::txn! {
        for _ in 0..21 {
            gets_five().await;
        }
        if undo { Err(Refused) } else { Ok(()) }
    }
}

/// Takes no more operands of an `IN` than DynamoDB does.
struct Strict {
    inner: SharedStore,
}

impl Store for Strict {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        if let Request::Update(update) = &request {
            let lists = update.condition.iter().flat_map(|condition| condition.split(" IN (").skip(1));
            let operands = lists.filter_map(|list| list.split(')').next()).map(|list| list.split(',').count());
            if operands.max().is_some_and(|operands| operands > 100) {
                let message = "The IN operator is provided with too many operands".to_owned();
                let table = update.table.clone();
                return Box::pin(async { Err(StoreError::Invalid { table, message }) });
            }
        }
        self.inner.execute(request)
    }

    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }
}

/// The condition named all parts that might hold the row: the hundred and first participant of one service could take
/// none, and all was rolled back, again and again.
#[tokio::test(start_paused = true)]
async fn a_service_takes_part_more_often_than_a_condition_can_name() {
    let inner = fresh_store().await.expect("a store");
    let host = builder(Arc::new(Strict { inner }), settings(), None).start().await.expect("a host");
    let client = opened(&host).await;
    for (undo, result, left) in [(true, Err(Refused), 10), (false, Ok(()), 115)] {
        assert_eq!(client.call(gets_many(undo)).await.expect("a result"), result);
        assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), left);
        assert_eq!(locked(&host).await, 0);
    }
}

#[beldi::function(service = Bank)]
async fn deeper(depth: u32) {
    gets_one().await;
    if depth > 0 {
        deeper_still(depth - 1).await;
    }
}

#[beldi::function(service = Shop)]
async fn deeper_still(depth: u32) {
    if depth > 0 {
        deeper(depth - 1).await;
    }
}

#[beldi::function(service = Desk)]
async fn comes_back(depth: u32) -> Result<(), Refused> {
    beldi::txn! {
        deeper(depth).await;
        Err(Refused)
    }
}

/// The same, called in a transaction that goes on.
#[beldi::function(service = Desk)]
async fn goes_on(depth: u32) -> Result<i64, Refused> {
    beldi::txn! {
        let came_back = comes_back(depth).await;
        Ok(if came_back.is_err() { balance("ann".into()).await } else { 0 })
    }
}

/// Counts who is told to abort.
struct Counting {
    host: OnceLock<LocalHost>,
    told: AtomicU32,
}

impl Invoker for Counting {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        self.told.fetch_add(u32::from(invocation.delivery == Delivery::Abort), Ordering::SeqCst);
        self.host.get().expect("the host has started").invoke(invocation)
    }
}

/// Each participant told all those below it, and each of these did the same: twice as many for each level.
#[tokio::test(start_paused = true)]
async fn each_participant_is_told_once_of_a_rollback() {
    let counting = Arc::new(Counting { host: OnceLock::new(), told: AtomicU32::new(0) });
    let builder = builder(fresh_store().await.expect("a store"), settings(), None);
    let host = builder.invoker(Arc::clone(&counting) as Arc<dyn Invoker>).start().await.expect("a host");
    assert!(counting.host.set(host.clone()).is_ok());
    let client = opened(&host).await;
    assert_eq!(client.call(comes_back(6)).await.expect("a result"), Err(Refused));
    assert_eq!(counting.told.swap(0, Ordering::SeqCst), 11, "as many as there are");
    assert_eq!(locked(&host).await, 0);
    assert_eq!(client.call(goes_on(6)).await.expect("a result"), Ok(10));
    assert_eq!(counting.told.load(Ordering::SeqCst), 11);
    assert_eq!(locked(&host).await, 0);
}

#[beldi::function(service = Shop)]
async fn gets_one_there() {
    gets_one().await;
}

/// One branch holds what the other one has another service change; one of them looks for another row first.
#[beldi::function(service = Bank)]
async fn holds_and_has_it_changed(holds_first: bool) -> Result<(), Refused> {
    beldi::txn! {
        Account::get("zoe").await;
        beldi::join!(
            async {
                if !holds_first {
                    balance("bob".into()).await;
                }
                Account::get("ann").await
            },
            async {
                if holds_first {
                    Account::get("bob").await;
                }
                gets_one_there().await;
            },
        );
        Ok(())
    }
}

/// A function that was called back took the row of a branch which did not come before it, if that one came first; the
/// other way round it was refused. So it was after a crash, and a transaction that had been under way was parked.
#[tokio::test(start_paused = true)]
async fn a_branch_hands_nothing_over_to_another_one() {
    for holds_first in [false, true] {
        // In memory, where who asks for more comes later: over a network either may be first.
        let store = Arc::new(EmbeddedStore::in_memory().expect("SQLite starts"));
        let (host, client) = host_on(store).await;
        let answer = client.call(holds_and_has_it_changed(holds_first)).await;
        let Err(ClientError::Refused(problem)) = answer else { panic!("{holds_first}: {answer:?}") };
        let kind = if holds_first { ProblemKind::CalleeFailed } else { ProblemKind::TransactionRefused };
        assert_eq!(problem.kind, kind, "{problem}");
        assert!(problem.detail.contains("branches"), "{problem}");
        assert_eq!(locked(&host).await, 0);
        assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), 10);
    }
}
