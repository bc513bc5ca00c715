//! What others do between a look of a collector and what it does then: it acts on what it has seen, or not at all.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use beldi::host::{CrashPoint, LocalHost, When};
use beldi::prelude::*;
use beldi::store::{Request, SharedStore, Store, StoreFuture, WriteItem};
use beldi::testing::fresh_store;
use beldi::{Garbage, Settings, collect_garbage};
use tokio::time::sleep;

use crate::collectors::{Disturbed, disturbed_cycle};
use crate::world::*;

pub(crate) type Happening = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) fn happening(what: impl Future<Output = ()> + Send + 'static) -> Happening {
    Box::pin(what)
}

/// A store in which something happens just before the first request of a kind.
pub(crate) struct Meanwhile {
    inner: SharedStore,
    at: fn(&Request) -> bool,
    what: Mutex<Option<Happening>>,
}

impl Meanwhile {
    pub(crate) fn new(inner: SharedStore, at: fn(&Request) -> bool, what: Happening) -> Arc<Self> {
        Arc::new(Self { inner, at, what: Mutex::new(Some(what)) })
    }

    pub(crate) fn has_happened(&self) -> bool {
        self.what.lock().expect("no test panics here").is_none()
    }
}

impl Store for Meanwhile {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        let is_now = (self.at)(&request);
        let what = is_now.then(|| self.what.lock().expect("no test panics here").take()).flatten();
        Box::pin(async move {
            if let Some(what) = what {
                what.await;
            }
            self.inner.execute(request).await
        })
    }

    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }
}

async fn wait(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

async fn cycle(host: &LocalHost) -> Garbage {
    collect_garbage(&host.environment(), "shop").await.expect("the store answers")
}

/// One cycle in the shop during which this happens.
async fn cycle_while(host: &LocalHost, at: fn(&Request) -> bool, what: Happening) {
    let environment = host.environment();
    let late = Meanwhile::new(environment.store.clone(), at, what);
    collect_garbage(&environment.with_store(late.clone()), "shop").await.expect("the store answers");
    assert!(late.has_happened());
}

/// A host that rolls a log with every write, and another one on its store that dies after the first write of a row.
async fn with_one_that_dies(log_entries: usize) -> (Arc<LocalHost>, LocalHost) {
    let store = fresh_store().await.expect("a store");
    let host = start(store.clone(), Settings { log_entries: 1, ..settings() }, None).await;
    let wrote = |point: &CrashPoint| point.when == When::After && point.action.contains("UpdateItem stock");
    let plan = Plan::new(wrote, 1, Then::Crash);
    (Arc::new(host), start(store, Settings { log_entries, ..settings() }, Some(plan)).await)
}

/// Lets the watermark pass what was done until now.
async fn pass(host: &LocalHost) {
    wait(3_000).await;
    cycle(host).await;
    wait(1_200).await;
}

fn updates_stock(request: &Request) -> bool {
    matches!(request, Request::Update(update) if update.table == "stock")
}

fn deletes_from_stock(request: &Request) -> bool {
    matches!(request, Request::Delete(delete) if delete.table == "stock")
}

fn deletes_from_journal(request: &Request) -> bool {
    matches!(request, Request::Delete(delete) if delete.table == "shop-journal")
}

fn deletes_records(request: &Request) -> bool {
    let Request::TransactWrite(transaction) = request else { return false };
    transaction.writes.iter().any(|write| matches!(write, WriteItem::Update(_)))
}

fn deletes_results(request: &Request) -> bool {
    let Request::TransactWrite(transaction) = request else { return false };
    transaction.writes.iter().all(|write| matches!(write, WriteItem::Delete(_)))
}

/// Two collectors with different watermarks: the one that lags would let the row seem to have segments for ever.
#[tokio::test(start_paused = true)]
async fn a_collector_that_comes_late_takes_no_first_live_epoch_back() {
    let (host, _) = with_one_that_dies(1).await;
    let twice = async |host: &LocalHost| {
        for _ in 0..2 {
            call(&host.client(), add("tea".into())).await;
            wait(10).await;
        }
    };
    twice(&host).await;
    wait(3_000).await;
    twice(&host).await;
    cycle(&host).await;
    wait(1_200).await;
    let other = Arc::clone(&host);
    let cycles = happening(async move {
        for _ in 0..5 {
            wait(1_200).await;
            cycle(&other).await;
        }
    });
    cycle_while(&host, updates_stock, cycles).await;
    assert_eq!(call(&host.client(), free("tea".into())).await, 4);
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// The row is a tombstone whose segments are gone, and then it is gone.
#[tokio::test(start_paused = true)]
async fn a_collector_that_comes_late_makes_no_row_that_is_gone() {
    let (host, _) = with_one_that_dies(1).await;
    call(&host.client(), add("tea".into())).await;
    call(&host.client(), remove("tea".into())).await;
    pass(&host).await;
    let other = Arc::clone(&host);
    let removes = happening(async move { assert_eq!(cycle(&other).await.tombstones, 1) });
    cycle_while(&host, updates_stock, removes).await;
    assert_eq!(items(&host, "stock").await, []);
}

/// A log that a roll has left behind, to which an instance adds under a larger limit, and dies.
#[tokio::test(start_paused = true)]
async fn a_log_that_has_grown_since_is_not_dropped() {
    let (host, dies) = with_one_that_dies(2).await;
    call(&host.client(), add("tea".into())).await;
    pass(&host).await;
    let roll = Plan::new(|point| before(point, "add", "UpdateItem stock"), 2, Then::Crash);
    let store = host.environment().store;
    let begins = start(store, Settings { log_entries: 1, ..settings() }, Some(roll)).await;
    assert_eq!(try_call(&begins.client(), "begun", add("tea".into())).await, None);
    let writes = happening(async move {
        assert_eq!(try_call(&dies.client(), "once", add("tea".into())).await, None);
    });
    cycle_while(&host, updates_stock, writes).await;
    assert_eq!(try_call(&host.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 2, "each has added one, but who has not come so far");
}

/// A writer has put the segment of a full log. Under a larger limit an instance adds to it, and dies; then the roll.
#[tokio::test(start_paused = true)]
async fn a_log_that_has_grown_since_is_not_rolled_without_its_last_entry() {
    let (host, dies) = with_one_that_dies(2).await;
    call(&host.client(), add("tea".into())).await;
    let stall = Then::Stall(Duration::from_millis(300));
    let roll = Plan::new(|point| before(point, "add", "UpdateItem stock"), 2, stall);
    let store = host.environment().store;
    let rolls = start(store, Settings { log_entries: 1, ..settings() }, Some(Arc::clone(&roll))).await;
    let client = rolls.client();
    let writer = tokio::spawn(async move { try_call(&client, "writer", add("tea".into())).await });
    wait(100).await;
    assert!(roll.has_struck());
    assert_eq!(try_call(&dies.client(), "once", add("tea".into())).await, None);
    assert_eq!(writer.await.expect("no panic"), Some(()));
    assert_eq!(try_call(&host.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 3);
}

/// An instance removes what is gone already, and dies: the tombstone knows that it has.
#[tokio::test(start_paused = true)]
async fn a_tombstone_that_is_written_while_it_is_looked_at_stays() {
    let (host, dies) = with_one_that_dies(2).await;
    call(&host.client(), remove("tea".into())).await;
    pass(&host).await;
    let removes = happening(async move {
        assert_eq!(try_call(&dies.client(), "once", remove("tea".into())).await, None);
    });
    cycle_while(&host, deletes_from_stock, removes).await;
    call(&host.client(), add("tea".into())).await;
    assert_eq!(try_call(&host.client(), "once", remove("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 1, "it had removed the row before");
}

/// A segment is found, and another one is in its place when it is deleted: of the row that was made again.
#[tokio::test(start_paused = true)]
async fn a_segment_that_has_taken_the_place_of_another_stays() {
    let (host, dies) = with_one_that_dies(1).await;
    call(&host.client(), add("tea".into())).await;
    call(&host.client(), remove("tea".into())).await;
    pass(&host).await;
    let other = Arc::clone(&host);
    let makes_again = happening(async move {
        assert_eq!(cycle(&other).await.tombstones, 1);
        assert_eq!(try_call(&dies.client(), "once", add("tea".into())).await, None);
        call(&other.client(), add("tea".into())).await;
    });
    cycle_while(&host, deletes_from_journal, makes_again).await;
    assert_eq!(try_call(&host.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 2);
}

/// What the youngest live instance has written is in a segment, and the tombstone's own log is older.
#[tokio::test(start_paused = true)]
async fn a_tombstone_with_a_segment_that_is_needed_stays() {
    let (host, dies) = with_one_that_dies(1).await;
    let begins = Plan::new(|point| before(point, "remove", "UpdateItem stock"), 1, Then::Crash);
    let begins = start(host.environment().store, settings(), Some(begins)).await;
    assert_eq!(try_call(&begins.client(), "older", remove("tea".into())).await, None);
    wait(3_000).await;
    assert_eq!(try_call(&dies.client(), "once", add("tea".into())).await, None);
    assert_eq!(try_call(&host.client(), "older", remove("tea".into())).await, Some(()));
    for _ in 0..6 {
        wait(1_200).await;
        cycle(&host).await;
    }
    assert_eq!(try_call(&host.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 0, "what it had added was removed since");
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// The key is used again when the result is gone: that is another instance, of which the index knew nothing.
#[tokio::test(start_paused = true)]
async fn the_result_of_another_instance_with_the_same_id_stays() {
    let host = Arc::new(host().await);
    assert_eq!(try_call(&host.client(), "key", add("tea".into())).await, Some(()));
    wait(2 * 3_600_000).await;
    let other = Arc::clone(&host);
    let again = happening(async move {
        assert_eq!(cycle(&other).await.results, 1);
        assert_eq!(try_call(&other.client(), "key", add("tea".into())).await, Some(()));
        other.settle().await.expect("the store answers");
    });
    cycle_while(&host, deletes_results, again).await;
    wait(2_000).await;
    assert_eq!(try_call(&host.client(), "key", add("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 2);
}

/// Has a record for each article.
#[beldi::function(service = Shop)]
async fn restock(articles: Vec<String>) {
    for article in articles {
        let free = Stock::get(&article).await.map_or(0, |stock| stock.free);
        Stock { article, free: free + 1 }.put().await;
    }
}

fn articles(number: usize) -> Vec<String> {
    (0..number).map(|number| number.to_string()).collect()
}

/// A collector has seen how many records an instance has that is done. When it deletes them, they are of another one.
#[tokio::test(start_paused = true)]
async fn the_records_of_another_instance_with_the_same_id_stay() {
    let host = Arc::new(host().await);
    assert_eq!(try_call(&host.client(), "key", restock(articles(2))).await, Some(()));
    pass(&host).await;
    let other = Arc::clone(&host);
    let again = happening(async move {
        cycle(&other).await;
        wait(2 * 3_600_000).await;
        assert_eq!(cycle(&other).await.results, 1);
        assert_eq!(try_call(&other.client(), "key", restock(articles(5))).await, Some(()));
        other.settle().await.expect("the store answers");
    });
    cycle_while(&host, deletes_records, again).await;
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// More than one request deletes: a collector that dies between two of them leaves the rest to the next.
#[tokio::test(start_paused = true)]
async fn many_records_are_deleted_to_the_last() {
    let host = host().await;
    call(&host.client(), restock(articles(30))).await;
    pass(&host).await;
    let mut at = 0;
    while disturbed_cycle(&host, at, Disturbed::DiesAfter).await {
        at += 1;
    }
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}
