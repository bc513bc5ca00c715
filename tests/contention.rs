//! Hot rows: everybody gets on, those who only read do not wait for each other, and waiting is cheap.

#![expect(clippy::print_stdout, reason = "how many tries there were is worth seeing")]

#[path = "common/simulation.rs"]
mod simulation;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::store::{AttributeValue, Counting, Delayed, Placeholders, ReturnValues, SharedStore, UpdateItem};
use beldi::testing::fresh_store;
use beldi::{Call, Function, Settings, VirtualWorld};
use futures_util::future::join_all;
use simulation::{assert_at_rest, world};
use tokio::time::Instant;

beldi::service!(Left = "left");
beldi::service!(Right = "right");

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Left, table = "left_counters")]
struct Counter {
    #[beldi(partition_key)]
    name: u32,
    count: u64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Right, table = "right_counters")]
struct OtherCounter {
    #[beldi(partition_key)]
    name: u32,
    count: u64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Refused;

/// Adds one to a row of this service.
#[beldi::helper(service = Left)]
async fn add_here(name: u32) -> u64 {
    let count = Counter::get(name).await.map_or(0, |counter| counter.count) + 1;
    Counter { name, count }.put().await;
    count
}

#[beldi::function(service = Right)]
async fn add_there(name: u32) -> u64 {
    let count = OtherCounter::get(name).await.map_or(0, |counter| counter.count) + 1;
    OtherCounter { name, count }.put().await;
    count
}

/// Adds one to each row, in this order. Rows 0 and 1 are here, 2 and 3 are there.
#[beldi::function(service = Left)]
async fn add(id: String, rows: Vec<u32>) -> Result<u64, Refused> {
    beldi::txn! {
        count_try(&id);
        let mut sum = 0;
        for row in &rows {
            sum += if *row < 2 { add_here(*row).await } else { add_there(*row).await };
        }
        Ok(sum)
    }
}

#[beldi::function(service = Left, read_only)]
async fn count_here(name: u32) -> u64 {
    Counter::get(name).await.map_or(0, |counter| counter.count)
}

#[beldi::function(service = Right, read_only)]
async fn count_there(name: u32) -> u64 {
    OtherCounter::get(name).await.map_or(0, |counter| counter.count)
}

#[beldi::function(service = Left)]
async fn read_in_transaction(name: u32) -> Result<u64, Refused> {
    beldi::txn! { read_only =>
        let counter = Counter::get(name).await.ok_or(Refused)?;
        Ok(counter.count)
    }
}

/// How often the body of each transaction has run: nobody dies here, so each run is a try.
static TRIES: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

fn count_try(id: &str) {
    *TRIES.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_owned()).or_default() += 1;
}

/// How often the bodies of the clients' transactions have run: of each transaction. Other tests of this process
/// have transactions of their own.
fn tries_of_clients() -> Vec<u64> {
    let tries = TRIES.lock().unwrap_or_else(PoisonError::into_inner);
    tries.iter().filter(|(id, _)| id.starts_with("client")).map(|(_, tries)| *tries).collect()
}

/// Sixteen clients, each with transactions over three of four rows in an order of their own.
#[tokio::test(start_paused = true)]
async fn sixteen_clients_on_four_rows_all_commit() {
    const CLIENTS: u64 = 16;
    const CALLS: u64 = 10;
    let host = world(16, None).await;
    let start = Instant::now();
    let clients = (0..CLIENTS).map(|name| {
        let client = host.client();
        tokio::spawn(async move {
            let mut random = fastrand::Rng::with_seed(name);
            let mut slowest = Duration::ZERO;
            for number in 0..CALLS {
                let mut rows = vec![0, 1, 2, 3];
                random.shuffle(&mut rows);
                rows.truncate(3);
                let start = Instant::now();
                let sum = client.call(add(format!("client {name} call {number}"), rows)).await.expect("a result");
                assert!(sum.is_ok_and(|sum| sum >= 3), "it commits");
                slowest = slowest.max(start.elapsed());
            }
            slowest
        })
    });
    let slowest = join_all(clients).await.into_iter().map(|slowest| slowest.expect("a client")).max();
    let elapsed = start.elapsed();
    assert_at_rest(&host).await;
    let tries = tries_of_clients();
    let (all, most) = (tries.iter().sum::<u64>(), tries.iter().max());
    let statistics = host.statistics();
    println!("{} transactions in {elapsed:?}, the slowest in {slowest:?}", tries.len());
    println!("{all} tries, at most {most:?} of one; {statistics:?}");
    assert_eq!(sum_of_all(&host).await, 3 * CLIENTS * CALLS);
    assert_eq!((statistics.committed, statistics.rolled_back), (CLIENTS * CALLS, 0));
    assert!(statistics.died > 0, "without any conflict this shows nothing");
    assert_eq!(all, statistics.committed + statistics.died, "every try either commits or dies");
}

async fn sum_of_all(host: &LocalHost) -> u64 {
    let client = host.client();
    let mut sum = 0;
    for row in 0..4 {
        let count = if row < 2 { client.call(count_here(row)).await } else { client.call(count_there(row)).await };
        sum += count.expect("a count");
    }
    sum
}

/// A host whose requests are counted and take one millisecond each. Its logs are long: no reader has to roll.
async fn measured() -> (LocalHost, Arc<Counting>) {
    let counting = Arc::new(Counting::new(fresh_store().await.expect("a store")));
    let slow = Arc::new(Delayed::fixed(Arc::clone(&counting) as _, Duration::from_millis(1), Duration::ZERO));
    let settings = Settings { log_entries: 128, ..Settings::default() };
    let builder = LocalHost::builder(slow).world(VirtualWorld::new(1)).settings(settings);
    (builder.collect_every(None).collect_garbage_every(None).start().await.expect("a host"), counting)
}

/// How long calls took, and how many requests they made, with what followed their replies.
async fn cost<T>(counting: &Counting, calls: impl Future<Output = T>) -> (Duration, u64) {
    counting.reset();
    let start = Instant::now();
    calls.await;
    let elapsed = start.elapsed();
    // What follows the reply takes a few milliseconds of virtual time.
    tokio::time::sleep(Duration::from_secs(1)).await;
    (elapsed, counting.total())
}

/// None of them waits, dies, or makes one request more than it makes alone.
#[tokio::test(start_paused = true)]
async fn readers_of_one_row_do_not_wait_for_each_other() {
    const READERS: u32 = 32;
    let (host, counting) = measured().await;
    let client = host.client();
    let first = async { client.call(add("first".into(), vec![0])).await.expect("a result") };
    assert!(cost(&counting, first).await.1 > 0);
    let read = || async { client.call(read_in_transaction(0)).await.expect("a result").expect("a count") };
    let alone = cost(&counting, read()).await;
    let together = cost(&counting, join_all((0..READERS).map(|_| read()))).await;
    let plainly = || async { client.call(count_here(0)).await.expect("a count") };
    let plain_alone = cost(&counting, plainly()).await;
    let plain = cost(&counting, join_all((0..READERS).map(|_| plainly()))).await;
    println!("one reader: {alone:?} in a transaction, {plain_alone:?} plainly");
    println!("{READERS} readers: {together:?} in transactions, {plain:?} plainly");
    println!("ratio: {:.1} in time, {:.1} in requests", ratio(together.0, plain.0), together.1 as f64 / plain.1 as f64);
    assert_eq!(together.1, u64::from(READERS) * alone.1, "each makes its own requests and no others");
    assert_eq!(together.0, alone.0, "none waits for another");
    // The extra requests, one after another, are all that a reader in a transaction waits longer for.
    assert!(alone.0 - plain_alone.0 <= Duration::from_millis(alone.1 - plain_alone.1), "{alone:?}, {plain_alone:?}");
    assert_eq!(host.statistics().died, 0);
    assert_at_rest(&host).await;
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// Wait-die promises a writer no place before readers that come later; but it commits, and they all read.
#[tokio::test(start_paused = true)]
async fn a_writer_commits_among_readers() {
    let host = world(32, None).await;
    let client = host.client();
    client.call(add("first".into(), vec![0])).await.expect("a result").expect("a row");
    let readers = (0..8).map(|_| async {
        for _ in 0..25 {
            client.call(read_in_transaction(0)).await.expect("a result").expect("a count");
        }
    });
    let writer = async {
        let start = Instant::now();
        client.call(add("writer".into(), vec![0])).await.expect("a result").expect("a row");
        start.elapsed()
    };
    let start = Instant::now();
    let (_, waited) = futures_util::future::join(join_all(readers), writer).await;
    println!("the writer took {waited:?}, all readers {:?}; {:?}", start.elapsed(), host.statistics());
    assert_eq!(client.call(count_here(0)).await.expect("a count"), 2);
    assert_at_rest(&host).await;
}

#[beldi::function(service = Left)]
async fn add_plainly(name: u32) {
    Counter::update(name).add(Counter::COUNT, 1).await;
}

#[beldi::function(service = Left)]
async fn add_under_a_lock(name: u32) {
    let guard = beldi::lock::<Counter>(name).await;
    Counter::update(name).add(Counter::COUNT, 1).await;
    guard.unlock().await;
}

/// Row 0 is held for a second by somebody. What a call that waits for it sends meanwhile and then: updates of the
/// row, and queries of its segments. The row has no segments, or several.
async fn waiting<F: Function>(call: Call<F>, segments: bool) -> (u64, u64) {
    let store = Arc::new(Counting::new(fresh_store().await.expect("a store")));
    let settings = Settings { log_entries: 2, ..Settings::default() };
    let builder = LocalHost::builder(Arc::clone(&store) as _).world(VirtualWorld::new(1)).settings(settings);
    let host = builder.collect_every(None).collect_garbage_every(None).start().await.expect("a host");
    let client = host.client();
    for _ in 0..if segments { 9 } else { 1 } {
        client.call(add_plainly(0)).await.expect("a result");
    }
    let inner: SharedStore = store.clone();
    inner.update(lock_by_hand("SET")).await.expect("an update");
    store.reset();
    let released = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        inner.update(lock_by_hand("REMOVE")).await.expect("an update");
    };
    // With one key the pauses are the same in each world.
    let (called, ()) = tokio::join!(client.call(call).idempotency_key("waits"), released);
    assert!(called.is_ok(), "the row was released");
    let counts = store.counts();
    (counts.of("left_counters", "UpdateItem"), counts.of("left-journal", "Query"))
}

/// Sets the lock of row 0, or takes it off.
fn lock_by_hand(action: &str) -> UpdateItem {
    let mut placeholders = Placeholders::default();
    let mut update = format!("{action} {}", placeholders.name("_beldi_lock"));
    if action == "SET" {
        update.push_str(&format!(" = {}", placeholders.value(AttributeValue::B(b"somebody".to_vec()))));
    }
    let key = [("name".to_owned(), AttributeValue::N("0".to_owned()))].into();
    let (table, condition, return_values) = ("left_counters".to_owned(), None, ReturnValues::None);
    UpdateItem { table, key, update, condition, placeholders, return_values }
}

/// Who waited for a hot row looked through all of its segments each time: two updates and a query, of ever more
/// segments, for each look. In a world of some thousand instances this was most of the work.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_row_reads_its_segments_once() {
    /// The steps after the one that waits look through the segments for themselves: so many of them.
    async fn check<F: Function>(call: impl Fn() -> Call<F>, later: u64) {
        let (looks, queries) = waiting(call(), false).await;
        assert!(looks > 10, "it has waited");
        assert_eq!(queries, 0);
        assert_eq!(waiting(call(), true).await, (looks + later, 1 + later));
    }
    check(|| add_plainly(0), 0).await;
    check(|| add_under_a_lock(0), 2).await;
    check(|| add("waits".into(), vec![0]), 0).await;
}
