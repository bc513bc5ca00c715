//! What becomes of a full log, by the write that finds it full: it goes, or becomes a segment.

use std::time::Duration;

use beldi::Settings;
use beldi::host::{LocalHost, When};
use beldi::testing::fresh_store;
use tokio::time::sleep;

use crate::world::*;

async fn tiny(plan: Option<std::sync::Arc<Plan>>) -> LocalHost {
    let settings = Settings { log_entries: 1, ..settings() };
    start(fresh_store().await.expect("a store"), settings, plan).await
}

/// How many segments there are.
async fn segments(host: &LocalHost) -> usize {
    items(host, "shop-journal").await.iter().filter(|item| item.contains_key("log")).count()
}

/// Sleeps until half a second after a second begins: a start counts in whole seconds.
async fn half_past() {
    let past_ms = beldi::World::now_ms(&clock()) % 1000;
    sleep(Duration::from_millis(1500 - past_ms)).await;
}

async fn cycles(host: &LocalHost, times: u32) {
    for _ in 0..times {
        sleep(Duration::from_millis(1200)).await;
        host.collect_garbage().await.expect("the store answers");
    }
}

/// A log below the watermark was put as a segment all the same, and each write of a row that is written from time to
/// time cost two requests more, for ever: the put, and garbage collection's delete.
#[tokio::test(start_paused = true)]
async fn a_log_that_nobody_needs_becomes_no_segment() {
    let host = tiny(None).await;
    call(&host.client(), add("tea".into())).await;
    call(&host.client(), add("tea".into())).await;
    assert_eq!(segments(&host).await, 1, "the first log may still be asked for");
    cycles(&host, 4).await;
    assert_eq!(segments(&host).await, 0);
    for n in 3..6 {
        call(&host.client(), add("tea".into())).await;
        assert_eq!(segments(&host).await, 0);
        cycles(&host, 4).await;
        assert_eq!(call(&host.client(), free("tea".into())).await, n);
    }
}

/// An old instance may write after a younger one. Then a log that nobody needs stands after a segment that somebody
/// does, and whoever rolls that log must not take the segment for one that is not needed either: the younger instance
/// would not find what it has written, and write it again.
#[tokio::test(start_paused = true)]
async fn a_log_of_an_old_instance_goes_and_the_segment_of_a_younger_one_before_it_stays() {
    let slow = Plan::new(|point| before(point, "add", "UpdateItem stock"), 1, Then::Stall(Duration::from_millis(800)));
    let store = fresh_store().await.expect("a store");
    let settings = Settings { log_entries: 1, ..settings() };
    let host = start(store.clone(), settings.clone(), Some(slow.clone())).await;
    let dies =
        Plan::new(|point| point.when == When::After && point.action.contains("UpdateItem stock"), 1, Then::Crash);
    let other = start(store, settings, Some(dies)).await;
    half_past().await;
    let client = host.client();
    let old = tokio::spawn(async move { try_call(&client, "old", add("tea".into())).await });
    // In the next second.
    sleep(Duration::from_millis(700)).await;
    assert!(slow.has_struck());
    assert_eq!(try_call(&other.client(), "younger", add("tea".into())).await, None);
    assert_eq!(call(&host.client(), free("tea".into())).await, 1, "it has written");
    assert_eq!(old.await.expect("no panic"), Some(()));
    assert_eq!(segments(&host).await, 1, "what the younger one has written");
    // All that is older than the younger one may go, and it is open still.
    cycles(&host, 4).await;
    call(&host.client(), add("tea".into())).await;
    assert_eq!(segments(&host).await, 1, "the log of the old one is put nowhere");
    assert_eq!(try_call(&host.client(), "younger", add("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 3);
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}
