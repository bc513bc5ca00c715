//! What is recorded of a try before it is decided, in records of its own.

use std::sync::atomic::{AtomicBool, Ordering};

use beldi::host::{CrashPoint, LocalHost, When};
use beldi::prelude::*;
use beldi::store::{AttributeValue, Placeholders, ReturnValues, SharedStore, UpdateItem};
use beldi::testing::fresh_store;
use beldi::{Client, ClientError, InstanceId, ProblemKind};

use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::{Account, Bank, Refused, Shop, is_about, locked, opened, settings, updates};

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Bank, table = "pages")]
struct Page {
    #[beldi(partition_key)]
    number: u32,
    text: String,
}

#[beldi::function(service = Bank)]
async fn print(number: u32) {
    Page { number, text: "x".repeat(200_000) }.put().await;
}

/// What it sees of three rows are two records, of which the second one decides.
#[beldi::function(service = Bank)]
async fn reads_much() -> Result<usize, Refused> {
    beldi::txn! {
        let mut length = 0;
        for number in 0..3 {
            length += Page::get(number).await.map_or(0, |page| page.text.len());
        }
        Ok(length)
    }
}

#[beldi::function(service = Shop)]
async fn gives_much(number: u32) -> String {
    format!("{number}").repeat(150_000)
}

#[beldi::function(service = Bank)]
async fn asks_three() -> Result<usize, Refused> {
    beldi::txn! {
        let mut length = 0;
        for number in 0..3 {
            Account::update("ann").add(Account::BALANCE, 1).await;
            length += gives_much(number).await.len();
        }
        Ok(length)
    }
}

/// Whether this function is about to put a record.
fn records(point: &CrashPoint, function: &str) -> bool {
    let here = point.invocation.function == function && point.when == When::Before;
    here && point.action == "PutItem bank-journal"
}

async fn with_pages(at: fn(&CrashPoint) -> bool, nth: u32) -> (LocalHost, Client) {
    let plans = Plans::new(vec![Plan::new(at, nth, Then::Crashes)]);
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plans);
    let host = host.start().await.expect("a host");
    let client = opened(&host).await;
    for number in 0..3 {
        client.call(print(number)).await.expect("a page");
    }
    (host, client)
}

/// Rows that were recorded without a decision, because one record could not hold both, were in no decision of an operator:
/// they were locked for ever.
#[tokio::test(start_paused = true)]
async fn what_is_recorded_and_not_decided_is_rolled_back() {
    // The first one announces the first row.
    let (host, client) = with_pages(|point| records(point, reads_much::NAME), 3).await;
    client.call(reads_much()).idempotency_key("k").await.expect_err("it dies with half of what it has seen recorded");
    assert_eq!(locked(&host).await, 3);
    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, reads_much::NAME, "k");
    assert!(client.roll_back(Bank::NAME, coordinator).await.expect("an answer"));
    assert_eq!(locked(&host).await, 0);
}

/// Participants that had answered were in doubt.
#[tokio::test(start_paused = true)]
async fn participants_whose_answers_are_recorded_are_told() {
    for nth in 1..7 {
        let (host, client) = with_pages(|point| records(point, asks_three::NAME), nth).await;
        if client.call(asks_three()).idempotency_key("k").await.is_ok() {
            continue;
        }
        let coordinator = InstanceId::from_idempotency_key(Bank::NAME, asks_three::NAME, "k");
        client.roll_back(Bank::NAME, coordinator).await.expect("an answer");
        host.settle().await.expect("at rest");
        assert_eq!((nth, locked(&host).await), (nth, 0));
        let in_doubt = client.in_doubt(Shop::NAME).await.expect("an answer");
        assert!(in_doubt.is_empty(), "{nth}: {in_doubt:?}");
    }
}

static SKIPS: AtomicBool = AtomicBool::new(false);

/// Another program has no transaction here.
#[beldi::function(service = Bank)]
async fn has_no_transaction() -> Result<(), Refused> {
    if SKIPS.load(Ordering::SeqCst) {
        return Ok(());
    }
    beldi::txn! {
        Account::get("ann").await;
        Account::get("zoe").await;
        Ok(())
    }
}

/// A program that does not come to a transaction which is decided leaves its rows locked: it is found out when it returns.
#[tokio::test(start_paused = true)]
async fn a_decided_try_is_begun_before_a_function_returns() {
    let updates = |point: &CrashPoint| updates(point, has_no_transaction::NAME);
    // It dies with one row, and so does an operator's rollback, when that row is to be let go.
    let plans = Plans::new(vec![Plan::new(updates, 2, Then::Crashes), Plan::new(updates, 5, Then::Crashes)]);
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plans);
    let host = host.start().await.expect("a host");
    let client = opened(&host).await;
    client.call(has_no_transaction()).idempotency_key("k").await.expect_err("it dies");
    let instance = InstanceId::from_idempotency_key(Bank::NAME, has_no_transaction::NAME, "k");
    client.roll_back(Bank::NAME, instance).await.expect_err("it dies, too");
    assert_eq!(locked(&host).await, 1);
    SKIPS.store(true, Ordering::SeqCst);
    match client.call(has_no_transaction()).idempotency_key("k").await {
        Err(ClientError::Refused(problem)) => assert_eq!(problem.kind, ProblemKind::Diverged),
        other => panic!("{other:?}"),
    }
    SKIPS.store(false, Ordering::SeqCst);
    assert!(client.restart(Bank::NAME, instance).await.expect("an answer"));
    host.settle().await.expect("at rest");
    assert_eq!(locked(&host).await, 0);
}

#[beldi::function(service = Bank)]
async fn reads_what_is_full() -> Result<usize, Refused> {
    beldi::txn! {
        Account::get("ann").await;
        Ok(Page::get(9).await.map_or(0, |page| page.text.len()))
    }
}

/// Makes a row as large as the store lets it be.
async fn fill(store: &SharedStore, number: u32) {
    let (mut fits, mut too_large) = (0, 400 * 1024);
    while too_large - fits > 1 {
        let bytes = usize::midpoint(fits, too_large);
        let mut placeholders = Placeholders::default();
        let (name, value) = (placeholders.name("more"), AttributeValue::S("x".repeat(bytes)));
        let update = UpdateItem {
            table: "pages".to_owned(),
            key: [("number".to_owned(), AttributeValue::N(number.to_string()))].into(),
            update: format!("SET {name} = {}", placeholders.value(value)),
            condition: None,
            placeholders,
            return_values: ReturnValues::None,
        };
        match store.update(update).await {
            Ok(_) => fits = bytes,
            Err(_) => too_large = bytes,
        }
    }
}

/// A walk could not fence what it could not take, and kept the rows before it locked.
#[tokio::test(start_paused = true)]
async fn a_row_without_room_for_an_entry_holds_up_no_walk() {
    let store = fresh_store().await.expect("a store");
    // It takes the first row, and dies when it is decided.
    let plans = Plans::new(vec![Plan::new(|point| updates(point, reads_what_is_full::NAME), 2, Then::Crashes)]);
    let host = builder(store.clone(), settings(), None).crash_plan(plans).start().await.expect("a host");
    let client = opened(&host).await;
    for _ in 0..3 {
        client.call(print(9)).await.expect("a page");
    }
    fill(&store, 9).await;
    client.call(reads_what_is_full()).idempotency_key("k").await.expect_err("it dies");
    assert_eq!(locked(&host).await, 1);
    client.call(reads_what_is_full()).idempotency_key("k").await.expect_err("the second row cannot be held");
    assert_eq!(locked(&host).await, 0);
}

/// Sees a clock between two rows.
#[beldi::function(service = Bank)]
async fn looks_at_the_clock() -> Result<(), Refused> {
    beldi::txn! {
        Account::get("ann").await;
        beldi::now().await;
        Account::get("bob").await;
        Ok(())
    }
}

/// What was recorded of a try that an operator rolled back was asked of the instance for ever: later attempts do not come
/// there, and it could never give its result.
#[tokio::test(start_paused = true)]
async fn what_a_try_that_is_given_up_has_recorded_need_not_be_asked_for() {
    let takes_bob = |point: &CrashPoint| updates(point, looks_at_the_clock::NAME) && is_about(point, "bob");
    let plans = Plans::new(vec![Plan::new(takes_bob, 1, Then::Crashes)]);
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plans);
    let host = host.start().await.expect("a host");
    let client = opened(&host).await;
    client.call(looks_at_the_clock()).idempotency_key("k").await.expect_err("it dies");
    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, looks_at_the_clock::NAME, "k");
    assert!(client.roll_back(Bank::NAME, coordinator).await.expect("an answer"));
    client.call(looks_at_the_clock()).idempotency_key("k").await.expect("a result").expect("it commits");
    assert_eq!(locked(&host).await, 0);
}
