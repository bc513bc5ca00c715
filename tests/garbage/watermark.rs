//! The watermark: how far it may be, and that it never goes back.

use std::sync::Arc;
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::store::{Page, Request, Response, SharedStore, Store, StoreFuture};
use beldi::testing::fresh_store;
use beldi::{World, collect_garbage};
use tokio::time::sleep;

use crate::meanwhile::{Meanwhile, happening};
use crate::world::*;

async fn wait(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

/// The watermark of the shop after one cycle, by what `store` shows of it.
async fn watermark_by(host: &LocalHost, store: SharedStore) -> u64 {
    collect_garbage(&host.environment().with_store(store), "shop").await.expect("the store answers").watermark_ms
}

async fn watermark(host: &LocalHost) -> u64 {
    watermark_by(host, host.environment().store).await
}

/// Whether a request asks for the instances of the shop that are open, in a partition whose name ends like this.
fn asks_for_open(request: &Request, end: &str) -> bool {
    let Request::Query(query) = request else { return false };
    let of_open = |value| format!("{value:?}").contains("open-") && format!("{value:?}").contains(end);
    query.table == "shop-journal"
        && query.index.is_some()
        && query.placeholders.values().any(|(_, value)| of_open(value))
}

/// A store whose index does not show yet who is open.
struct Hiding(SharedStore);

impl Store for Hiding {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        match asks_for_open(&request, "") {
            true => Box::pin(async { Ok(Response::Page(Page::default())) }),
            false => self.0.execute(request),
        }
    }

    fn expires_items(&self) -> bool {
        self.0.expires_items()
    }
}

/// A store whose answer takes so long when the last partition of open instances is asked for.
struct Slow(SharedStore, Duration);

impl Store for Slow {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        let time = if asks_for_open(&request, "open-3") { self.1 } else { Duration::ZERO };
        Box::pin(async move {
            let answer = self.0.execute(request).await;
            sleep(time).await;
            answer
        })
    }

    fn expires_items(&self) -> bool {
        self.0.expires_items()
    }
}

/// A shop with an instance that has begun and died. Gives when it started.
async fn with_one_open() -> (LocalHost, u64) {
    let dies = Plan::new(|point| before(point, "add", "UpdateItem stock"), 1, Then::Crash);
    let host = start(fresh_store().await.expect("a store"), settings(), Some(dies)).await;
    wait(5_050).await;
    let started_ms = clock().now_ms();
    assert_eq!(try_call(&host.client(), "open", add("tea".into())).await, None);
    (host, started_ms)
}

/// Whoever was alive when it was computed may live as long as an attempt may, and longer by what clocks differ.
#[tokio::test(start_paused = true)]
async fn a_watermark_ripens_longer_than_any_attempt_lives() {
    let host = host().await;
    wait(5_000).await;
    assert_eq!(watermark(&host).await, 0);
    wait(1_099).await;
    assert_eq!(watermark(&host).await, 0, "an attempt may be alive that was alive when it was computed");
    wait(1).await;
    assert_ne!(watermark(&host).await, 0);
}

/// Whoever begins while the index is read, after its partition was, is not in what was read.
#[tokio::test(start_paused = true)]
async fn a_watermark_ripens_from_when_the_index_was_read() {
    let host = host().await;
    wait(5_000).await;
    let slow = Arc::new(Slow(host.environment().store, Duration::from_millis(900)));
    assert_eq!(watermark_by(&host, slow).await, 0);
    wait(1_099).await;
    assert_eq!(watermark(&host).await, 0, "who began while it was read may be alive");
    wait(1).await;
    assert_ne!(watermark(&host).await, 0);
}

/// An attempt that puts its first record when its partition was read has begun before that.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_puts_its_record_while_the_index_is_read_is_not_overlooked() {
    let record = |point: &beldi::host::CrashPoint| before(point, "read_and_add", "PutItem shop-journal");
    let plan = Plan::new(record, 1, Then::Stall(Duration::from_millis(900)));
    let host = start(fresh_store().await.expect("a store"), settings(), Some(plan)).await;
    wait(4_800).await;
    let (client, started_ms) = (host.client(), clock().now_ms());
    let late = tokio::spawn(async move { try_call(&client, "late", read_and_add("slow".into())).await });
    wait(500).await;
    let slow = Arc::new(Slow(host.environment().store, Duration::from_millis(1_200)));
    watermark_by(&host, slow).await;
    assert_eq!(late.await.expect("no panic"), Some(1));
    wait(1_100).await;
    let watermark_ms = watermark(&host).await;
    assert!(0 < watermark_ms && watermark_ms <= started_ms, "{watermark_ms} is after {started_ms}");
}

/// By another clock, an instance that it calls in its own service may have started a little earlier.
#[tokio::test(start_paused = true)]
async fn a_watermark_stays_a_margin_behind_who_is_open() {
    let (host, started_ms) = with_one_open().await;
    let mut watermark_ms = 0;
    for _ in 0..6 {
        wait(1_200).await;
        watermark_ms = watermark(&host).await;
    }
    assert_eq!(watermark_ms, started_ms - 1_050, "a margin of 100 ms, and a whole second");
}

/// An index may show an instance later than a watermark ripens.
#[tokio::test(start_paused = true)]
async fn who_is_shown_by_the_index_when_a_watermark_is_published_is_not_overlooked() {
    let (host, started_ms) = with_one_open().await;
    wait(3_000).await;
    watermark_by(&host, Arc::new(Hiding(host.environment().store))).await;
    wait(1_200).await;
    let watermark_ms = watermark(&host).await;
    assert!(0 < watermark_ms && watermark_ms <= started_ms, "{watermark_ms} is after {started_ms}");
}

/// The same where another collector, to whom the index shows it, has published meanwhile.
#[tokio::test(start_paused = true)]
async fn what_is_not_published_is_no_watermark() {
    let (host, started_ms) = with_one_open().await;
    let host = Arc::new(host);
    wait(3_000).await;
    let hiding: SharedStore = Arc::new(Hiding(host.environment().store));
    watermark_by(&host, Arc::clone(&hiding)).await;
    wait(1_200).await;
    let other = Arc::clone(&host);
    let publishes = happening(async move { assert_ne!(watermark(&other).await, 0) });
    let late = Meanwhile::new(hiding, is_publication, publishes);
    let watermark_ms = watermark_by(&host, late.clone()).await;
    assert!(late.has_happened() && watermark_ms <= started_ms, "{watermark_ms} is after {started_ms}");
}

fn is_publication(request: &Request) -> bool {
    matches!(request, Request::Update(update) if format!("{:?}", update.key).contains("watermark"))
}

/// A collector that has read the watermark, and publishes when others have published several.
async fn publishes_late(cycles_before: u32) {
    let host = Arc::new(host().await);
    wait(5_000).await;
    for _ in 0..cycles_before {
        watermark(&host).await;
        wait(1_200).await;
    }
    let other = Arc::clone(&host);
    let cycles = happening(async move {
        for _ in 0..4 {
            watermark(&other).await;
            wait(1_200).await;
        }
    });
    let late = Meanwhile::new(host.environment().store, is_publication, cycles);
    let before_ms = clock().now_ms();
    watermark_by(&host, late.clone()).await;
    assert!(late.has_happened());
    assert!(watermark(&host).await > before_ms, "what was published stays");
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_comes_late_takes_no_watermark_back() {
    for cycles_before in [1, 0] {
        publishes_late(cycles_before).await;
    }
}

/// An instance may come to be shown that has started before it, by a clock that is behind. Nothing is made good by a
/// watermark that goes back, and what it says could not be relied on.
#[tokio::test(start_paused = true)]
async fn an_index_that_shows_somebody_late_takes_no_watermark_back() {
    let (host, started_ms) = with_one_open().await;
    let hiding: SharedStore = Arc::new(Hiding(host.environment().store));
    let mut published_ms = 0;
    for _ in 0..4 {
        wait(1_200).await;
        published_ms = watermark_by(&host, Arc::clone(&hiding)).await;
    }
    assert!(started_ms < published_ms);
    for _ in 0..4 {
        wait(1_200).await;
        assert_eq!(watermark(&host).await, published_ms);
    }
}
