//! The determinism audit by itself: what it finds wherever it hides, and what it does not take for a fault.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::testing::fresh_store;
use beldi::{Nondeterminism, VirtualWorld};

beldi::service!(Shop = "shop");
beldi::service!(Bank = "bank");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
struct Stock {
    #[beldi(partition_key)]
    article: String,
    free: u32,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
struct Account {
    #[beldi(partition_key)]
    owner: String,
    cents: u32,
}

/// Another number each time: what the macro cannot see, whatever it is.
fn changing() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

fn tea(free: u32) -> Stock {
    Stock { article: "tea".into(), free }
}

#[beldi::function(service = Shop)]
async fn puts_another_value() {
    tea(changing()).put().await;
}

#[beldi::function(service = Shop, read_only)]
async fn reads_another_row() -> bool {
    Stock::get(format!("tea {}", changing())).await.is_some()
}

#[beldi::function(service = Shop)]
async fn gives_another_result() -> u32 {
    tea(1).put().await;
    changing()
}

#[beldi::function(service = Shop)]
async fn asks_for_more_and_more() {
    static LAST: AtomicU32 = AtomicU32::new(0);
    for _ in 0..=LAST.fetch_add(1, Ordering::Relaxed) {
        tea(1).put().await;
    }
}

#[beldi::function(service = Shop)]
async fn asks_for_less_and_less() {
    static LAST: AtomicU32 = AtomicU32::new(0);
    for _ in LAST.fetch_add(1, Ordering::Relaxed)..20 {
        tea(1).put().await;
    }
}

#[beldi::function(service = Shop)]
async fn calls_with_another_argument() {
    charge(changing()).await;
}

#[beldi::function(service = Bank)]
async fn charge(cents: u32) {
    Account { owner: "ann".into(), cents }.put().await;
}

#[beldi::function(service = Shop)]
async fn commits_another_value() -> Result<(), ()> {
    beldi::txn! {
        let stock = Stock::get("tea").await.unwrap_or(tea(0));
        tea(stock.free + changing()).put().await;
        Ok(())
    }
}

#[beldi::function(service = Shop)]
async fn locks_another_row() -> Result<(), ()> {
    beldi::txn! {
        Stock { article: format!("tea {}", changing()), free: 1 }.put().await;
        Ok(())
    }
}

#[beldi::function(service = Shop)]
async fn begins_a_transaction_some_day() -> Result<(), ()> {
    if changing() % 2 == 1 {
        return Ok(());
    }
    beldi::txn! {
        tea(1).put().await;
        Ok(())
    }
}

#[beldi::function(service = Shop)]
async fn calls_one_that_charges_another_amount() -> Result<(), ()> {
    beldi::txn! {
        tea(1).put().await;
        charges_another_amount().await;
        Ok(())
    }
}

#[beldi::function(service = Bank)]
async fn charges_another_amount() {
    let account = Account::get("ann").await.unwrap_or(Account { owner: "ann".into(), cents: 0 });
    Account { cents: account.cents + changing(), ..account }.put().await;
}

#[beldi::function(service = Shop)]
async fn differs_in_a_branch() -> (u32, ()) {
    beldi::join!(
        async {
            let before = Stock::get("tea").await.map_or(0, |stock| stock.free);
            Stock::update("tea").set(Stock::FREE, before + changing()).await;
            before
        },
        charge(1)
    )
}

async fn host() -> LocalHost {
    let store = fresh_store().await.expect("a store");
    let host = LocalHost::builder(store).world(VirtualWorld::new(1)).collect_every(None).audited().start().await;
    host.expect("a host")
}

/// What is found after one call, with the function that is to blame.
macro_rules! found {
    ($($test:ident: $call:expr => $function:literal, $first:literal, $again:literal;)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let host = host().await;
            host.client().call($call).await.map(drop).expect("an answer");
            let found = host.audit().await;
            let [Nondeterminism { function, first, again, .. }] = &found[..] else { panic!("{found:?}") };
            assert_eq!(function, $function);
            assert!(first.contains($first) && again.contains($again), "{}", found[0]);
            assert_eq!(host.audit().await, [], "nothing has run since");
        }
    )+};
}

found! {
    another_value: puts_another_value() => "puts_another_value", "`put stock article=tea` with", "`put stock article=tea` with";
    another_row: reads_another_row() => "reads_another_row", "`get stock article=tea", "`get stock article=tea";
    another_result: gives_another_result() => "gives_another_result", "", "";
    one_more_step: asks_for_more_and_more() => "asks_for_more_and_more", "no such step", "`put stock article=tea` with";
    one_step_less: asks_for_less_and_less() => "asks_for_less_and_less", "step ", "the end";
    another_argument: calls_with_another_argument() => "calls_with_another_argument", "`call bank/charge` with", "`call bank/charge` with";
    another_commit: commits_another_value() => "commits_another_value", "a transaction over 1 rows", "with other values";
    another_lock: locks_another_row() => "locks_another_row", "`put stock article=tea", "`put stock article=tea";
    another_participant: calls_one_that_charges_another_amount() => "charges_another_amount", "what it writes in the transaction", "other writes";
    another_branch: differs_in_a_branch() => "differs_in_a_branch", "`update stock article=tea` with", "`update stock article=tea` with";
}

/// Whichever of the two runs had the transaction.
#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_not_always_there() {
    let host = host().await;
    host.client().call(begins_a_transaction_some_day()).await.expect("an answer").expect("a commit");
    let found = host.audit().await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].function, "begins_a_transaction_some_day");
}

#[beldi::function(service = Shop)]
async fn is_told_the_names(names: HashSet<String>) -> HashSet<String> {
    let at = beldi::now().await;
    let id = beldi::uuid().await;
    let drawn = beldi::random_below(10).await;
    let late = at > std::time::UNIX_EPOCH && drawn < 10 && !id.is_nil();
    let outside = beldi::external("number", |_| async { Ok::<u32, String>(changing()) }).await;
    tea(outside.map_or(0, |number| number + u32::from(late))).put().await;
    let more = passes_on(names).await;
    more.into_iter().chain(["last".to_owned()]).collect()
}

#[beldi::function(service = Shop)]
async fn passes_on(names: HashSet<String>) -> HashSet<String> {
    names
}

/// The clock, ids, random numbers and external actions of beldi are the same in a repetition, and the order of a set in
/// JSON says nothing.
#[tokio::test(start_paused = true)]
async fn what_is_recorded_is_no_fault() {
    let host = host().await;
    let names: HashSet<String> = (0..20).map(|number| format!("name {number}")).collect();
    let told = host.client().call(is_told_the_names(names)).await.expect("an answer");
    assert_eq!(told.len(), 21);
    assert_eq!(host.audit().await, []);
}

#[beldi::function(service = Shop)]
async fn calls_one_that_only_writes() -> Result<u32, ()> {
    beldi::txn! {
        let before = at_least_one().await;
        only_writes().await;
        Ok(before + at_least_one().await)
    }
}

#[beldi::function(service = Bank)]
async fn only_writes() {
    Account::update("ann").add(Account::CENTS, 1u32).await;
    Account { owner: "bob".into(), cents: 1 }.put().await;
}

#[beldi::function(service = Bank)]
async fn at_least_one() -> u32 {
    let account = Account::get("ann").await;
    Account::update("bob").add(Account::CENTS, 1u32).await;
    account.map_or(1, |account| account.cents)
}

/// Found by the crash matrix when it began to audit: a function that was called in a transaction and only writes a row
/// takes it when it prepares, behind its handler. A repetition ended before that, and was told to have one step less.
/// Here other parts of the transaction also see what it has written.
#[tokio::test(start_paused = true)]
async fn what_is_only_written_in_a_transaction_is_no_fault() {
    let host = host().await;
    assert_eq!(host.client().call(calls_one_that_only_writes()).await.expect("an answer"), Ok(2));
    assert_eq!(host.audit().await, []);
}

/// An audit sends nothing: neither requests nor external actions.
#[tokio::test(start_paused = true)]
async fn an_audit_sends_nothing() {
    let counting = std::sync::Arc::new(beldi::store::Counting::new(fresh_store().await.expect("a store")));
    let builder = LocalHost::builder(counting.clone()).world(VirtualWorld::new(1)).collect_every(None).audited();
    let host = builder.start().await.expect("a host");
    let client = host.client();
    client.call(puts_another_value()).await.expect("an answer");
    client.call(locks_another_row()).await.expect("an answer").expect("a commit");
    client.call(begins_a_transaction_some_day()).await.expect("an answer").expect("a commit");
    client.call(calls_one_that_charges_another_amount()).await.expect("an answer").expect("a commit");
    host.settle().await.expect("the store answers");
    counting.reset();
    assert!(!host.audit().await.is_empty());
    assert_eq!(counting.total(), 0, "{}", counting.counts());
}
