//! What is refused while a transaction is rolled back: a participant that does not let itself be fenced, and a body that
//! asks for more than a transaction may have.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use beldi::host::{CrashPoint, LocalHost, When};
use beldi::prelude::*;
use beldi::testing::fresh_store;
use beldi::{
    Call, Client, Delivery, Function, InstanceId, Invocation, InvokeError, InvokeFuture, Invoker, Problem, ProblemKind,
};

use crate::acquisitions::{accounts, sum};
use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::{Account, Bank, Refused, Shop, is_about, locked, opened, settings, updates};

#[beldi::function(service = Shop)]
async fn asks_twice() -> Result<i64, Refused> {
    beldi::txn! {
        Ok(sum(accounts(&["ann"])).await + sum(accounts(&["bob"])).await)
    }
}

/// More rows than a transaction may have; how many of each branch are taken is a matter of their speed.
#[beldi::function(service = Bank)]
async fn look_at_many() -> Result<(), Refused> {
    beldi::txn! {
        beldi::join!(
            async {
                for number in 0..70 {
                    Account::get(format!("left-{number}")).await;
                }
            },
            async {
                for number in 0..70 {
                    Account::get(format!("right-{number}")).await;
                }
            },
        );
        Ok(())
    }
}

/// Two branches write one row. Which of them may not depends on their speed.
#[beldi::function(service = Bank)]
async fn write_twice() -> Result<(), Refused> {
    beldi::txn! {
        beldi::join!(
            async {
                Account::get("ann").await;
                Account { owner: "both".into(), balance: 1 }.put().await;
            },
            async {
                Account::get("bob").await;
                Account { owner: "both".into(), balance: 2 }.put().await;
                Account::get("zoe").await;
            },
        );
        Ok(())
    }
}

/// Of the calls of one kind, the one with this number, counted from 1.
struct Refusal {
    kind: fn(Delivery) -> bool,
    number: u32,
}

/// Calls within the host, of which these are refused.
struct Refusing {
    host: OnceLock<LocalHost>,
    refused: Mutex<Vec<Refusal>>,
}

fn fences(delivery: Delivery) -> bool {
    delivery == Delivery::Fence
}

impl Refusing {
    /// Whether the call is to be refused.
    fn refuses(&self, invocation: &Invocation) -> bool {
        let joins = invocation.transaction.is_some();
        let mut refused = self.refused.lock().expect("no test panics here");
        let its = refused.iter_mut().filter(|refusal| joins && (refusal.kind)(invocation.delivery));
        its.fold(false, |refuses, refusal| {
            refusal.number = refusal.number.wrapping_sub(1);
            refuses || refusal.number == 0
        })
    }
}

impl Invoker for Refusing {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        let refuses = self.refuses(&invocation);
        Box::pin(async move {
            if refuses {
                let Invocation { service, function, instance, .. } = invocation;
                let (kind, detail, step) = (ProblemKind::UnknownFunction, "not deployed".to_owned(), None);
                let problem = Problem { kind, detail, service, function, instance: Some(instance), step };
                return Err(InvokeError::Refused(Box::new(problem)));
            }
            self.host.get().expect("the host has started").invoke(invocation).await
        })
    }
}

/// A host where `asks_twice` has died when both of its participants had prepared; then there are further plans.
async fn both_have_prepared(refused: Vec<Refusal>, further: Vec<Plan>) -> (LocalHost, Client) {
    let takes = |point: &CrashPoint| {
        point.invocation.function == asks_twice::NAME && point.when == When::After && point.action.starts_with("Invoke")
    };
    let plans = Plans::new(further.into_iter().chain([Plan::new(takes, 2, Then::Crashes)]).collect());
    let wire = Arc::new(Refusing { host: OnceLock::new(), refused: Mutex::new(refused) });
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plans);
    let host = host.invoker(Arc::clone(&wire) as Arc<dyn Invoker>).start().await.expect("a host");
    let _ = wire.host.set(host.clone());
    let client = opened(&host).await;
    client.call(asks_twice()).idempotency_key("k").await.expect_err("it dies");
    assert_eq!(locked(&host).await, 2);
    (host, client)
}

/// A participant that could not be fenced counted as one that nobody had called: it waited for its decision for ever.
#[tokio::test(start_paused = true)]
async fn a_participant_that_refuses_to_be_fenced_is_asked_again() {
    let (host, client) = both_have_prepared(vec![Refusal { kind: fences, number: 1 }], Vec::new()).await;
    let coordinator = InstanceId::from_idempotency_key(Shop::NAME, asks_twice::NAME, "k");
    client.roll_back(Shop::NAME, coordinator).await.expect_err("a participant could not be fenced");
    client.roll_back(Shop::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 0);
}

/// What a walk had found was released in the poll in which the walk failed, although the attempt ended with that. What
/// was behind the fault was then never found.
#[tokio::test(start_paused = true)]
async fn nothing_is_released_when_a_walk_has_failed() {
    let fenced = |point: &CrashPoint| {
        point.invocation.delivery == Delivery::Fence && point.number == 1 && point.when == When::Before
    };
    let (host, client) = both_have_prepared(Vec::new(), vec![Plan::new(fenced, 2, Then::Crashes)]).await;
    let coordinator = InstanceId::from_idempotency_key(Shop::NAME, asks_twice::NAME, "k");
    client.roll_back(Shop::NAME, coordinator).await.expect_err("the second participant dies when it is fenced");
    // Who was told has done what it was told by then.
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(locked(&host).await, 2);
    client.roll_back(Shop::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 0);
}

/// A participant that the record names was told, although the walk was not over. Once it was forgotten, a later walk came
/// no further than to it, and the one behind it waited for its decision for ever.
async fn nobody_is_told_when_a_fence_is_refused(number: u32) {
    let joins = Refusal { kind: |delivery| !delivery.decides(), number: 3 };
    let refused = vec![joins, Refusal { kind: fences, number }];
    let (host, client) = both_have_prepared(refused, Vec::new()).await;
    client.call(asks_twice()).idempotency_key("k").await.expect_err("one refuses to join, and one to be fenced");
    assert_eq!(locked(&host).await, 2);
    let coordinator = InstanceId::from_idempotency_key(Shop::NAME, asks_twice::NAME, "k");
    client.roll_back(Shop::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 0);
}

/// The first participant is fenced, and the second one refuses to be: the first one is not told, for it would be
/// forgotten.
#[tokio::test(start_paused = true)]
async fn nobody_is_told_whom_a_later_walk_has_to_pass() {
    nobody_is_told_when_a_fence_is_refused(2).await;
}

/// The first one refuses: it is not told either, although the record names it.
#[tokio::test(start_paused = true)]
async fn nobody_is_told_who_refuses_to_be_fenced() {
    nobody_is_told_when_a_fence_is_refused(1).await;
}

/// A first attempt dies where one plan says, when another one has held up a branch of it. A second one asks for what it
/// cannot have, and leaves nothing.
async fn leaves_nothing<F: Function>(
    call: fn() -> Call<F>,
    waits: (fn(&CrashPoint) -> bool, u32),
    dies: (fn(&CrashPoint) -> bool, u32),
    held: usize,
) {
    let plans = vec![Plan::new(waits.0, waits.1, Then::Stops), Plan::new(dies.0, dies.1, Then::Crashes)];
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(Plans::new(plans));
    let host = host.start().await.expect("a host");
    let client = opened(&host).await;
    client.call(call()).idempotency_key("k").await.map(drop).expect_err("it dies");
    assert_eq!(locked(&host).await, held);
    client.call(call()).idempotency_key("k").await.map(drop).expect_err("it is refused");
    assert_eq!(locked(&host).await, 0);
}

/// The limit also ended the walk, and an attempt that had taken more in this branch, and less in the other, has left rows
/// that nobody looked for.
#[tokio::test(start_paused = true)]
async fn a_limit_does_not_end_a_walk() {
    let waits = |point: &CrashPoint| updates(point, look_at_many::NAME) && is_about(point, "left");
    let dies = |point: &CrashPoint| updates(point, look_at_many::NAME) && is_about(point, "right");
    // Of rows that do not exist, each is asked for twice.
    leaves_nothing(look_at_many, (waits, 60), (dies, 140), 98).await;
}

/// So did a row that two branches write.
#[tokio::test(start_paused = true)]
async fn a_row_that_two_branches_write_does_not_end_a_walk() {
    let waits = |point: &CrashPoint| updates(point, write_twice::NAME) && is_about(point, "ann");
    let dies = |point: &CrashPoint| {
        let puts = point.invocation.function == write_twice::NAME && point.when == When::After;
        puts && is_about(point, "zoe")
    };
    leaves_nothing(write_twice, (waits, 1), (dies, 1), 2).await;
}
