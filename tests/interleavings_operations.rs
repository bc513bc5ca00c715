//! Interleavings of two and of three attempts of one instance, for each kind of operation, with logs that are full all
//! the time and that hold two entries; and what else meets on one row.
//!
//! Each test takes a random sample, the same in every run; `cargo xtask interleave` exhausts them, or those in which
//! attempts are interrupted a few times at most.

#![expect(clippy::print_stdout, reason = "how many interleavings were run is worth seeing")]

#[path = "common/interleavings.rs"]
mod interleavings;

use beldi::prelude::*;
use beldi::testing::{Contest, Interleavings};
use beldi::{Call, ClientError};
use interleavings::all_or;

beldi::service!(Shop = "shop");
beldi::service!(Bank = "bank");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "counters")]
struct Counter {
    #[beldi(partition_key)]
    name: String,
    count: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
struct Account {
    #[beldi(partition_key)]
    owner: String,
    balance: i64,
}

const ROW: &str = "row";

#[beldi::function(service = Shop)]
async fn puts(count: i64) {
    Counter { name: ROW.to_owned(), count }.put().await;
}

#[beldi::function(service = Shop)]
async fn adds(amount: i64) {
    Counter::update(ROW).add(Counter::COUNT, amount).await;
}

#[beldi::function(service = Shop)]
async fn deletes() {
    Counter::delete(ROW).await;
}

#[beldi::function(service = Shop)]
async fn takes() -> bool {
    Counter::update(ROW).add(Counter::COUNT, -1).when(Counter::COUNT.ge(1)).await.is_ok()
}

#[beldi::function(service = Shop)]
async fn puts_if_few(count: i64) -> bool {
    Counter { name: ROW.to_owned(), count }.put().when(Counter::COUNT.lt(100)).await.is_ok()
}

#[beldi::function(service = Shop)]
async fn deletes_if(count: i64) -> bool {
    Counter::delete(ROW).when(Counter::COUNT.eq(count)).await.is_ok()
}

/// Twice the same row, with an observation before each.
#[beldi::function(service = Shop)]
async fn reads_and_writes() -> (i64, i64) {
    let first = Counter::get(ROW).await.map_or(0, |counter| counter.count);
    Counter::update(ROW).add(Counter::COUNT, 1).await;
    let second = Counter::get(ROW).await.map_or(0, |counter| counter.count);
    Counter::update(ROW).add(Counter::COUNT, 10).await;
    (first, second)
}

#[beldi::function(service = Shop)]
async fn reads_all() -> usize {
    let found = Counter::scan().await.items.len();
    Counter::update(ROW).add(Counter::COUNT, 1).await;
    found
}

#[beldi::function(service = Shop)]
async fn queries() -> Vec<i64> {
    let found = Counter::query(ROW).await.items.into_iter().map(|counter| counter.count).collect();
    Counter::update(ROW).add(Counter::COUNT, 1).await;
    found
}

/// One that is there, and one that never is.
#[beldi::function(service = Shop)]
async fn reads_both() -> Vec<i64> {
    let found = Counter::batch_get([ROW, "none"]).await;
    Counter::update(ROW).add(Counter::COUNT, 1).await;
    found.into_iter().flatten().map(|counter| counter.count).collect()
}

/// What is another one each time it is asked for.
#[beldi::function(service = Shop)]
async fn draws() -> (String, u64, std::time::SystemTime) {
    let drawn = (beldi::uuid().await.to_string(), beldi::random().await, beldi::now().await);
    Counter::update(ROW).add(Counter::COUNT, 1).await;
    drawn
}

#[beldi::function(service = Shop)]
async fn branches() -> i64 {
    let ((), balance) = beldi::join!(Counter::update(ROW).add(Counter::COUNT, 1), balance());
    balance
}

#[beldi::function(service = Shop)]
async fn transacts() -> Result<i64, ()> {
    beldi::txn! {
        let count = Counter::get(ROW).await.map_or(0, |counter| counter.count);
        Counter { name: ROW.to_owned(), count: count + 1 }.put().await;
        Ok(count)
    }
}

#[beldi::function(service = Shop)]
async fn locks() -> i64 {
    let guard = beldi::lock::<Counter>(ROW).await;
    let count = Counter::get(ROW).await.map_or(0, |counter| counter.count);
    Counter { name: ROW.to_owned(), count: count + 1 }.put().await;
    guard.unlock().await;
    count
}

#[beldi::function(service = Shop)]
async fn acts() -> u32 {
    let charged = beldi::external("charge", |_| async { Ok::<u32, String>(1) }).await.unwrap_or_default();
    Counter::update(ROW).add(Counter::COUNT, i64::from(charged)).await;
    charged
}

#[beldi::function(service = Shop)]
async fn calls() -> i64 {
    let balance = deposit(1).await;
    Counter::update(ROW).add(Counter::COUNT, balance).await;
    balance
}

#[beldi::function(service = Shop)]
async fn asks() -> i64 {
    let balance = balance().await;
    Counter::update(ROW).add(Counter::COUNT, 1).await;
    balance
}

/// The callee may run while this one, or a second attempt of it, still accepts it.
#[beldi::function(service = Shop)]
async fn sends() {
    deposit(1).detach().await;
    Counter::update(ROW).add(Counter::COUNT, 1).await;
}

#[beldi::function(service = Bank)]
async fn deposit(amount: i64) -> i64 {
    let mut account = Account::get("ann").await.unwrap_or(Account { owner: "ann".to_owned(), balance: 0 });
    account.balance += amount;
    account.put().await;
    account.balance
}

#[beldi::function(service = Bank, read_only)]
async fn balance() -> i64 {
    Account::get("ann").await.map_or(0, |account| account.balance)
}

#[beldi::function(service = Shop, read_only)]
async fn count() -> i64 {
    Counter::get(ROW).await.map_or(0, |counter| counter.count)
}

/// So many attempts of one instance, all but the first in replay, with whatever else happens. Gives their result.
async fn attempts<F: Function<Output: PartialEq + std::fmt::Debug>>(
    contest: &Contest,
    attempts: usize,
    call: impl Fn() -> Call<F>,
    beside: impl Future<Output = Result<(), ClientError>>,
) -> Result<F::Output, String> {
    let all = (0..attempts).map(|number| contest.attempt("one", number > 0, call()));
    let (results, beside) = tokio::join!(futures_util::future::join_all(all), beside);
    beside.map_err(|error| error.to_string())?;
    contest.settle().await;
    let mut results = results.into_iter().map(|result| result.map_err(|error| error.to_string()));
    let first = results.next().unwrap_or(Err("no attempt".to_owned()))?;
    for other in results {
        let other = other?;
        if other != first {
            return Err(format!("one attempt gives {first:?}, another {other:?}"));
        }
    }
    Ok(first)
}

/// What is left: the count, and the balance.
async fn left(contest: &Contest) -> (i64, i64) {
    contest.host().settle().await.expect("at rest");
    let client = contest.client();
    (client.call(count()).await.expect("a count"), client.call(balance()).await.expect("a balance"))
}

async fn adds_beside(contest: &Contest) -> Result<(), ClientError> {
    contest.attempt("other", false, adds(100)).await
}

/// Explores a scenario with each size of the row log, and says how many interleavings there were.
async fn explore<U: Future<Output = Result<(), String>>>(test: &str, sizes: &[usize], scenario: impl Fn(Contest) -> U) {
    for entries in sizes {
        let sample = |all: Interleavings| all.sample(1_868 + *entries as u64, 30);
        let explored = all_or(sample, Interleavings::new().log_entries(*entries)).explore(&scenario).await;
        println!("{test}, {entries} entries: {explored}");
        explored.assert_passed();
    }
}

fn one_of<T: PartialEq + std::fmt::Debug>(found: &T, allowed: &[T]) -> Result<(), String> {
    if allowed.contains(found) { Ok(()) } else { Err(format!("no serial order gives {found:?}")) }
}

/// Two attempts beside another writer, and three alone. `$left` gives what
/// may be left of the row beside the other writer, which adds 100, for the result; without it, what is left is that less
/// 100.
macro_rules! operations {
    ($($(#[$doc:meta])* $test:ident: $call:expr, $before:expr,
        |$result:pat_param| $left:expr, $balance:literal;)+) => {$(
        mod $test {
            use super::*;

            $(#[$doc])*
            #[tokio::test(start_paused = true)]
            async fn twice_beside_a_writer() {
                let name = concat!(stringify!($test), ", two attempts and a writer");
                explore(name, &[1, 2], |contest: Contest| async move {
                    contest.before(puts($before)).await.expect("a row");
                    let $result = attempts(&contest, 2, || $call, adds_beside(&contest)).await?;
                    let allowed: Vec<(i64, i64)> = $left.iter().map(|count| (*count, $balance)).collect();
                    one_of(&left(&contest).await, &allowed)
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn three_times() {
                let name = concat!(stringify!($test), ", three attempts");
                explore(name, &[1, 2], |contest: Contest| async move {
                    contest.before(puts($before)).await.expect("a row");
                    let alone = async { Ok(()) };
                    let $result = attempts(&contest, 3, || $call, alone).await?;
                    let allowed: Vec<(i64, i64)> =
                        $left.iter().flat_map(|count| [(*count, $balance), (*count - 100, $balance)]).collect();
                    one_of(&left(&contest).await, &allowed)
                })
                .await;
            }
        }
    )+};
}

operations! {
    put: puts(7), 0, |()| [7, 107], 0;
    update: adds(1), 0, |()| [101], 0;
    delete: deletes(), 5, |()| [0, 100], 0;
    condition_that_holds: takes(), 1, |taken| if taken { [100] } else { [-1] }, 0;
    condition_that_comes_to_hold: takes(), 0, |taken| if taken { [99] } else { [100] }, 0;
    two_reads_and_writes: reads_and_writes(), 0,
        |(first, second)| if [(0, 1), (0, 101), (100, 101)].contains(&(first, second)) { [111] } else { [-1] }, 0;
    put_on_a_condition: puts_if_few(7), 0, |put| if put { [107] } else { [100] }, 0;
    delete_on_a_condition: deletes_if(5), 5, |deleted| if deleted { [100] } else { [105] }, 0;
    query: queries(), 0, |found| if [vec![0], vec![100]].contains(&found) { [101] } else { [-1] }, 0;
    batch_get: reads_both(), 0, |found| if [vec![0], vec![100]].contains(&found) { [101] } else { [-1] }, 0;
    clock_ids_and_random: draws(), 0, |_| [101], 0;
    join: branches(), 0, |_| [101], 0;
    transaction: transacts(), 0, |before| if [Ok(0), Ok(100)].contains(&before) { [101] } else { [-1] }, 0;
    scan: reads_all(), 0, |found| if found == 1 { [101] } else { [-1] }, 0;
    lock: locks(), 0, |_| [101], 0;
    external: acts(), 0, |_| [101], 0;
    call: calls(), 0, |_| [101], 1;
    read_only_call: asks(), 0, |_| [101], 0;
    detached_call: sends(), 0, |()| [101], 1;
}

/// Three writers, each of whose writes finds the log full.
#[tokio::test(start_paused = true)]
async fn rolls_against_rolls() {
    explore("rolls_against_rolls", &[1, 2], |contest: Contest| async move {
        contest.before(puts(0)).await.expect("a row");
        let (one, two, three) = tokio::join!(
            contest.attempt("one", false, adds(1)),
            contest.attempt("two", false, adds(10)),
            contest.attempt("three", false, adds(100)),
        );
        one.and(two).and(three).map_err(|error| error.to_string())?;
        one_of(&left(&contest).await, &[(111, 0)])
    })
    .await;
}

/// A collector that takes a living attempt for dead: whatever it starts again agrees with it.
#[tokio::test(start_paused = true)]
async fn a_collector_against_a_living_attempt() {
    explore("a_collector_against_a_living_attempt", &[1, 2], |contest: Contest| async move {
        contest.before(puts(0)).await.expect("a row");
        let collects = async {
            contest.collect(Shop::NAME).await;
            Ok(())
        };
        let (first, second) = attempts(&contest, 1, reads_and_writes, collects).await?;
        one_of(&(first, second), &[(0, 1)])?;
        one_of(&left(&contest).await, &[(11, 0)])
    })
    .await;
}

/// Two of them, so that one claims what the other has just claimed.
#[tokio::test(start_paused = true)]
async fn two_collectors_against_a_living_attempt() {
    explore("two_collectors_against_a_living_attempt", &[1, 2], |contest: Contest| async move {
        contest.before(puts(0)).await.expect("a row");
        let collect = async {
            tokio::join!(contest.collect(Shop::NAME), contest.collect(Shop::NAME));
            Ok(())
        };
        attempts(&contest, 1, || adds(1), collect).await?;
        one_of(&left(&contest).await, &[(1, 0)])
    })
    .await;
}

/// A callee that its caller's collector has started, while the caller still delivers it.
#[tokio::test(start_paused = true)]
async fn a_detached_call_against_its_collector() {
    explore("a_detached_call_against_its_collector", &[1, 2], |contest: Contest| async move {
        let collects = async {
            contest.collect(Bank::NAME).await;
            Ok(())
        };
        attempts(&contest, 1, sends, collects).await?;
        one_of(&left(&contest).await, &[(1, 1)])
    })
    .await;
}
