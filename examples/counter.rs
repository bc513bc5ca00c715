//! A counter that counts right although half of all attempts die.
//!
//! `cargo run --example counter`, or `cargo run --example counter -- counter.db` to keep the counter on a file.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

// ANCHOR: uses
use std::sync::Arc;
use std::time::Duration;

use beldi::Settings;
use beldi::host::{LocalHost, RandomCrashes};
use beldi::prelude::*;
use beldi::store::EmbeddedStore;
// ANCHOR_END: uses

// ANCHOR: item
beldi::service!(Counting = "counting");

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Counting, table = "counters")]
struct Counter {
    #[beldi(partition_key)]
    name: String,
    value: u64,
}
// ANCHOR_END: item

// ANCHOR: functions
#[beldi::function(service = Counting)]
async fn increment(name: String) {
    Counter::update(&name).add(Counter::VALUE, 1u64).await;
}

#[beldi::function(service = Counting, read_only)]
async fn value(name: String) -> u64 {
    Counter::get(&name).await.map_or(0, |counter| counter.value)
}
// ANCHOR_END: functions

// ANCHOR: main
const INCREMENTS: u64 = 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = match std::env::args().nth(1) {
        Some(path) => EmbeddedStore::open(path)?,
        None => EmbeddedStore::in_memory()?,
    };
    let host = LocalHost::builder(Arc::new(store))
        .settings(Settings { backoff: Duration::from_millis(10), call_tries: 20, ..Settings::default() })
        // Half of the attempts die, each at one of its first four requests to the store.
        .crash_plan(Arc::new(RandomCrashes::new(7, 0.5, 4)))
        .start()
        .await?;
    let client = host.client();

    for number in 1..=INCREMENTS {
        let key = format!("visit {number}");
        client.call(increment("visitors".to_owned())).idempotency_key(key).await?;
    }
    let value = client.call(value("visitors".to_owned())).await?;
    let died = host.statistics().crashed;

    println!("{INCREMENTS} increments, {died} attempts died, the counter stands at {value}");
    host.shutdown(Duration::from_secs(1)).await;
    Ok(())
}
// ANCHOR_END: main
