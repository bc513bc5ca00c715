//! What a zombie can see while the transaction that it belongs to is rolled back: nothing that never was.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beldi::host::{CrashPlan, CrashPoint, When};
use beldi::prelude::*;
use beldi::testing::fresh_store;
use beldi::{Call, Function, InstanceId};

use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::{Account, Bank, Desk, Refused, Shop, balance, locked, opened, settings};

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
        let sum = balance("ann".into()).await + balance("bob".into()).await + balance("zoe".into()).await;
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
        let sum = 10 + balance("ann".into()).await + shaky_balance("zoe".into()).await;
        SUMS.with_borrow_mut(|sums| sums.push(sum));
        Ok(sum)
    }
}

/// Whether `audit` or `shaky_audit` is about to call.
fn calls(point: &CrashPoint) -> bool {
    let audits = [audit::NAME, shaky_audit::NAME].contains(&point.invocation.function.as_str());
    audits && point.when == When::Before && point.action.starts_with("Invoke bank/")
}

/// Seed 340 of the simulation: a walk told the participants one after the other to abort, and each released its rows at
/// once. When the walk died in between, a zombie called the next participant, with what it had heard from the first, and
/// saw a transfer in one account and not in the other.
///
/// The first attempt stops before the call of number `zombie_stops`. The next one, which walks behind it, dies before
/// that of number `walker_dies` of its own.
async fn is_overtaken<F: Function>((zombie_stops, walker_dies): (u32, u32), call: fn() -> Call<F>, rolls_back: bool) {
    let plans = Plans::new(vec![
        Plan::new(calls, zombie_stops, Then::Stalls),
        Plan::new(calls, zombie_stops + walker_dies, Then::Crashes),
    ]);
    let store = fresh_store().await.expect("a store");
    let host = builder(store, settings(), None).crash_plan(Arc::clone(&plans) as Arc<dyn CrashPlan>).start();
    let host = host.await.expect("a host");
    let client = opened(&host).await;
    let its = client.clone();
    let zombie = tokio::spawn(async move { its.call(call()).idempotency_key("k").await.map(drop) });
    plans.signal.notified().await;
    let (service, function) = (<F::Service as Service>::NAME, F::NAME);
    let coordinator = InstanceId::from_idempotency_key(service, function, "k");
    match rolls_back {
        true => client.roll_back(service, coordinator).await.map(drop),
        false => client.call(call()).idempotency_key("k").await.map(drop),
    }
    .expect_err("it dies on its way");
    // It ends well only if what the zombie has seen is free already.
    drop(client.call(transfer("ann".into(), "zoe".into())).await);
    plans.goes_on.notify_one();
    drop(zombie.await.expect("the zombie comes to its end"));

    let sums = SUMS.take();
    assert!(!sums.is_empty() && sums.iter().all(|sum| *sum == 30), "{sums:?}");
    drop(client.roll_back(service, coordinator).await);
    assert_eq!(locked(&host).await, 0);
    client.call(transfer("ann".into(), "zoe".into())).await.expect("a result").expect("nobody holds a row");
}

/// A coordinator walks and dies between two of its participants. Its zombie had added up accounts of before and of
/// after a transfer; now no participant releases its rows before the walk has passed them all.
#[tokio::test(start_paused = true)]
async fn a_zombie_that_overtakes_a_coordinator_sees_nothing_that_never_was() {
    is_overtaken((3, 3), audit, true).await;
}

/// The same one level below: a participant walks to those that it has called.
#[tokio::test(start_paused = true)]
async fn a_zombie_that_overtakes_a_participant_sees_nothing_that_never_was() {
    is_overtaken((3, 3), audit_below, true).await;
}

/// Before anything is released, a participant that has refused one attempt is kept from answering another one.
#[tokio::test(start_paused = true)]
async fn a_zombie_gets_no_answer_where_another_attempt_was_refused() {
    is_overtaken((2, 4), shaky_audit, false).await;
}
