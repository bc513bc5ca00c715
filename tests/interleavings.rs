//! All interleavings of two attempts of one instance with another writer.
//!
//! Each test takes a random sample, the same in every run; `cargo xtask interleave` exhausts them, or
//! those in which attempts are interrupted a few times at most.

#![expect(clippy::print_stdout, reason = "how many interleavings were run is worth seeing")]

#[path = "common/interleavings.rs"]
mod interleavings;

use std::cell::RefCell;
use std::collections::BTreeSet;

use beldi::prelude::*;
use beldi::testing::{Contest, Interleavings};
use beldi::{Call, Function};
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

/// Reads, then writes what it read and one more.
#[beldi::function(service = Shop)]
async fn increment(name: String) -> i64 {
    let mut counter = Counter::get(&name).await.unwrap_or(Counter { name, count: 0 });
    counter.count += 1;
    counter.put().await;
    counter.count
}

/// Writes without having read.
#[beldi::function(service = Shop)]
async fn add(name: String, amount: i64) {
    Counter::update(&name).add(Counter::COUNT, amount).await;
}

/// Takes one if there is one.
#[beldi::function(service = Shop)]
async fn take(name: String) -> Result<(), Option<i64>> {
    let take = Counter::update(&name).add(Counter::COUNT, -1).when(Counter::COUNT.ge(1));
    take.await.map_err(|conflict| conflict.current.map(|counter| counter.count))
}

/// Has no effect, but is not `read_only`: what it returns must not change.
#[beldi::function(service = Shop)]
async fn look_twice(name: String) -> (i64, i64) {
    let first = Counter::get(&name).await.map_or(0, |counter| counter.count);
    let second = Counter::get(&name).await.map_or(0, |counter| counter.count);
    (first, second)
}

/// Observes after its last effect.
#[beldi::function(service = Shop)]
async fn add_and_look(name: String) -> i64 {
    Counter::update(&name).add(Counter::COUNT, 1).await;
    Counter::get(&name).await.map_or(0, |counter| counter.count)
}

/// A branch that reads a row which another branch writes.
#[beldi::function(service = Shop)]
async fn branches(name: String) -> i64 {
    let ((), seen) = beldi::join!(Counter::update(&name).add(Counter::COUNT, 1), async {
        let seen = Counter::get(&name).await.map_or(0, |counter| counter.count);
        deposit(name.clone(), 1).await;
        seen
    });
    seen
}

#[beldi::function(service = Bank)]
async fn deposit(owner: String, amount: i64) -> i64 {
    let mut account = Account::get(&owner).await.unwrap_or(Account { owner, balance: 0 });
    account.balance += amount;
    account.put().await;
    account.balance
}

/// Calls twice, with a write between.
#[beldi::function(service = Shop)]
async fn pay(name: String) -> (i64, i64) {
    let first = deposit(name.clone(), 1).await;
    Counter::update(&name).add(Counter::COUNT, 1).await;
    (first, deposit(name, 10).await)
}

#[beldi::function(service = Shop, read_only)]
async fn count(name: String) -> i64 {
    Counter::get(&name).await.map_or(0, |counter| counter.count)
}

#[beldi::function(service = Bank, read_only)]
async fn balance(owner: String) -> i64 {
    Account::get(&owner).await.map_or(0, |account| account.balance)
}

/// Explores a scenario with logs that are full all the time, and half of the time, and says how many interleavings there
/// were.
async fn explore<U: Future<Output = Result<(), String>>>(test: &str, scenario: impl Fn(Contest) -> U) {
    for entries in [1, 2] {
        let sample = |all: Interleavings| all.sample(20_201_104, 200);
        let explored = all_or(sample, Interleavings::new().log_entries(entries)).explore(&scenario).await;
        println!("{test}, {entries} entries: {explored}");
        explored.assert_passed();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what is compared is of no use afterwards")]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}")) }
}

async fn current_count(contest: &Contest, name: &str) -> i64 {
    contest.client().call(count(name.to_owned())).await.expect("a count")
}

#[tokio::test(start_paused = true)]
async fn a_read_and_a_write_happen_once() {
    explore("a_read_and_a_write_happen_once", |contest: Contest| async move {
        let name = "row".to_owned();
        let (one, two, _) = tokio::join!(
            contest.attempt(name.clone(), false, increment(name.clone())),
            contest.attempt(name.clone(), false, increment(name.clone())),
            contest.attempt("other".to_owned(), false, add("elsewhere".to_owned(), 1)),
        );
        contest.settle().await;
        let (one, two) = (one.expect("a result"), two.expect("a result"));
        same("the attempts' results", one, two)?;
        same("the count", current_count(&contest, &name).await, 1)
    })
    .await;
}

/// With logs of one entry the other writer's writes roll the row while an attempt is held.
#[tokio::test(start_paused = true)]
async fn a_write_after_a_read_is_found_in_a_segment() {
    explore("a_write_after_a_read_is_found_in_a_segment", |contest: Contest| async move {
        let name = "row".to_owned();
        let (one, two, other) = tokio::join!(
            contest.attempt(name.clone(), false, add_after_look(name.clone(), 1)),
            contest.attempt(name.clone(), true, add_after_look(name.clone(), 1)),
            contest.attempt("other".to_owned(), false, add(name.clone(), 100)),
        );
        contest.settle().await;
        one.and(two).and(other).expect("results");
        same("the count", current_count(&contest, &name).await, 101)
    })
    .await;
}

/// Reads for a witness, then adds.
#[beldi::function(service = Shop)]
async fn add_after_look(name: String, amount: i64) {
    let seen = Counter::get(&name).await;
    let _ = seen;
    Counter::update(&name).add(Counter::COUNT, amount).await;
}

#[tokio::test(start_paused = true)]
async fn a_blind_write_happens_once() {
    explore("a_blind_write_happens_once", |contest: Contest| async move {
        let name = "row".to_owned();
        let (one, two, other) = tokio::join!(
            contest.attempt(name.clone(), false, add(name.clone(), 1)),
            contest.attempt(name.clone(), false, add(name.clone(), 1)),
            contest.attempt("other".to_owned(), false, add(name.clone(), 100)),
        );
        contest.settle().await;
        one.and(two).and(other).expect("results");
        same("the count", current_count(&contest, &name).await, 101)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_condition_has_one_outcome() {
    explore("a_condition_has_one_outcome", |contest: Contest| async move {
        let name = "row".to_owned();
        let (one, two, other) = tokio::join!(
            contest.attempt(name.clone(), false, take(name.clone())),
            contest.attempt(name.clone(), false, take(name.clone())),
            contest.attempt("other".to_owned(), false, add(name.clone(), 1)),
        );
        contest.settle().await;
        other.expect("a result");
        let (one, two) = (one.expect("a result"), two.expect("a result"));
        same("the outcomes", one.is_ok(), two.is_ok())?;
        same("the items", one, two)?;
        same("the count", current_count(&contest, &name).await, if two.is_ok() { 0 } else { 1 })
    })
    .await;
}

/// While one attempt has seen its condition fail and not yet said so, another instance makes it hold.
#[tokio::test(start_paused = true)]
async fn a_refusal_shows_a_row_for_which_the_condition_does_not_hold() {
    explore("a_refusal_shows_a_row_for_which_the_condition_does_not_hold", |contest: Contest| async move {
        let name = "row".to_owned();
        let (taken, added) = tokio::join!(
            contest.attempt(name.clone(), false, take(name.clone())),
            contest.attempt("other".to_owned(), false, add(name.clone(), 1)),
        );
        contest.settle().await;
        added.expect("a result");
        let taken = taken.expect("a result");
        same("what the refusal shows", taken.err().flatten().unwrap_or(0), 0)?;
        same("the count", current_count(&contest, &name).await, if taken.is_ok() { 0 } else { 1 })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_was_returned_does_not_change() {
    explore("what_was_returned_does_not_change", |contest: Contest| async move {
        let name = "row".to_owned();
        let (one, two, other) = tokio::join!(
            contest.attempt(name.clone(), false, look_twice(name.clone())),
            contest.attempt(name.clone(), false, look_twice(name.clone())),
            contest.attempt("other".to_owned(), false, add(name.clone(), 1)),
        );
        contest.settle().await;
        other.expect("a result");
        same("the results", one.expect("a result"), two.expect("a result"))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_observation_after_the_last_effect_is_agreed_on() {
    explore("an_observation_after_the_last_effect_is_agreed_on", |contest: Contest| async move {
        let name = "row".to_owned();
        let (one, two, other) = tokio::join!(
            contest.attempt(name.clone(), false, add_and_look(name.clone())),
            contest.attempt(name.clone(), true, add_and_look(name.clone())),
            contest.attempt("other".to_owned(), false, add(name.clone(), 100)),
        );
        contest.settle().await;
        other.expect("a result");
        same("the results", one.expect("a result"), two.expect("a result"))?;
        same("the count", current_count(&contest, &name).await, 101)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn branches_of_a_join_happen_once() {
    explore("branches_of_a_join_happen_once", |contest: Contest| async move {
        let name = "row".to_owned();
        let (one, two) = tokio::join!(
            contest.attempt(name.clone(), false, branches(name.clone())),
            contest.attempt(name.clone(), true, branches(name.clone())),
        );
        contest.settle().await;
        same("the results", one.expect("a result"), two.expect("a result"))?;
        same("the count", current_count(&contest, &name).await, 1)?;
        same("the balance", contest.client().call(balance(name)).await.expect("a balance"), 1)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn calls_happen_once() {
    explore("calls_happen_once", |contest: Contest| async move {
        let name = "row".to_owned();
        let (one, two) = tokio::join!(
            contest.attempt(name.clone(), false, pay(name.clone())),
            contest.attempt(name.clone(), false, pay(name.clone())),
        );
        contest.settle().await;
        same("the results", one.expect("a result"), (1, 11))?;
        same("the results", two.expect("a result"), (1, 11))?;
        same("the balance", contest.client().call(balance(name)).await.expect("a balance"), 11)
    })
    .await;
}

/// What is too much is left out, the interleavings with the most interruptions first, and that is told.
#[tokio::test(start_paused = true)]
async fn what_was_left_out_is_told() {
    let scenario = |contest: Contest| async move {
        let one = contest.attempt("one", false, add("row".to_owned(), 1));
        let (one, two) = tokio::join!(one, contest.attempt("two", false, add("row".to_owned(), 10)));
        contest.settle().await;
        one.and(two).expect("results");
        same("the count", current_count(&contest, "row").await, 11)
    };
    let at_most = |limit: usize| Interleavings::new().at_most(limit).explore(scenario);
    let two = Interleavings::new().interruptions(2);
    let (all, few, none) = tokio::join!(at_most(10_000), at_most(8), at_most(1));
    let (two, more) = tokio::join!(two.clone().explore(scenario), two.at_most(10_000).explore(scenario));
    assert!(all.exhausted && all.interruptions.is_none(), "{all}");
    assert!(few.exhausted && few.interruptions.is_some() && few.runs + few.broken_off <= 8, "{few}");
    assert!(few.runs < all.runs, "{few}, {all}");
    // All without an interruption, however many these are.
    assert!(none.exhausted && none.interruptions == Some(0) && none.runs > 1, "{none}");
    assert!(two.exhausted && two.interruptions == Some(2) && two.runs > none.runs, "{two}");
    assert!(more.exhausted && more.interruptions.is_none(), "{more}");
}

/// A failure tells the choices that lead to it, also those that were none, and a panic of the scenario is one.
#[tokio::test(start_paused = true)]
async fn a_failure_is_replayed_by_its_choices() {
    let scenario = |contest: Contest| async move {
        let looks = contest.attempt("one", false, look_twice("row".to_owned()));
        let (looked, added) = tokio::join!(looks, contest.attempt("two", false, add("row".to_owned(), 1)));
        added.expect("a result");
        assert_ne!(looked.expect("a result"), (0, 1), "it was changed in between");
        Ok(())
    };
    for interleavings in [Interleavings::new().at_most(50), Interleavings::new().sample(1, 500)] {
        let found = interleavings.clone().explore(scenario).await;
        let (choices, broken) = found.failure.expect("there is such an interleaving");
        assert!(broken.contains("it was changed in between"), "{broken}");
        let again = interleavings.replay(&choices).explore(scenario).await;
        assert_eq!(again.failure, Some((choices, broken)));
        assert_eq!(again.runs, 1);
    }
}

/// What is to be sent in a run that was made before must be what was sent then.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "the scenario is not deterministic")]
async fn a_scenario_that_is_another_one_in_each_run_is_told() {
    let runs = std::cell::Cell::new(0);
    let explored = Interleavings::new().explore(|contest: Contest| {
        runs.set(runs.get() + 1);
        let row = format!("row {}", runs.get());
        async move {
            let one = contest.attempt("one", false, add(row.clone(), 1));
            let (one, two) = tokio::join!(one, contest.attempt("two", false, add(row, 10)));
            one.and(two).map_err(|error| error.to_string())
        }
    });
    explored.await.assert_passed();
}

/// Copies a row into two others, each in a branch of its own.
#[beldi::function(service = Shop)]
async fn copy(name: String) -> (i64, i64) {
    beldi::join!(copy_to(name.clone(), "left".to_owned()), copy_to(name, "right".to_owned()))
}

#[beldi::helper(service = Shop)]
async fn copy_to(from: String, to: String) -> i64 {
    let count = Counter::get(&from).await.map_or(0, |counter| counter.count);
    Counter { name: to, count }.put().await;
    count
}

/// What a function may see while another one writes the row, in all interleavings.
async fn outcomes<F: Function<Output = (i64, i64)>>(
    interleavings: Interleavings,
    call: fn(String) -> Call<F>,
) -> BTreeSet<(i64, i64)> {
    let seen = RefCell::new(BTreeSet::new());
    let explored = interleavings.explore(|contest: Contest| {
        let seen = &seen;
        async move {
            let looks = contest.attempt("one", false, call("row".to_owned()));
            let (looked, added) = tokio::join!(looks, contest.attempt("two", false, add("row".to_owned(), 1)));
            added.map_err(|error| error.to_string())?;
            seen.borrow_mut().insert(looked.map_err(|error| error.to_string())?);
            Ok(())
        }
    });
    explored.await.assert_passed();
    seen.into_inner()
}

/// An attempt that read the same twice counted as one that waits, and one branch as good as the other: interleavings were
/// broken off that nothing else stood for.
#[tokio::test(start_paused = true)]
async fn what_is_broken_off_would_give_nothing_new() {
    let looked = BTreeSet::from([(0, 0), (0, 1), (1, 1)]);
    assert_eq!(outcomes(Interleavings::new().time_passes(), look_twice).await, looked);
    assert_eq!(outcomes(Interleavings::new(), look_twice).await, looked);
    let copied = BTreeSet::from([(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(outcomes(Interleavings::new().time_passes(), copy).await, copied);
    assert_eq!(outcomes(Interleavings::new(), copy).await, copied);
}
