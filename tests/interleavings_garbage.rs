//! Interleavings of garbage collection with attempts that come back late, and with another garbage collector, at each of
//! their requests.
//!
//! Time passes where a scenario lets it. A watermark is published three steps after it was computed, and an attempt dies
//! three steps after it has begun; so it lives while what it has done is collected, or nearly.
//!
//! Each test exhausts those in which nobody is interrupted who could go on, but for the end of a cycle and of a step of
//! time, and one some of those with an interruption; `cargo xtask interleave` exhausts these too.

#![expect(clippy::print_stdout, reason = "how many interleavings were run is worth seeing")]

#[path = "common/interleavings.rs"]
mod interleavings;

use std::time::Duration;

use beldi::prelude::*;
use beldi::store::{AttributeValue, Placeholders, ScanItems};
use beldi::testing::{Contest, Interleavings};
use beldi::{Call, Client};
use interleavings::all_or;

beldi::service!(Shop = "shop");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "counters")]
struct Counter {
    #[beldi(partition_key)]
    name: String,
    count: i64,
}

const ROW: &str = "row";

/// Two of them are less than the half hour for which attempts live, and three are more, and more than a watermark takes.
const STEP: Duration = Duration::from_secs(720);

#[beldi::function(service = Shop)]
async fn puts(count: i64) {
    Counter { name: ROW.to_owned(), count }.put().await;
}

#[beldi::function(service = Shop)]
async fn adds(amount: i64) {
    Counter::update(ROW).add(Counter::COUNT, amount).await;
}

/// Adds a hundred, in as many writes as fill a log.
#[beldi::function(service = Shop)]
async fn rolls(entries: usize) {
    for _ in 0..entries {
        Counter::update(ROW).add(Counter::COUNT, 100 / entries as i64).await;
    }
}

/// Adds, and gives what was there before.
#[beldi::function(service = Shop)]
async fn looks_and_adds(amount: i64) -> Option<i64> {
    let before = Counter::get(ROW).await.map(|counter| counter.count);
    Counter::update(ROW).add(Counter::COUNT, amount).await;
    before
}

#[beldi::function(service = Shop)]
async fn deletes() {
    Counter::delete(ROW).await;
}

/// Adds in a transaction.
#[beldi::function(service = Shop)]
async fn commits(amount: i64) -> Result<i64, ()> {
    beldi::txn! {
        let before = Counter::get(ROW).await.map_or(0, |counter| counter.count);
        Counter { name: ROW.to_owned(), count: before + amount }.put().await;
        Ok(before)
    }
}

#[beldi::function(service = Shop, read_only)]
async fn count() -> Option<i64> {
    Counter::get(ROW).await.map(|counter| counter.count)
}

/// Explores a scenario, with row logs of one entry and of two. In the test suite it explores so many interleavings with an
/// interruption, and those of one entry only.
async fn explore<U: Future<Output = Result<(), String>>>(
    test: &str,
    interrupted: usize,
    scenario: impl Fn(Contest, usize) -> U,
) {
    for entries in [1, 2] {
        let interrupted = if entries == 1 { interrupted } else { 0 };
        let first = |all: Interleavings| all.interruptions(0).at_most(interrupted);
        let interleavings = all_or(first, Interleavings::new().log_entries(entries));
        let explored = interleavings.explore(|contest| scenario(contest, entries)).await;
        println!("{test}, {entries} entries: {explored}");
        explored.assert_passed();
    }
}

/// A row with five in it, written long ago, and a garbage collector that has been at work for long.
async fn prepare(contest: &Contest) -> Result<(), String> {
    contest.before(puts(5)).await.map_err(|error| error.to_string())?;
    contest
        .unscheduled(async {
            contest.collect_garbage(Shop::NAME).await;
            contest.pass(3 * STEP).await;
            contest.collect_garbage(Shop::NAME).await;
        })
        .await;
    Ok(())
}

/// Two attempts of an instance that was begun before the contest, and whose first attempt has died. They begin two steps
/// later. So one of them lives while what the other has done falls below a watermark that is computed now, but not while
/// that is published. In the end there is one more, because they may have died.
async fn attempts<F: Function<Output: PartialEq + std::fmt::Debug>>(
    contest: &Contest,
    call: impl Fn() -> Call<F>,
    collects: impl Future<Output = ()>,
    beside: impl Future<Output = ()>,
) -> Result<F::Output, String> {
    contest.begun("one", call(), 2).await;
    contest.pass(2 * STEP).await;
    let attempt = || contest.attempt("one", true, call());
    let (one, two, (), ()) = tokio::join!(attempt(), attempt(), collects, beside);
    contest.settle().await;
    contest.host().settle().await.map_err(|error| error.to_string())?;
    let last = attempt().await.map_err(|error| error.to_string())?;
    for other in [one, two].into_iter().flatten() {
        if other != last {
            return Err(format!("one attempt gives {other:?}, another {last:?}"));
        }
    }
    Ok(last)
}

/// A cycle that publishes the watermark of what was before the contest, reclaims that, and computes the next one; and a
/// cycle that comes too early for that.
async fn collect(contest: &Contest) {
    contest.pass(STEP).await;
    contest.collect_garbage(Shop::NAME).await;
    contest.collect_garbage(Shop::NAME).await;
}

/// What is left of the row, when nothing else is left.
async fn left(contest: &Contest) -> Result<Option<i64>, String> {
    let client: Client = contest.client();
    let left = client.call(count()).await.map_err(|error| error.to_string())?;
    contest
        .unscheduled(async {
            for steps in [3, 3, 3, 3, 1_000, 3] {
                contest.pass(steps * STEP).await;
                contest.collect_garbage(Shop::NAME).await;
            }
        })
        .await;
    let store = contest.host().environment().store;
    for table in ["shop-journal", "counters"] {
        let (table, placeholders) = (table.to_owned(), Placeholders::default());
        let scan = ScanItems { table, filter: None, placeholders, limit: None, start: None, consistent: true };
        let page = store.scan(scan).await.map_err(|error| error.to_string())?;
        let is_watermark = |name: Option<&AttributeValue>| name == Some(&AttributeValue::S("watermark".to_owned()));
        let garbage = page.items.into_iter().find(|item| {
            item.contains_key("instance") && !is_watermark(item.get("instance"))
                || item.contains_key("_beldi_deleted")
                || item.get("_beldi_first") != item.get("_beldi_epoch") && !item.contains_key("instance")
        });
        if let Some(garbage) = garbage {
            return Err(format!("this is left: {garbage:?}"));
        }
    }
    Ok(left)
}

fn one_of<T: PartialEq + std::fmt::Debug>(found: &T, allowed: &[T]) -> Result<(), String> {
    if allowed.contains(found) { Ok(()) } else { Err(format!("no serial order gives {found:?}")) }
}

/// What an attempt has written is in a segment, because another instance has rolled the log, and the segment goes. If the
/// watermark takes force too soon, this finds it among the first with an interruption.
#[tokio::test(start_paused = true)]
async fn a_segment_against_a_zombie() {
    explore("a_segment_against_a_zombie", 600, |contest: Contest, entries| async move {
        prepare(&contest).await?;
        let other = async { drop(contest.attempt("other", false, rolls(entries)).await) };
        attempts(&contest, || adds(1), collect(&contest), other).await?;
        contest.attempt("other", true, rolls(entries)).await.map_err(|error| error.to_string())?;
        one_of(&left(&contest).await?, &[Some(106)])
    })
    .await;
}

/// What an attempt has deleted is a tombstone, which goes, or is a row again.
#[tokio::test(start_paused = true)]
async fn a_tombstone_against_a_zombie() {
    explore("a_tombstone_against_a_zombie", 0, |contest: Contest, _| async move {
        prepare(&contest).await?;
        let other = async { drop(contest.attempt("other", false, looks_and_adds(100)).await) };
        attempts(&contest, deletes, collect(&contest), other).await?;
        let seen = contest.attempt("other", true, looks_and_adds(100)).await.map_err(|error| error.to_string())?;
        // It may have seen the row, and have written when it was gone.
        one_of(&(seen, left(&contest).await?), &[(None, Some(100)), (Some(5), None), (Some(5), Some(100))])
    })
    .await;
}

/// The records of a transaction and what it has locked.
#[tokio::test(start_paused = true)]
async fn a_transaction_against_a_zombie() {
    explore("a_transaction_against_a_zombie", 0, |contest: Contest, _| async move {
        prepare(&contest).await?;
        let before = attempts(&contest, || commits(1), collect(&contest), async {}).await?;
        one_of(&(before, left(&contest).await?), &[(Ok(5), Some(6))])
    })
    .await;
}

/// Two garbage collectors, one of which publishes and reclaims what the other has just seen.
#[tokio::test(start_paused = true)]
async fn two_garbage_collectors() {
    explore("two_garbage_collectors", 0, |contest: Contest, _| async move {
        prepare(&contest).await?;
        let collects = async {
            contest.pass(STEP).await;
            tokio::join!(contest.collect_garbage(Shop::NAME), contest.collect_garbage(Shop::NAME));
        };
        attempts(&contest, || adds(1), collects, async {}).await?;
        one_of(&left(&contest).await?, &[Some(6)])
    })
    .await;
}
