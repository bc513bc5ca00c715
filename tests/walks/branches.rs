//! What the branches of one transaction meet at the same time: one dies while another one is refused, panics, or puts a
//! record.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use beldi::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use beldi::prelude::*;
use beldi::store::AttributeValue;
use beldi::testing::fresh_store;
use beldi::{Call, Client, Delivery, Function, InstanceId, Settings};

use crate::acquisitions::set;
use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::{Account, Bank, Refused, balance, is_about, locked, opened, settings, updates};

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

#[beldi::function(service = Bank)]
async fn looks(owner: String) -> i64 {
    Account::get(&owner).await.map_or(0, |account| account.balance)
}

/// One branch hands a row over that the other one asks for, with one that somebody else holds.
#[beldi::function(service = Bank)]
async fn hands_over_and_dies() -> Result<(), Refused> {
    beldi::txn! { max_tries = 2 =>
        beldi::join!(
            async {
                Account::get("late").await;
                looks("bob".into()).await;
            },
            async {
                Account::batch_get(["bob", "ann"]).await;
            },
        );
        Ok(())
    }
}

/// The same with a branch of its own for the row that somebody else holds.
#[beldi::function(service = Bank)]
async fn hands_over_beside() -> Result<(), Refused> {
    beldi::txn! { max_tries = 2 =>
        beldi::join!(
            async {
                Account::get("late").await;
                looks("bob".into()).await;
            },
            async {
                Account::get("bob").await;
            },
            async {
                Account::get("ann").await;
            },
        );
        Ok(())
    }
}

/// Both branches hold one row, and only one of them may write another one.
#[beldi::function(service = Bank)]
async fn reads_together_and_writes_twice() -> Result<(), Refused> {
    beldi::txn! {
        beldi::join!(
            async {
                Account::get("bob").await;
                Account::get("ann").await;
                Account { owner: "both".into(), balance: 1 }.put().await;
            },
            async {
                Account::get("ann").await;
                Account { owner: "both".into(), balance: 2 }.put().await;
            },
        );
        Ok(())
    }
}

/// One branch meets a damaged row, another one dies, and a third one puts a record.
#[beldi::function(service = Bank)]
async fn meets_damage_and_dies() -> Result<(), Refused> {
    beldi::txn! { max_tries = 2 =>
        beldi::join!(
            async {
                Account::get("bob").await;
                Account::get("zoe").await;
            },
            async {
                Account::get("ann").await;
            },
            async {
                Account::get("late").await;
                beldi::now().await;
                Account::get("nobody").await;
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
                balance("late".into()).await;
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
        let ours = [
            panics_while_it_ends::NAME,
            writes_twice_and_dies::NAME,
            hands_over_and_dies::NAME,
            hands_over_beside::NAME,
            meets_damage_and_dies::NAME,
            acts_beside_transactions::NAME,
        ];
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
            hands_over_and_dies::NAME | hands_over_beside::NAME if run == 1 && is_about(&point, "ann") => 90,
            hands_over_and_dies::NAME | hands_over_beside::NAME if run == 1 && is_about(&point, "late") => 5,
            hands_over_and_dies::NAME | hands_over_beside::NAME if run == 2 && is_about(&point, "ann") => 5,
            hands_over_beside::NAME if run == 2 && point.action == "Query bank-journal" => 20,
            meets_damage_and_dies::NAME if run == 1 && ["ann", "late"].iter().any(|owner| is_about(&point, owner)) => {
                90
            }
            // Not the decision: the last row is asked for by then, in a branch that nobody polls, and a server's answer that
            // nobody takes holds the clock.
            meets_damage_and_dies::NAME if run == 2 && is_about(&point, "record=1") => 40,
            meets_damage_and_dies::NAME if run == 2 && is_about(&point, "ann") => 5,
            meets_damage_and_dies::NAME if run == 2 && is_about(&point, "bob") => 15,
            acts_beside_transactions::NAME if is_about(&point, "ann") => 10,
            acts_beside_transactions::NAME if records => 20,
            _ => 0,
        };
        // Before its decision.
        let dies = match function {
            holds_ann::NAME => point.number == 3 && point.invocation.delivery == Delivery::First,
            hands_over_and_dies::NAME | hands_over_beside::NAME => {
                run == 1 && point.when == When::After && point.action == "Invoke bank/looks"
            }
            writes_twice_and_dies::NAME | meets_damage_and_dies::NAME => {
                run == 1 && point.when == When::After && is_about(&point, "zoe")
            }
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

/// A damaged row that was met after another branch had died was passed, with all that was behind it.
#[tokio::test(start_paused = true)]
async fn damage_in_a_branch_is_met_again_by_the_walk() {
    let (host, client) = with_ann_held().await;
    client.call(meets_damage_and_dies()).idempotency_key("k").await.expect_err("it is stopped");
    assert_eq!(locked(&host).await, 3, "the accounts of ann, bob and zoe");
    set(&host, "bob", "_beldi_epoch", Some(AttributeValue::S("damaged".to_owned()))).await;
    client.call(meets_damage_and_dies()).idempotency_key("k").await.expect_err("a row is damaged");
    set(&host, "bob", "_beldi_epoch", None).await;
    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, meets_damage_and_dies::NAME, "k");
    client.roll_back(Bank::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 1, "the account of ann");
}

async fn leaves_nothing_of_what_is_handed_over<F: Function>(call: fn() -> Call<F>) {
    let (host, client) = with_ann_held().await;
    client.call(call()).idempotency_key("k").await.map(drop).expect_err("it is stopped");
    assert_eq!(locked(&host).await, 3, "the accounts of ann and bob, and the late one");
    client.call(call()).idempotency_key("k").await.map(drop).expect_err("it dies");
    assert_eq!(locked(&host).await, 1, "the account of ann");
}

/// Nor was it seen that it was refused, while it waited for another row that it had asked for at the same time.
#[tokio::test(start_paused = true)]
async fn a_branch_that_is_refused_while_it_waits_for_another_row_is_walked_too() {
    leaves_nothing_of_what_is_handed_over(hands_over_and_dies).await;
}

/// A branch that looked for who had handed its row over while another one died was refused after that, and ended nothing.
#[tokio::test(start_paused = true)]
async fn a_branch_that_looks_for_who_has_handed_a_row_over_is_walked_too() {
    leaves_nothing_of_what_is_handed_over(hands_over_beside).await;
}

/// A walk that found again what the decision named released it in another way: one by one, where a later attempt releases
/// all acquisitions of a row if the first of them is there. The second one stayed.
#[tokio::test(start_paused = true)]
async fn what_a_decision_names_is_released_together() {
    let updates = |point: &CrashPoint| updates(point, reads_together_and_writes_twice::NAME);
    for nth in 1..20 {
        let plans = Plans::new(vec![Plan::new(updates, nth, Then::Crashes)]);
        let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plans);
        let host = host.start().await.expect("a host");
        let client = opened(&host).await;
        for _ in 0..2 {
            client.call(reads_together_and_writes_twice()).idempotency_key("k").await.expect_err("it is refused");
        }
        assert_eq!((nth, locked(&host).await), (nth, 0));
    }
}
