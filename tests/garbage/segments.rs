//! How far back an instance looks for what it has written: to its own start, whatever a row has seen before.

use std::sync::Arc;
use std::time::Duration;

use beldi::host::{CrashPoint, LocalHost, When};
use beldi::store::{AttributeValue, Attributes, Counting, SharedStore};
use beldi::testing::{fresh_store, locked_rows};
use beldi::{Call, Function, InstanceId, Settings, World};
use tokio::time::sleep;

use crate::collectors::lock_by_hand;
use crate::world::*;

/// A clock that is behind another.
struct Behind(Clock, Duration);

impl World for Behind {
    fn now_ms(&self) -> u64 {
        self.0.now_ms() - self.1.as_millis() as u64
    }

    fn fresh_id(&self) -> InstanceId {
        self.0.fresh_id()
    }
}

/// A host whose requests are counted.
async fn counted(log_entries: usize) -> (LocalHost, Arc<Counting>) {
    let counting = Arc::new(Counting::new(fresh_store().await.expect("a store")));
    let settings = Settings { log_entries, ..settings() };
    (start(Arc::clone(&counting) as _, settings, None).await, counting)
}

/// Long enough for the next instance to have started after all that is there.
async fn a_while() {
    sleep(Duration::from_millis(1_200)).await;
}

/// Updates of the row, and queries of the journal.
async fn cost<F: Function>(host: &LocalHost, counting: &Counting, work: Call<F>) -> (u64, u64) {
    counting.reset();
    call(&host.client(), work).await;
    // What follows the reply.
    sleep(Duration::from_millis(10)).await;
    let counts = counting.counts();
    (counts.of("stock", "UpdateItem"), counts.of("shop-journal", "Query"))
}

/// Each of these cost three requests in place of one: a refused update, a query of all live segments of the row, and
/// an update at its epoch.
#[tokio::test(start_paused = true)]
async fn a_row_with_segments_costs_a_new_instance_what_others_cost() {
    let (host, counting) = counted(4).await;
    for _ in 0..5 {
        call(&host.client(), add("tea".into())).await;
    }
    call(&host.client(), add("coffee".into())).await;
    a_while().await;
    for article in ["coffee", "tea"] {
        assert_eq!(cost(&host, &counting, add(article.into())).await, (1, 0), "{article}");
        assert_eq!(cost(&host, &counting, guarded(article.into())).await, (2, 0), "{article}");
    }
    let (host, counting) = counted(4).await;
    for _ in 0..5 {
        call(&host.client(), add("tea".into())).await;
    }
    a_while().await;
    assert_eq!(cost(&host, &counting, look(vec!["tea".into()], false)).await, (2, 0));
}

/// A host on which the first attempt of `add` dies when it has written.
async fn dying(store: SharedStore) -> LocalHost {
    let wrote =
        Plan::new(|point| point.when == When::After && point.action.contains("UpdateItem stock"), 1, Then::Crash);
    start(store, Settings { log_entries: 1, ..settings() }, Some(wrote)).await
}

/// The entry is in a segment that ended, by the clock of who rolled the log, before the instance started.
#[tokio::test(start_paused = true)]
async fn an_instance_finds_what_it_has_written_whatever_the_clock_of_who_rolled_the_log() {
    let store = fresh_store().await.expect("a store");
    let first = dying(store.clone()).await;
    let slow = LocalHost::builder(store)
        .world(Behind(clock(), Duration::from_millis(90)))
        .settings(Settings { log_entries: 1, ..settings() });
    let slow = slow.collect_every(None).collect_garbage_every(None).start().await.expect("a host");
    assert_eq!(try_call(&first.client(), "once", add("tea".into())).await, None);
    call(&slow.client(), add("tea".into())).await;
    assert_eq!(try_call(&first.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&slow.client(), free("tea".into())).await, 2, "each has added one");
}

/// Otherwise the segment would be looked for before that epoch, and two segments would have one name.
#[tokio::test(start_paused = true)]
async fn a_roll_by_a_clock_that_is_behind_ends_the_epoch_too() {
    let store = fresh_store().await.expect("a store");
    let settings = Settings { log_entries: 1, ..settings() };
    let slow =
        LocalHost::builder(store.clone()).world(Behind(clock(), Duration::from_millis(90))).settings(settings.clone());
    let slow = slow.collect_every(None).collect_garbage_every(None).start().await.expect("a host");
    let fast = start(store.clone(), settings, None).await;
    for _ in 0..2 {
        call(&fast.client(), add("tea".into())).await;
    }
    let dying = dying(store).await;
    assert_eq!(try_call(&dying.client(), "once", add("tea".into())).await, None);
    call(&slow.client(), add("tea".into())).await;
    assert_eq!(try_call(&dying.client(), "once", add("tea".into())).await, Some(()));
    assert_eq!(call(&slow.client(), free("tea".into())).await, 4);
}

/// How many queries it costs to find an entry after so many rolls, in a row that had so many segments before.
async fn queries(before: u64, after: u64) -> u64 {
    let counting = Arc::new(Counting::new(fresh_store().await.expect("a store")));
    let other = start(Arc::clone(&counting) as _, Settings { log_entries: 1, ..settings() }, None).await;
    let roll = async |times: u64| {
        for _ in 0..times {
            call(&other.client(), read_and_add("tea".into())).await;
        }
    };
    roll(before).await;
    a_while().await;
    let host = dying(Arc::clone(&counting) as _).await;
    assert_eq!(try_call(&host.client(), "once", add("tea".into())).await, None);
    roll(after).await;
    counting.reset();
    assert_eq!(try_call(&host.client(), "once", add("tea".into())).await, Some(()));
    let queries = counting.counts().of("shop-journal", "Query");
    assert_eq!(call(&host.client(), free("tea".into())).await, (before + after + 1) as i64);
    queries
}

/// A search went through everything that the watermark had not passed yet.
#[tokio::test(start_paused = true)]
async fn a_search_ends_where_the_instance_has_started() {
    let loading = queries(40, 0).await;
    assert_eq!(queries(0, 3).await, loading + 1);
    assert_eq!(queries(40, 3).await, loading + 1, "older segments are not read");
    assert_eq!(queries(40, 20).await, loading + 2, "younger ones all are");
    assert_eq!(queries(0, 90).await, loading + 3, "16, 64 and 256");
}

/// Whether somebody holds the row while a call runs into it, or takes it only when that has been overtaken.
#[derive(Clone, Copy, PartialEq)]
enum Held {
    First,
    Later,
}

/// A call that is stopped before its nth try of what these points are. Another attempt of it comes to its end, and what
/// that has left is rolled away. Then the first one goes on.
async fn overtaken<F: Function>(
    (tries, nth): (fn(&CrashPoint) -> bool, u32),
    held: Held,
    work: fn() -> Call<F>,
) -> (LocalHost, F::Output, F::Output)
where
    F::Output: Sync,
{
    let late = Plan::new(tries, nth, Then::Stall(Duration::from_millis(500)));
    let store = fresh_store().await.expect("a store");
    let settings = Settings { log_entries: 4, ..settings() };
    let other = start(store.clone(), settings.clone(), None).await;
    let host = start(store.clone(), settings, Some(late.clone())).await;
    let fill = async || {
        for _ in 0..5 {
            call(&other.client(), add("tea".into())).await;
        }
    };
    let hold = async |verb| {
        let key = Attributes::from([("article".to_owned(), AttributeValue::S("tea".to_owned()))]);
        store.update(lock_by_hand(verb, key)).await.expect("the store answers");
    };
    fill().await;
    if held == Held::First {
        hold("SET").await;
    }
    let client = host.client();
    let slow = tokio::spawn(async move { try_call(&client, "once", work()).await });
    sleep(Duration::from_millis(50)).await;
    assert!(late.has_struck(), "it has stopped");
    if held == Held::First {
        hold("REMOVE").await;
    }
    let ahead = try_call(&other.client(), "once", work()).await.expect("an answer");
    fill().await;
    if held == Held::Later {
        hold("SET").await;
        sleep(Duration::from_millis(600)).await;
        hold("REMOVE").await;
    }
    let slow = slow.await.expect("no panic").expect("an answer");
    (host, ahead, slow)
}

const ADDS: fn(&CrashPoint) -> bool = |point| before(point, "add", "UpdateItem stock");
const LOOKS: fn(&CrashPoint) -> bool = |point| before(point, "look", "UpdateItem stock");

/// The witness of a look is the epoch that an earlier look has seen. What another attempt writes at that very epoch is
/// in the segment that ends it.
#[tokio::test(start_paused = true)]
async fn who_has_waited_finds_what_another_attempt_has_written_meanwhile() {
    let (host, (), ()) = overtaken((ADDS, 3), Held::First, || add("tea".into())).await;
    assert_eq!(call(&host.client(), free("tea".into())).await, 11);
}

/// Otherwise it would take the row for a transaction that is over, and nobody would take the lock off.
#[tokio::test(start_paused = true)]
async fn who_has_waited_in_a_transaction_finds_that_another_attempt_has_ended_it() {
    let (host, ahead, waited) = overtaken((LOOKS, 3), Held::First, || look(vec!["tea".into()], false)).await;
    assert_eq!((ahead, waited), (Ok(5), Ok(5)));
    assert_eq!(locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
}

/// Who waited first would look from the epoch on that it has seen then, and write twice.
#[tokio::test(start_paused = true)]
async fn who_finds_a_row_held_looks_first_for_what_it_has_written() {
    let (host, (), ()) = overtaken((ADDS, 1), Held::Later, || add("tea".into())).await;
    assert_eq!(call(&host.client(), free("tea".into())).await, 11);
}

/// And in a transaction that is over it would take the row for ever.
#[tokio::test(start_paused = true)]
async fn who_finds_a_row_held_looks_first_for_whether_it_has_ended() {
    let (host, ahead, late) = overtaken((LOOKS, 1), Held::Later, || look(vec!["tea".into()], false)).await;
    assert_eq!((ahead, late), (Ok(5), Ok(5)));
    assert_eq!(locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
}

/// A row that was removed and made again begins at epoch 0. An instance that had read the tombstone before, and so had
/// an epoch of the former life for its witness, did not look into the segment of epoch 0, and wrote twice.
#[tokio::test(start_paused = true)]
async fn a_witness_of_a_former_life_does_not_hide_the_first_segment() {
    let store = fresh_store().await.expect("a store");
    let settings = Settings { log_entries: 1, ..settings() };
    let dying = async |at: fn(&CrashPoint) -> bool, nth| {
        start(store.clone(), settings.clone(), Some(Plan::new(at, nth, Then::Crash))).await
    };
    let other = start(store.clone(), settings.clone(), None).await;
    for _ in 0..2 {
        call(&other.client(), add("tea".into())).await;
    }
    call(&other.client(), remove("tea".into())).await;
    sleep(Duration::from_secs(3)).await;
    other.collect_garbage().await.expect("the store answers");
    a_while().await;
    // It has read the tombstone, and then it is gone.
    let reads = dying(|point| before(point, "read_and_add", "UpdateItem stock"), 1).await;
    assert_eq!(try_call(&reads.client(), "once", read_and_add("tea".into())).await, None);
    let garbage = other.collect_garbage().await.expect("the store answers");
    assert_eq!(garbage.tombstones, 1);
    // The update at the epoch that was seen is refused; the next one makes the row again.
    let writes = dying(|point| point.when == When::After && point.action.contains("UpdateItem stock"), 2).await;
    assert_eq!(try_call(&writes.client(), "once", read_and_add("tea".into())).await, None);
    for _ in 0..2 {
        call(&other.client(), add("tea".into())).await;
    }
    assert_eq!(try_call(&other.client(), "once", read_and_add("tea".into())).await, Some(1));
    assert_eq!(call(&other.client(), free("tea".into())).await, 3);
}

/// The same with an attempt that stalls when it has seen the row at epoch 0. Meanwhile another one writes, and the log
/// is split off: what the first one sends then would be written twice.
#[tokio::test(start_paused = true)]
async fn a_row_that_was_at_epoch_0_may_have_been_rolled_since() {
    let store = fresh_store().await.expect("a store");
    let with = async |plan| start(store.clone(), Settings { log_entries: 2, ..settings() }, plan).await;
    let other = with(None).await;
    for _ in 0..3 {
        call(&other.client(), add("tea".into())).await;
    }
    call(&other.client(), remove("tea".into())).await;
    sleep(Duration::from_secs(3)).await;
    other.collect_garbage().await.expect("the store answers");
    a_while().await;
    let updates = |point: &CrashPoint| before(point, "read_and_add", "UpdateItem stock");
    let reads = with(Some(Plan::new(updates, 1, Then::Crash))).await;
    assert_eq!(try_call(&reads.client(), "once", read_and_add("tea".into())).await, None);
    let garbage = other.collect_garbage().await.expect("the store answers");
    assert_eq!(garbage.tombstones, 1);
    let late = Plan::new(updates, 2, Then::Stall(Duration::from_millis(500)));
    let client = with(Some(Arc::clone(&late))).await.client();
    let waiting = tokio::spawn(async move { try_call(&client, "once", read_and_add("tea".into())).await });
    sleep(Duration::from_millis(100)).await;
    assert!(late.has_struck(), "it has seen that there is no row");
    assert_eq!(try_call(&other.client(), "once", read_and_add("tea".into())).await, Some(1));
    for _ in 0..2 {
        call(&other.client(), add("tea".into())).await;
    }
    assert_eq!(waiting.await.expect("no panic"), Some(1));
    assert_eq!(call(&other.client(), free("tea".into())).await, 3);
}
