//! Attempts that come back late, beside garbage collection: nothing is reclaimed that they ask for.

use std::sync::Arc;
use std::time::Duration;

use beldi::host::{LocalHost, When};
use beldi::testing::fresh_store;
use beldi::{InstanceId, Settings};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::world::*;

/// Rolls a log with every write.
fn tiny() -> Settings {
    Settings { log_entries: 1, ..settings() }
}

async fn with(plan: &Arc<Plan>) -> LocalHost {
    start(fresh_store().await.expect("a store"), tiny(), Some(Arc::clone(plan))).await
}

async fn wait(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

/// Collects garbage and writes the row, so that its log is rolled under every watermark.
async fn roll(host: &LocalHost, times: u32) {
    for _ in 0..times {
        host.collect_garbage().await.expect("the store answers");
        call(&host.client(), read_and_add("tea".into())).await;
        wait(10).await;
    }
}

/// A zombie of an instance that is done comes back when the log of its row has been rolled under many watermarks. If
/// the entry of its instance had been reclaimed meanwhile, it would add a second time.
#[tokio::test(start_paused = true)]
async fn an_attempt_of_an_old_instance_comes_back_while_garbage_is_collected() {
    // Every attempt of the instance but its first; the first dies, and leaves an intent.
    let plan = Plan::new(|point| before(point, "add", "UpdateItem stock"), 2, Then::Stall(Duration::from_millis(850)));
    let dies = Plan::new(|point| before(point, "add", "UpdateItem stock"), 1, Then::Crash);
    let store = fresh_store().await.expect("a store");
    let first = start(store.clone(), tiny(), Some(dies)).await;
    assert_eq!(try_call(&first.client(), "one", add("tea".into())).await, None);
    // In this process the same point is reached once more before the second stalls there.
    let host = start(store, tiny(), Some(plan.clone())).await;
    call(&host.client(), add("other".into())).await;
    wait(5_000).await;
    let client = host.client();
    let zombie = tokio::spawn(async move { try_call(&client, "one", add("tea".into())).await });
    wait(100).await;
    assert!(plan.has_struck());
    assert_eq!(try_call(&host.client(), "one", add("tea".into())).await, Some(()));
    roll(&host, 20).await;
    zombie.await.expect("no panic");
    assert_eq!(call(&host.client(), free("tea".into())).await, 21);
}

/// An attempt that only reads has a start, and no record that tells of it. A watermark that went by what is journaled
/// alone would be later than that start, and what the attempt is going to ask for would be reclaimed.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_has_left_no_record_yet_is_not_overlooked() {
    // It reads, and puts its first record much later, with the start that it has had all the time.
    let plan = Plan::new(
        |point| before(point, "read_and_add", "PutItem shop-journal"),
        1,
        Then::Stall(Duration::from_millis(900)),
    );
    let host = with(&plan).await;
    wait(4_800).await;
    let client = host.client();
    let late = tokio::spawn(async move { try_call(&client, "late", read_and_add("slow".into())).await });
    wait(500).await;
    // What is open now would be computed from the present alone; this is the candidate that must not be later.
    host.collect_garbage().await.expect("the store answers");
    late.await.expect("no panic");
    let started_ms = watermark_of_start(&host).await;
    for _ in 0..4 {
        wait(300).await;
        let garbage = host.collect_garbage().await.expect("the store answers");
        assert!(garbage.watermark_ms <= started_ms, "{} is after {started_ms}", garbage.watermark_ms);
    }
}

/// The start of the only instance in the shop, as its journal has it.
async fn watermark_of_start(host: &LocalHost) -> u64 {
    let records = items(host, "shop-journal").await;
    let start = records.iter().find_map(|record| record.get("start"));
    match start {
        Some(beldi::store::AttributeValue::N(start)) => start.parse().expect("a number"),
        other => panic!("{other:?}"),
    }
}

/// A writer that has seen a full log and stalls must not take another log of the same size for it. The row had become a
/// tombstone whose log was full, garbage collection removed it, and it was made again: with as many entries, at the
/// same epoch 0. The writer's roll overwrote the new log, and the next attempt of an instance in it wrote twice.
#[tokio::test(start_paused = true)]
async fn a_row_that_was_removed_and_made_again_is_another_row() {
    let plan =
        Plan::new(|point| before(point, "change", "PutItem shop-journal"), 2, Then::Stall(Duration::from_millis(700)));
    let dies = Plan::new(
        |point| {
            point.invocation.function == "add" && point.action.contains("UpdateItem stock") && !before(point, "add", "")
        },
        1,
        Then::Crash,
    );
    let store = fresh_store().await.expect("a store");
    let host = start(store.clone(), tiny(), Some(plan.clone())).await;
    call(&host.client(), remove("tea".into())).await;
    wait(3_000).await;
    host.collect_garbage().await.expect("the store answers");
    wait(1_200).await;
    let client = host.client();
    let writer = tokio::spawn(async move { try_call(&client, "writer", change("tea".into())).await });
    wait(100).await;
    assert!(plan.has_struck(), "it has seen the full log, and is about to put the segment");
    let garbage = host.collect_garbage().await.expect("the store answers");
    assert_eq!(garbage.tombstones, 1);
    // An instance writes the row, and dies before anybody knows.
    let other = start(store, tiny(), Some(dies)).await;
    assert_eq!(try_call(&other.client(), "once", add("tea".into())).await, None);
    assert_eq!(writer.await.expect("no panic"), Some(true));
    assert_eq!(try_call(&host.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 2);
}

/// A segment that a stalled writer puts for a row that is gone must not pass for one of the row that comes after it.
#[tokio::test(start_paused = true)]
async fn a_segment_of_a_row_that_is_gone_is_no_segment_of_the_next() {
    let plan =
        Plan::new(|point| before(point, "change", "PutItem shop-journal"), 2, Then::Stall(Duration::from_millis(300)));
    let store = fresh_store().await.expect("a store");
    let host = start(store.clone(), tiny(), Some(plan.clone())).await;
    call(&host.client(), remove("tea".into())).await;
    wait(3_000).await;
    host.collect_garbage().await.expect("the store answers");
    wait(1_200).await;
    let client = host.client();
    let writer = tokio::spawn(async move { try_call(&client, "writer", change("tea".into())).await });
    wait(100).await;
    let garbage = host.collect_garbage().await.expect("the store answers");
    assert_eq!(garbage.tombstones, 1);
    // The segment of the old log is put, and the writer's condition does not hold for a row that is not there.
    assert_eq!(writer.await.expect("no panic"), Some(false));
    // Its entry fills the new log at epoch 0. The next writers split it off, and the segment there is not it.
    for n in 1..=3 {
        let dies =
            Plan::new(|point| point.when == When::After && point.action.contains("UpdateItem stock"), 2, Then::Crash);
        let other = start(store.clone(), tiny(), Some(dies)).await;
        try_call(&other.client(), &format!("once {n}"), add("tea".into())).await;
        call(&host.client(), add("tea".into())).await;
        assert_eq!(try_call(&host.client(), &format!("once {n}"), add("tea".into())).await, Some(()));
        assert_eq!(call(&host.client(), free("tea".into())).await, 2 * n);
    }
}

/// Removes the row, and lets a writer see its full log and stall before it puts the segment; meanwhile the row goes.
async fn overtaken(collector: &LocalHost, host: &LocalHost, plan: &Plan) -> JoinHandle<Option<bool>> {
    call(&host.client(), remove("tea".into())).await;
    wait(3_000).await;
    collector.collect_garbage().await.expect("the store answers");
    wait(1_200).await;
    let client = host.client();
    let writer = tokio::spawn(async move { try_call(&client, "writer", change("tea".into())).await });
    wait(100).await;
    assert!(plan.has_struck(), "it has seen the full log, and is about to put the segment");
    let garbage = collector.collect_garbage().await.expect("the store answers");
    assert_eq!(garbage.tombstones, 1);
    writer
}

/// The same where the writer's process does not collect garbage, and so knows an old watermark: the segment that it has
/// put itself is of the row that is gone, and as large as the log that it is to split off from the new one. Taken for
/// the same, it would lose the entry of an instance that is still to be repeated.
#[tokio::test(start_paused = true)]
async fn a_segment_of_a_row_that_is_gone_is_known_by_its_entries_where_the_watermark_is_not() {
    a_segment_of_a_row_that_is_gone(0).await;
}

/// The same where the row that is gone was at a later epoch. A search of the new row's segments came to that segment
/// first, took what is older for older than the instance, and did not look into the segment of epoch 0.
#[tokio::test(start_paused = true)]
async fn a_segment_of_a_row_that_is_gone_does_not_end_a_search() {
    a_segment_of_a_row_that_is_gone(1).await;
}

async fn a_segment_of_a_row_that_is_gone(rolls: u32) {
    let plan =
        Plan::new(|point| before(point, "change", "PutItem shop-journal"), 2, Then::Stall(Duration::from_millis(300)));
    let dies =
        Plan::new(|point| point.when == When::After && point.action.contains("UpdateItem stock"), 1, Then::Crash);
    let store = fresh_store().await.expect("a store");
    let collector = start(store.clone(), tiny(), None).await;
    let host = start(store.clone(), tiny(), Some(plan.clone())).await;
    for _ in 0..rolls {
        call(&host.client(), add("tea".into())).await;
    }
    let writer = overtaken(&collector, &host, &plan).await;
    // The first entry of the new row belongs to an instance that dies before anybody knows.
    let other = start(store, tiny(), Some(dies)).await;
    assert_eq!(try_call(&other.client(), "once", add("tea".into())).await, None);
    assert_eq!(writer.await.expect("no panic"), Some(true));
    assert_eq!(try_call(&host.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 2);
}

/// A stalled writer, whose limit is larger, puts a log of a row that is gone where the next row has put a shorter one.
/// That one was replaced as if its log had only grown, and its entries were lost.
#[tokio::test(start_paused = true)]
async fn a_longer_log_of_a_row_that_is_gone_replaces_no_segment_of_the_next() {
    let store = fresh_store().await.expect("a store");
    let plan =
        Plan::new(|point| before(point, "change", "PutItem shop-journal"), 2, Then::Stall(Duration::from_millis(300)));
    let collector = start(store.clone(), tiny(), None).await;
    let host = start(store.clone(), Settings { log_entries: 2, ..settings() }, Some(plan.clone())).await;
    call(&host.client(), add("tea".into())).await;
    let writer = overtaken(&collector, &host, &plan).await;
    let dies =
        Plan::new(|point| point.when == When::After && point.action.contains("UpdateItem stock"), 1, Then::Crash);
    let other = start(store, tiny(), Some(dies)).await;
    assert_eq!(try_call(&other.client(), "once", add("tea".into())).await, None);
    call(&collector.client(), add("tea".into())).await;
    let changed = writer.await.expect("no panic");
    assert_eq!(try_call(&collector.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&collector.client(), free("tea".into())).await, 2 + i64::from(changed == Some(true)));
}

/// A writer that has seen the first live epoch and stalls must not set it back: garbage collection has moved it, and
/// deleted the segments. The row then seemed to have segments for ever, which every write had to search.
#[tokio::test(start_paused = true)]
async fn a_roll_does_not_take_the_first_live_epoch_back() {
    let plan = Plan::new(|point| before(point, "add", "UpdateItem stock"), 5, Then::Stall(Duration::from_millis(700)));
    let host = with(&plan).await;
    for _ in 0..2 {
        call(&host.client(), add("tea".into())).await;
    }
    wait(3_000).await;
    host.collect_garbage().await.expect("the store answers");
    wait(1_200).await;
    let client = host.client();
    let writer = tokio::spawn(async move { try_call(&client, "writer", add("tea".into())).await });
    wait(100).await;
    assert!(plan.has_struck());
    let garbage = host.collect_garbage().await.expect("the store answers");
    assert!(garbage.segments > 0);
    assert_eq!(writer.await.expect("no panic"), Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 3);
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// A writer puts a segment and stalls before the roll; meanwhile the segment falls below the watermark and is deleted.
/// If it could still be rolled, the row would have a live epoch without a segment, for ever.
#[tokio::test(start_paused = true)]
async fn a_roll_that_was_begun_is_not_made_without_its_segment() {
    let plan = Plan::new(|point| before(point, "add", "UpdateItem stock"), 3, Then::Stall(Duration::from_millis(700)));
    let host = with(&plan).await;
    call(&host.client(), add("tea".into())).await;
    wait(3_000).await;
    host.collect_garbage().await.expect("the store answers");
    wait(1_200).await;
    let client = host.client();
    let writer = tokio::spawn(async move { try_call(&client, "writer", add("tea".into())).await });
    wait(100).await;
    assert!(plan.has_struck());
    let garbage = host.collect_garbage().await.expect("the store answers");
    assert_eq!(garbage.segments, 1);
    assert_eq!(writer.await.expect("no panic"), Some(()));
    assert_eq!(call(&host.client(), free("tea".into())).await, 2);
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// A host whose instances of `add` and `remove` with the key "parked" die after so many updates, and are parked.
async fn parking(log_entries: usize, updates: u32) -> LocalHost {
    let key = |function| InstanceId::from_idempotency_key("shop", function, "parked");
    let plan = Plan::new(
        |point| {
            point.when == When::After
                && point.action.contains("UpdateItem stock")
                && is_parked(point.invocation.instance)
        },
        updates,
        Then::Crash,
    );
    assert!(is_parked(key("add")) && is_parked(key("remove")));
    let settings = Settings { max_attempts: 1, log_entries, ..settings() };
    start(fresh_store().await.expect("a store"), settings, Some(plan)).await
}

fn is_parked(instance: InstanceId) -> bool {
    ["add", "remove"]
        .into_iter()
        .any(|function| instance == InstanceId::from_idempotency_key("shop", function, "parked"))
}

/// Lets the parked instance run again, to its end.
async fn restart(host: &LocalHost) {
    let client = host.client();
    let (instance, _) = client.parked("shop").await.expect("the parked").remove(0);
    assert!(client.restart("shop", instance).await.expect("the store answers"));
    host.settle().await.expect("the store answers");
    assert_eq!(client.parked("shop").await.expect("the parked"), []);
}

async fn cycles(host: &LocalHost, times: u32) {
    for _ in 0..times {
        wait(1_200).await;
        host.collect_garbage().await.expect("the store answers");
    }
}

/// An operator restarts a parked instance long after it has written. If the segment with its entry were gone, as those
/// before it are, it would add a second time.
#[tokio::test(start_paused = true)]
async fn an_instance_that_is_parked_finds_what_it_has_written() {
    // An update that finds the log full, and the roll.
    let host = parking(1, 2).await;
    for _ in 0..3 {
        call(&host.client(), add("tea".into())).await;
    }
    wait(3_000).await;
    assert_eq!(try_call(&host.client(), "parked", add("tea".into())).await, None);
    assert_eq!(call(&host.client(), free("tea".into())).await, 4, "it has written");
    for _ in 0..2 {
        call(&host.client(), add("tea".into())).await;
    }
    host.settle().await.expect("the store answers");
    cycles(&host, 6).await;
    assert!(host.statistics().garbage.segments > 0, "those before it go");
    for _ in 0..3 {
        call(&host.client(), add("tea".into())).await;
        cycles(&host, 1).await;
    }
    restart(&host).await;
    assert_eq!(call(&host.client(), free("tea".into())).await, 9);
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// The same of an instance that has removed a row: without the tombstone it would remove the row that another one has
/// made since.
#[tokio::test(start_paused = true)]
async fn a_tombstone_that_is_needed_by_a_parked_instance_stays() {
    let host = parking(16, 1).await;
    call(&host.client(), remove("tea".into())).await;
    wait(3_000).await;
    assert_eq!(try_call(&host.client(), "parked", remove("tea".into())).await, None);
    host.settle().await.expect("the store answers");
    cycles(&host, 6).await;
    assert_eq!(items(&host, "stock").await.len(), 1);
    call(&host.client(), add("tea".into())).await;
    restart(&host).await;
    assert_eq!(call(&host.client(), free("tea".into())).await, 1, "it had removed the row before");
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}
