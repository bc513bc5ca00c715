//! Seeded runs of many concurrent calls, with crashes: what the tests of transactions share.
//!
//! A run is short in the test suite. `BELDI_SIMULATION=long`, which `cargo xtask histories` sets, makes it long, and
//! `BELDI_SEED=17` repeats the one run of this seed.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;
use std::time::Duration;

use beldi::host::{CrashPlan, LocalHost};
use beldi::store::Delayed;
use beldi::testing::{fresh_store, locked_rows};
use beldi::{Call, Client, ClientError, Function, Settings, VirtualWorld};

/// How often to ask for what has no answer yet.
const PATIENCE: u32 = 200;

/// Whether the long form was asked for.
pub(crate) fn is_long() -> bool {
    std::env::var("BELDI_SIMULATION").is_ok_and(|form| form == "long")
}

/// The seeds to run.
pub(crate) fn seeds(short: u64, long: u64) -> Vec<u64> {
    match std::env::var("BELDI_SEED") {
        Ok(seed) => vec![seed.parse().expect("BELDI_SEED is a number")],
        Err(_) => (1..=if is_long() { long } else { short }).collect(),
    }
}

/// A host in virtual time, whose store answers after up to 3 ms each way and whose row logs are rolled all the
/// time.
pub(crate) async fn world(seed: u64, plan: Option<Arc<dyn CrashPlan>>) -> LocalHost {
    let store = fresh_store().await.expect("a store");
    let slow = Arc::new(Delayed::random(store, seed, Duration::from_millis(3)));
    let settings = Settings { log_entries: 2, max_attempts: 200, ..Settings::default() };
    let builder = LocalHost::builder(slow).world(VirtualWorld::new(seed)).settings(settings);
    let builder = match plan {
        Some(plan) => builder.crash_plan(plan),
        None => builder,
    };
    builder.collect_every(Some(Duration::from_secs(1))).start().await.expect("a host")
}

/// Calls a function until it answers. All these calls have one key, and so are one execution.
pub(crate) async fn answer<F: Function>(client: &Client, key: &str, call: impl Fn() -> Call<F>) -> F::Output {
    let mut asked = 0;
    loop {
        asked += 1;
        match client.call(call()).idempotency_key(key).await {
            Err(ClientError::Unavailable { .. }) if asked < PATIENCE => {}
            answer => return answer.unwrap_or_else(|error| panic!("{key}: {error}")),
        }
    }
}

/// Lets everything come to rest, and fails if something does not: an instance that is parked or in doubt, a
/// row that is still locked.
pub(crate) async fn assert_at_rest(host: &LocalHost) {
    host.settle().await.expect("the store answers");
    let (environment, client) = (host.environment(), host.client());
    for service in environment.registry.services() {
        let parked = client.parked(service).await.expect("the parked instances");
        assert!(parked.is_empty(), "parked in {service}: {parked:?}");
        let in_doubt = client.in_doubt(service).await.expect("the participants in doubt");
        assert!(in_doubt.is_empty(), "in doubt in {service}: {in_doubt:?}");
    }
    let locked = locked_rows(host).await.expect("the store answers");
    assert!(locked.is_empty(), "still locked: {locked:?}");
}
