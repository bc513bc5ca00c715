//! What is recorded of a try before it is decided: in records of its own, where it is more than one can hold, and while
//! a branch still puts one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use beldi::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use beldi::prelude::*;
use beldi::store::{AttributeValue, Placeholders, ReturnValues, SharedStore, UpdateItem};
use beldi::testing::fresh_store;
use beldi::{Client, Delivery, InstanceId, Settings};

use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::{Account, Bank, Refused, Shop, balance, is_about, locked, opened, settings, updates};

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

/// Takes a row, and is then stopped.
#[beldi::function(service = Bank)]
async fn holds_ann() -> Result<(), Refused> {
    beldi::txn! {
        Account::get("ann").await;
        Account::get("ann").await;
        Ok(())
    }
}

/// Two branches write one row, a third one dies, and a fourth one puts a record.
#[beldi::function(service = Bank)]
async fn writes_twice_and_dies() -> Result<(), Refused> {
    beldi::txn! { max_tries = 2 =>
        beldi::join!(
            async {
                Account::get("nobody").await;
                Account { owner: "both".into(), balance: 1 }.put().await;
            },
            async {
                Account::get("bob").await;
                Account { owner: "both".into(), balance: 2 }.put().await;
                Account::get("zoe").await;
            },
            async {
                Account::get("ann").await;
            },
            async {
                Account::get("late").await;
                beldi::now().await;
                Account::get("bob").await;
            },
        );
        Ok(())
    }
}

static ARRIVALS: AtomicU32 = AtomicU32::new(0);

#[beldi::function(service = Bank)]
async fn panics_while_it_ends() -> Result<(), Refused> {
    beldi::txn! { max_tries = 2 =>
        beldi::join!(
            async {
                Account::get("nobody").await;
                assert!(ARRIVALS.fetch_add(1, Ordering::SeqCst) > 1, "the first two come no further");
            },
            async {
                Account::get("zoe").await;
            },
            async {
                Account::get("bob").await;
                Account::get("ann").await;
            },
            async {
                Account::get("late").await;
                beldi::now().await;
                balance("zoe".into()).await;
            },
        );
        Ok(())
    }
}

#[beldi::function(service = Bank)]
async fn acts_beside_transactions(pauses: u32) -> Result<(), Refused> {
    let (one, other, acted) = beldi::join!(
        async {
            beldi::txn! { max_tries = 1 =>
                Account::get("bob").await;
                Account::get("ann").await;
                Ok(())
            }
        },
        async {
            beldi::txn! { max_tries = 1 =>
                Account::get("zoe").await;
                Account::get("ann").await;
                Ok(())
            }
        },
        async {
            beldi::external("act", move |_| async move {
                for _ in 0..pauses {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Ok::<u32, String>(1)
            })
            .await
        },
    );
    acted.map_err(|_| Refused)?;
    one.and(other)
}

/// Lets requests take their time, by the function, the number of its run, the operation and the row.
struct Slow {
    runs: AtomicU32,
    newest: AtomicU32,
}

impl CrashPlan for Slow {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let function = point.invocation.function.as_str();
        let attempt = u32::try_from(point.attempt).expect("a small number");
        let ours = [panics_while_it_ends::NAME, writes_twice_and_dies::NAME, acts_beside_transactions::NAME];
        let ours = ours.contains(&function);
        if ours && self.newest.fetch_max(attempt, Ordering::SeqCst) < attempt {
            self.runs.fetch_add(1, Ordering::SeqCst);
        }
        let run = self.runs.load(Ordering::SeqCst);
        let records = point.action.starts_with("PutItem") && !is_about(&point, "record=0");
        let ms = match function {
            _ if point.when == When::After => 0,
            // Each is asked for twice, since it is not there.
            panics_while_it_ends::NAME if is_about(&point, "nobody") => 10,
            panics_while_it_ends::NAME if is_about(&point, "late") => 2,
            panics_while_it_ends::NAME if run < 3 && records => 40,
            panics_while_it_ends::NAME if run == 1 && is_about(&point, "bob") => 30,
            panics_while_it_ends::NAME if run == 2 && is_about(&point, "zoe") => 30,
            panics_while_it_ends::NAME if run == 2 && is_about(&point, "ann") => 6,
            writes_twice_and_dies::NAME
                if run == 1 && !records && !is_about(&point, "bob") && !is_about(&point, "zoe") =>
            {
                90
            }
            writes_twice_and_dies::NAME if run == 2 && records => 40,
            writes_twice_and_dies::NAME if run == 2 && is_about(&point, "ann") => 5,
            writes_twice_and_dies::NAME if run == 2 && is_about(&point, "bob") => 15,
            acts_beside_transactions::NAME if is_about(&point, "ann") => 10,
            acts_beside_transactions::NAME if records => 20,
            _ => 0,
        };
        // Before its decision.
        let dies = match function {
            holds_ann::NAME => point.number == 3 && point.invocation.delivery == Delivery::First,
            writes_twice_and_dies::NAME => run == 1 && point.when == When::After && is_about(&point, "zoe"),
            _ => false,
        };
        Box::pin(async move {
            if ms > 0 {
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
            if dies { Verdict::Crash } else { Verdict::Continue }
        })
    }
}

async fn with_ann_held() -> (LocalHost, Client) {
    let slow = Arc::new(Slow { runs: AtomicU32::new(0), newest: AtomicU32::new(0) });
    let settings = Settings { max_attempts: 20, ..settings() };
    let host = builder(fresh_store().await.expect("a store"), settings, None).crash_plan(slow);
    let host = host.start().await.expect("a host");
    let client = opened(&host).await;
    client.call(holds_ann()).idempotency_key("held").await.expect_err("it is stopped");
    assert_eq!(locked(&host).await, 1);
    // Who comes later is younger.
    tokio::time::advance(Duration::from_millis(5)).await;
    (host, client)
}

/// A try whose one branch had died, and another one panicked while a third one put a record, was decided without a look
/// at what its attempts had taken.
#[tokio::test(start_paused = true)]
async fn a_panic_while_a_record_is_put_decides_nothing() {
    let (host, client) = with_ann_held().await;
    for _ in 0..3 {
        client.call(panics_while_it_ends()).idempotency_key("k").await.expect_err("it panics twice, and dies");
    }
    let holder = InstanceId::from_idempotency_key(Bank::NAME, holds_ann::NAME, "held");
    assert!(client.roll_back(Bank::NAME, holder).await.expect("an answer"));
    client.call(panics_while_it_ends()).idempotency_key("k").await.expect("a result").expect("nobody is in its way");
    assert_eq!(locked(&host).await, 0);
}

/// A try that was to be decided waited for the record of a branch beside it, and nobody woke it when that was put. And
/// two tries that waited took each other for one that puts a record.
#[tokio::test(start_paused = true)]
async fn tries_wait_for_records_beside_them_no_longer_than_they_take() {
    let (host, client) = with_ann_held().await;
    // Which branch has its turn first alternates.
    for pauses in 1..=4 {
        client.call(acts_beside_transactions(pauses)).await.expect_err("it dies");
        assert_eq!(host.statistics().timed_out, 0);
    }
    host.settle().await.expect("at rest");
    assert_eq!(locked(&host).await, 0);
}

/// A try that had died before another branch of it was refused something was decided without a look at what the refused
/// branch had taken elsewhere.
#[tokio::test(start_paused = true)]
async fn a_branch_that_is_refused_after_another_one_has_died_is_walked_too() {
    let (host, client) = with_ann_held().await;
    client.call(writes_twice_and_dies()).idempotency_key("k").await.expect_err("it is stopped");
    assert_eq!(locked(&host).await, 3, "the accounts of ann, bob and zoe");
    client.call(writes_twice_and_dies()).idempotency_key("k").await.expect_err("it dies");
    assert_eq!(locked(&host).await, 1, "the account of ann");
}
