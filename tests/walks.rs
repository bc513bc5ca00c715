//! What a zombie can see while the transaction that it belongs to is rolled back: nothing that never was.

mod common;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use beldi::host::{CrashPlan, CrashPoint, Verdict, When};
use beldi::prelude::*;
use beldi::testing::{fresh_store, locked_rows};
use beldi::{Call, Function, InstanceId, Settings};
use common::builder;
use tokio::sync::Notify;

beldi::service!(Shop = "shop");
beldi::service!(Bank = "bank");
beldi::service!(Desk = "desk");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
struct Account {
    #[beldi(partition_key)]
    owner: String,
    balance: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Refused;

#[beldi::function(service = Bank)]
async fn open(owner: String) {
    Account { owner, balance: 10 }.put().await;
}

#[beldi::function(service = Bank, read_only)]
async fn balance(owner: String) -> i64 {
    Account::get(&owner).await.map_or(0, |account| account.balance)
}

#[beldi::function(service = Bank)]
async fn transfer(from: String, to: String) -> Result<(), Refused> {
    beldi::txn! { max_tries = 1, max_wait = "1s" =>
        for (owner, amount) in [(&from, -1), (&to, 1)] {
            let mut account = Account::get(owner).await.ok_or(Refused)?;
            account.balance += amount;
            account.put().await;
        }
        Ok(())
    }
}

thread_local! {
    /// What bodies have seen in all accounts together, also in attempts that came to nothing. A test has a thread.
    static SUMS: RefCell<Vec<i64>> = const { RefCell::new(Vec::new()) };
}

#[beldi::function(service = Shop)]
async fn audit() -> Result<i64, Refused> {
    beldi::txn! {
        let sum = balance("ann".into()).await + balance("bob".into()).await + balance("carl".into()).await;
        SUMS.with_borrow_mut(|sums| sums.push(sum));
        Ok(sum)
    }
}

#[beldi::function(service = Desk)]
async fn audit_below() -> Result<i64, Refused> {
    beldi::txn! {
        audit().await
    }
}

/// Panics when it first runs, which is no more deterministic than what an upgrade may do.
#[beldi::function(service = Bank)]
async fn shaky_balance(owner: String) -> i64 {
    static HAS_PANICKED: AtomicBool = AtomicBool::new(false);
    assert!(HAS_PANICKED.swap(true, Ordering::SeqCst), "the first run");
    Account::get(&owner).await.map_or(0, |account| account.balance)
}

#[beldi::function(service = Shop)]
async fn shaky_audit() -> Result<i64, Refused> {
    beldi::txn! {
        let sum = 10 + balance("ann".into()).await + shaky_balance("carl".into()).await;
        SUMS.with_borrow_mut(|sums| sums.push(sum));
        Ok(sum)
    }
}

/// The first attempt of a function stops before one of its calls. The next one, which walks behind it, dies before one
/// of its own.
struct Overtaken {
    function: &'static str,
    zombie_stops: u32,
    walker_dies: u32,
    /// The calls of each attempt so far.
    calls: Mutex<BTreeMap<u64, u32>>,
    stops: Notify,
    goes_on: Notify,
    has_died: AtomicBool,
}

impl CrashPlan for Overtaken {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let calls = point.invocation.function == self.function && point.action.starts_with("Invoke bank/");
        Box::pin(async move {
            if !calls || point.when != When::Before {
                return Verdict::Continue;
            }
            let (number, is_first) = self.counted(point.attempt);
            match is_first {
                true if number == self.zombie_stops => {
                    self.stops.notify_one();
                    self.goes_on.notified().await;
                    Verdict::Continue
                }
                false if number == self.walker_dies && !self.has_died.swap(true, Ordering::SeqCst) => Verdict::Crash,
                _ => Verdict::Continue,
            }
        })
    }
}

impl Overtaken {
    fn new(function: &'static str, zombie_stops: u32, walker_dies: u32) -> Arc<Self> {
        Arc::new(Self {
            function,
            zombie_stops,
            walker_dies,
            calls: Mutex::default(),
            stops: Notify::new(),
            goes_on: Notify::new(),
            has_died: AtomicBool::new(false),
        })
    }

    /// The number of a call among those of its attempt, and whether no attempt was before it.
    fn counted(&self, attempt: u64) -> (u32, bool) {
        let mut calls = self.calls.lock().expect("no test panics here");
        let number = calls.entry(attempt).or_default();
        *number += 1;
        let number = *number;
        (number, calls.keys().next() == Some(&attempt))
    }
}

/// Seed 340 of the simulation: a walk told the participants one after the other to abort, and each released its rows at
/// once. When the walk died in between, a zombie called the next participant, with what it had heard from the first, and
/// saw a transfer in one account and not in the other.
async fn is_overtaken<F: Function>(plan: Arc<Overtaken>, call: fn() -> Call<F>, rolls_back: bool) {
    let settings = Settings { call_tries: 1, ..Settings::default() };
    let store = fresh_store().await.expect("a store");
    let host = builder(store, settings, None).crash_plan(Arc::clone(&plan) as Arc<dyn CrashPlan>).start();
    let host = host.await.expect("a host");
    let client = host.client();
    for owner in ["ann", "bob", "carl"] {
        client.call(open(owner.into())).await.expect("the setup");
    }

    let its = client.clone();
    let zombie = tokio::spawn(async move { its.call(call()).idempotency_key("k").await.map(drop) });
    plan.stops.notified().await;
    let (service, function) = (<F::Service as Service>::NAME, F::NAME);
    let coordinator = InstanceId::from_idempotency_key(service, function, "k");
    match rolls_back {
        true => client.roll_back(service, coordinator).await.map(drop),
        false => client.call(call()).idempotency_key("k").await.map(drop),
    }
    .expect_err("it dies on its way");
    // It ends well only if what the zombie has seen is free already.
    drop(client.call(transfer("ann".into(), "carl".into())).await);
    plan.goes_on.notify_one();
    drop(zombie.await.expect("the zombie comes to its end"));

    let sums = SUMS.take();
    assert!(!sums.is_empty() && sums.iter().all(|sum| *sum == 30), "{sums:?}");
    drop(client.roll_back(service, coordinator).await);
    assert_eq!(locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
    client.call(transfer("ann".into(), "carl".into())).await.expect("a result").expect("nobody holds a row");
}

#[tokio::test(start_paused = true)]
async fn a_zombie_that_overtakes_a_coordinator_sees_nothing_that_never_was() {
    is_overtaken(Overtaken::new(audit::NAME, 3, 3), audit, true).await;
}

#[tokio::test(start_paused = true)]
async fn a_zombie_that_overtakes_a_participant_sees_nothing_that_never_was() {
    is_overtaken(Overtaken::new(audit::NAME, 3, 3), audit_below, true).await;
}

/// Before anything is released, a participant that has refused one attempt is kept from answering another one.
#[tokio::test(start_paused = true)]
async fn a_zombie_gets_no_answer_where_another_attempt_was_refused() {
    is_overtaken(Overtaken::new(shaky_audit::NAME, 2, 4), shaky_audit, false).await;
}
