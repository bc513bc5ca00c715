//! What garbage collection costs, and what it keeps from growing.
//!
//! In its long form (`cargo xtask garbage`) a hot row is written 100,000 times.

#![expect(clippy::print_stdout, reason = "`cargo xtask garbage` shows the numbers")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::store::{AttributeValue, Attributes, Delayed, GetItem, Request, SharedStore, Store, StoreFuture, WriteItem};
use beldi::testing::fresh_store;
use beldi::{Settings, VirtualWorld};
use tokio::time::sleep;

use crate::world::*;

/// Counts requests and write units: the size of an item in KB, rounded up, twice in a transaction.
struct Metered {
    inner: SharedStore,
    requests: AtomicU64,
    write_units: AtomicU64,
}

impl Metered {
    fn new(inner: SharedStore) -> Arc<Self> {
        Arc::new(Self { inner, requests: AtomicU64::new(0), write_units: AtomicU64::new(0) })
    }

    fn read(&self) -> (u64, u64) {
        (self.requests.load(Ordering::SeqCst), self.write_units.load(Ordering::SeqCst))
    }

    /// What a write of the item as it is costs, and its size.
    async fn units_and_bytes(&self, table: &str, key: &Attributes) -> (u64, usize) {
        let get = GetItem { table: table.to_owned(), key: key.clone(), consistent: true };
        let bytes = self.inner.get(get).await.ok().flatten().map_or(0, |item| size(&item));
        ((bytes as u64).div_ceil(1024).max(1), bytes)
    }
}

impl Store for Metered {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            self.requests.fetch_add(1, Ordering::SeqCst);
            let (written, units) = match &request {
                Request::Update(update) => (Some((update.table.clone(), update.key.clone())), 0),
                Request::Put(put) => (None, (size(&put.item) as u64).div_ceil(1024).max(1)),
                Request::Delete(_) => (None, 1),
                Request::TransactWrite(transaction) => (None, 2 * transaction.writes.iter().map(unit).sum::<u64>()),
                _ => (None, 0),
            };
            let answer = self.inner.execute(request).await;
            let more = match &written {
                Some((table, key)) => self.units_and_bytes(table, key).await.0,
                None => 0,
            };
            self.write_units.fetch_add(units + more, Ordering::SeqCst);
            answer
        })
    }

    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }
}

fn unit(write: &WriteItem) -> u64 {
    match write {
        WriteItem::Put(put) => (size(&put.item) as u64).div_ceil(1024).max(1),
        _ => 1,
    }
}

/// The size of an item, about as DynamoDB counts it.
pub(crate) fn size(item: &Attributes) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::Bs(set) => set.iter().map(Vec::len).sum(),
        AttributeValue::M(map) => size(map),
        AttributeValue::L(list) => list.iter().map(value_size).sum(),
        _ => 1,
    }
}

/// A host whose store takes a millisecond each way, and whose garbage collectors run as they do for users.
async fn busy() -> (LocalHost, Arc<Metered>) {
    let store = fresh_store().await.expect("a store");
    let metered = Metered::new(store);
    let slow = Arc::new(Delayed::fixed(metered.clone(), Duration::from_millis(1), Duration::from_millis(1)));
    let settings = Settings {
        timeout: Duration::from_millis(300),
        longest_timeout: Duration::from_millis(300),
        margin: Duration::from_millis(50),
        retention: Duration::from_secs(2),
        log_entries: 16,
        ..settings()
    };
    let host = LocalHost::builder(slow).world(VirtualWorld::new(5)).settings(settings);
    let host = host.collect_every(None).collect_garbage_every(Some(Duration::from_millis(500)));
    (host.start().await.expect("a host"), metered)
}

#[tokio::test(start_paused = true)]
async fn a_hot_row_costs_the_same_for_ever() {
    let long = is_long();
    let (writes, parts): (usize, usize) = if long { (100_000, 10) } else { (2_000, 2) };
    let (host, metered) = busy().await;
    let client = host.client();
    // Until segments and results are reclaimed as fast as they are put, there is less to search and to delete.
    loop {
        let garbage = host.statistics().garbage;
        if garbage.segments >= 100 && garbage.results >= 100 {
            break;
        }
        call(&client, add("tea".into())).await;
    }
    let tea = Attributes::from([("article".to_owned(), AttributeValue::S("tea".to_owned()))]);
    let mut costs = Vec::new();
    for part in 0..parts {
        let (requests, units) = metered.read();
        let mut bytes = 0;
        for write in 0..writes / parts {
            call(&client, add("tea".into())).await;
            // Behind the meter's back.
            if write % 5 == 0 {
                bytes = bytes.max(metered.units_and_bytes("stock", &tea).await.1);
            }
        }
        let (now, units_now) = metered.read();
        let each = |count: u64| count as f64 / (writes / parts) as f64;
        let cost = (each(now - requests), each(units_now - units), bytes as f64);
        if long {
            println!("| tenth {} | {:.3} requests | {:.3} write units | {bytes} bytes |", part + 1, cost.0, cost.1);
        }
        costs.push(cost);
    }
    let (first, last) = (costs[0], costs[parts - 1]);
    let ratios = [last.0 / first.0, last.1 / first.1, last.2 / first.2];
    println!(
        "| last part to first | {:.3} requests | {:.3} write units | {:.3} row |",
        ratios[0], ratios[1], ratios[2]
    );
    assert!(ratios.iter().all(|ratio| *ratio <= 1.05), "{ratios:?}");
    host.shutdown(Duration::from_secs(60)).await;
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_cycle_that_finds_nothing_costs_the_same_whatever_is_stored() {
    let host = host().await;
    let mut empty = Vec::new();
    for stored in 0..3 {
        sleep(Duration::from_millis(1200)).await;
        let before = host.collect_garbage().await.expect("the store answers");
        assert_eq!(before.reclaimed(), 0);
        empty.push(before.requests);
        for n in 0..200 * stored {
            call(&host.client(), add(format!("{stored}-{n}"))).await;
        }
        reclaim(&host).await;
    }
    assert_eq!(empty, [empty[0]; 3]);
    assert!(empty[0] <= 2 * 22, "{} requests in two services", empty[0]);
}

#[tokio::test(start_paused = true)]
async fn garbage_costs_at_most_one_request_for_each_instance() {
    let host = host().await;
    let client = host.client();
    let instances = 100;
    for n in 0..instances / 4 {
        call(&client, add(format!("a-{n}"))).await;
        // An instance here and one in the bank.
        assert_eq!(call(&client, buy(format!("b-{n}"), "ann".into(), false)).await, Ok(1));
        call(&client, read_and_add(format!("a-{n}"))).await;
    }
    host.settle().await.expect("the store answers");
    let mut requests = Vec::new();
    for pause_ms in [1200; 6].into_iter().chain([7_200_000, 1200]) {
        sleep(Duration::from_millis(pause_ms)).await;
        requests.push(host.collect_garbage().await.expect("the store answers").requests);
    }
    // The last cycle finds nothing, and every one sends as much.
    let idle = requests.last().copied().unwrap_or_default();
    let more: u64 = requests.iter().map(|requests| requests.saturating_sub(idle)).sum();
    let each = more as f64 / f64::from(instances);
    println!("| garbage, amortised for each instance | 0 | 0 | {each:.2} |");
    assert!(each <= 1.0, "{each} requests");
    assert_eq!(leftovers(&host).await, [""; 0]);
}
