//! What is stored does not grow with what has been done.
//!
//! In its long form (`cargo xtask garbage`) there are 100,000 instances.

#![expect(clippy::print_stdout, reason = "`cargo xtask garbage` shows the numbers")]

use std::time::Duration;

use beldi::Settings;
use beldi::host::LocalHost;
use beldi::testing::fresh_store;
use tokio::time::sleep;

use crate::costs::size;
use crate::reclaimed::everything;
use crate::world::*;

/// How many instances one round has: with those that others call.
const ROUND: usize = 6;

/// Rows that are written again and again, one that comes and goes, transactions over two services, detached calls.
async fn round(host: &LocalHost, number: usize) {
    let client = host.client();
    call(&client, add("hot".into())).await;
    call(&client, remove(format!("gone-{}", number % 7))).await;
    let refuse = number.is_multiple_of(5);
    assert_eq!(call(&client, buy("bought".into(), "ann".into(), refuse)).await.is_err(), refuse);
    call(&client, detach_pay("ann".into())).await;
    sleep(Duration::from_millis(100)).await;
}

/// What is stored in both services: journals in items and bytes, rows in number.
async fn stored(host: &LocalHost) -> [usize; 3] {
    let (mut journals, mut rows) = (Vec::new(), 0);
    for service in ["shop", "bank"] {
        journals.extend(items(host, &format!("{service}-journal")).await);
    }
    for table in ["stock", "accounts"] {
        rows += items(host, table).await.len();
    }
    [journals.len(), journals.iter().map(size).sum(), rows]
}

/// Lets all results expire, and gives what is stored and what a cycle that finds nothing costs.
async fn at_rest(host: &LocalHost) -> ([usize; 3], u64) {
    reclaim_all(host).await;
    assert_eq!(leftovers(host).await, [""; 0]);
    let cycle = host.collect_garbage().await.expect("the store answers");
    assert_eq!(cycle.reclaimed(), 0);
    (stored(host).await, cycle.requests)
}

#[tokio::test(start_paused = true)]
async fn storage_after_many_instances_is_what_it_was_before() {
    let instances = if is_long() { 100_000 } else { 600 };
    let settings = Settings { retention: Duration::from_secs(60), ..settings() };
    let host = start(fresh_store().await.expect("a store"), settings, None).await;
    everything(&host, "a", 120).await;
    round(&host, 1).await;
    let (before, idle) = at_rest(&host).await;
    let rounds = instances / ROUND + 1;
    let mut most = before;
    for number in 0..rounds {
        round(&host, number).await;
        if number % 10 == 0 {
            host.collect_garbage().await.expect("the store answers");
        }
        if number % (rounds / 10) == 0 {
            most = most.max(stored(&host).await);
        }
    }
    let (after, idle_after) = at_rest(&host).await;
    let row = |when: &str, [items, bytes, rows]: [usize; 3], requests: String| {
        println!("| {when} | {items} items, {bytes} bytes in journals | {rows} rows | {requests} |");
    };
    row("before", before, format!("{idle} requests of a cycle that finds nothing"));
    row(&format!("most in {} instances", rounds * ROUND), most, String::new());
    row("after their retention", after, format!("{idle_after} requests of a cycle that finds nothing"));
    assert_eq!((after, idle_after), (before, idle));
    assert!(most > before, "{most:?}");
}
