//! What participants and detached calls give, hand over and are told, at the limits of what fits and of who is there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use beldi::host::{CrashPoint, LocalHost, When};
use beldi::prelude::*;
use beldi::testing::fresh_store;
use beldi::{Client, Delivery, InstanceId, Invocation, InvokeFuture, Invoker, ProblemKind, Status};

use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::unstorable::{fresh_host, leaves_nothing};
use crate::{Account, Bank, Desk, Refused, Shop, balance, locked, opened, settings, updates};

/// Gives much, and touches no row.
#[beldi::function(service = Shop)]
async fn render(bytes: usize) -> String {
    "x".repeat(bytes)
}

#[beldi::function(service = Bank)]
async fn pays_one() {
    Account::update("ann").add(Account::BALANCE, -1).await;
}

#[beldi::function(service = Bank)]
async fn pays_and_renders(bytes: usize) -> Result<usize, Refused> {
    beldi::txn! {
        pays_one().await;
        Ok(render(bytes).await.len())
    }
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Bank, table = "letters")]
struct Letter {
    #[beldi(partition_key)]
    title: String,
    text: String,
}

#[beldi::function(service = Bank)]
async fn keep(text: String) {
    Letter { title: "kept".into(), text }.put().await;
}

#[beldi::function(service = Bank)]
async fn pays_and_keeps(bytes: usize) -> Result<String, Refused> {
    let done: Result<(), Refused> = beldi::txn! {
        keep("x".repeat(bytes)).detach().await;
        Ok(())
    };
    done.map(|()| "x".repeat(bytes))
}

#[beldi::function(service = Bank)]
async fn pays_and_keeps_much(bytes: usize) -> Result<(), Refused> {
    beldi::txn! {
        Account { owner: "ann".into(), balance: 9 }.put().await;
        keep("x".repeat(bytes)).detach().await;
        Ok(())
    }
}

/// Hands a row over that it has from another one.
#[beldi::function(service = Bank)]
async fn keeps_below(bytes: usize) {
    keep("x".repeat(bytes)).await;
}

#[beldi::function(service = Bank)]
async fn hands_much_over(bytes: usize) -> Result<(), Refused> {
    beldi::txn! {
        Account::get("ann").await;
        keeps_below(bytes).await;
        Ok(())
    }
}

static IS_NEW: AtomicBool = AtomicBool::new(false);

/// Another program takes another row.
#[beldi::function(service = Bank)]
async fn is_another_program() -> i64 {
    let owner = if IS_NEW.load(Ordering::SeqCst) { "bob" } else { "ann" };
    Account::get(owner).await.map_or(0, |account| account.balance)
}

#[beldi::function(service = Shop)]
async fn calls_another_program() -> Result<i64, Refused> {
    beldi::txn! {
        Ok(is_another_program().await)
    }
}

/// A call that nobody takes was made after the commit, again and again.
#[tokio::test(start_paused = true)]
async fn a_detached_call_that_nobody_takes_is_refused_before_the_decision() {
    leaves_nothing(fresh_host().await, pays_and_keeps_much(270_000), ProblemKind::TooLarge).await;
}

/// An answer with two copies of a row was more than a record, and so was each decision, which had the answer too.
#[tokio::test(start_paused = true)]
async fn an_answer_that_no_record_can_hold_is_rolled_back() {
    leaves_nothing(fresh_host().await, hands_much_over(210 * 1024), ProblemKind::TooLarge).await;
}

/// Record 0 had the result twice when a participant without rows was marked as done: it could not be told, and nobody
/// behind it was.
#[tokio::test(start_paused = true)]
async fn what_is_done_has_its_result_once() {
    let (host, client) = fresh_host().await;
    let paid = client.call(pays_and_renders(220_000)).await.expect("a result");
    assert_eq!(paid, Ok(220_000));
    for _ in 0..2 {
        let kept = client.call(pays_and_keeps(200_000)).idempotency_key("k").await.expect("a result");
        assert_eq!(kept.map(|text| text.len()), Ok(200_000));
        host.settle().await.expect("at rest");
    }
    assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), 9);
    assert_eq!(locked(&host).await, 0);
    for service in [Bank::NAME, Shop::NAME] {
        assert_eq!(client.parked(service).await.expect("an answer"), []);
        assert_eq!(client.in_doubt(service).await.expect("an answer"), []);
    }
}

/// Calls within a host, some of them to something that is not there.
struct Astray {
    host: OnceLock<LocalHost>,
    leads: fn(&mut Invocation),
}

impl Invoker for Astray {
    fn invoke(&self, mut invocation: Invocation) -> InvokeFuture<'_> {
        (self.leads)(&mut invocation);
        self.host.get().expect("the host has started").invoke(invocation)
    }
}

fn shop_learns_of_no_commit(invocation: &mut Invocation) {
    if invocation.delivery == Delivery::Commit && invocation.service == Shop::NAME {
        invocation.service = "gone".to_owned();
    }
}

async fn led_astray(leads: fn(&mut Invocation)) -> (LocalHost, Client) {
    let astray = Arc::new(Astray { host: OnceLock::new(), leads });
    let builder = builder(fresh_store().await.expect("a store"), settings(), None);
    let host = builder.invoker(Arc::clone(&astray) as Arc<dyn Invoker>).start().await.expect("a host");
    assert!(astray.host.set(host.clone()).is_ok());
    let client = opened(&host).await;
    (host, client)
}

/// A function that is not there cannot be fenced either, and the others were locked until it came.
#[tokio::test(start_paused = true)]
async fn a_function_that_is_not_there_holds_up_nobody() {
    let leads = |invocation: &mut Invocation| {
        if invocation.function == render::NAME {
            invocation.function = "draw".to_owned();
        }
    };
    let (host, client) = led_astray(leads).await;
    client.call(pays_and_renders(1)).idempotency_key("k").await.expect_err("nobody renders");
    assert_eq!(locked(&host).await, 0);
    assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), 10);
}

/// A participant that another program finds in the middle was marked as done, with its row locked for ever.
#[tokio::test(start_paused = true)]
async fn another_program_gives_up_no_row_that_it_does_not_know() {
    let takes = |point: &CrashPoint| {
        let here = point.when == When::After && point.invocation.function == is_another_program::NAME;
        here && point.action == "UpdateItem accounts"
    };
    let plans = Plans::new(vec![Plan::new(takes, 1, Then::Crashes)]);
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plans);
    let host = host.start().await.expect("a host");
    let client = opened(&host).await;
    client.call(calls_another_program()).idempotency_key("k").await.expect_err("it dies");
    IS_NEW.store(true, Ordering::SeqCst);
    client.call(calls_another_program()).idempotency_key("k").await.expect_err("it is another program");
    assert_eq!(locked(&host).await, 1, "the row of the first program");
    IS_NEW.store(false, Ordering::SeqCst);
    let coordinator = InstanceId::from_idempotency_key(Shop::NAME, calls_another_program::NAME, "k");
    client.roll_back(Shop::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 0);
}

#[beldi::function(service = Bank)]
async fn thinks_better_of_it() -> Result<(), Refused> {
    beldi::txn! {
        pays_one().await;
        Err(Refused)
    }
}

/// A rollback does not need the rows of participants: they let them go when they are told.
#[tokio::test(start_paused = true)]
async fn what_participants_hold_they_let_go_themselves() {
    let plans = Plans::new(vec![Plan::new(|point| updates(point, thinks_better_of_it::NAME), 1, Then::Crashes)]);
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plans);
    let host = host.start().await.expect("a host");
    let client = opened(&host).await;
    let thought = client.call(thinks_better_of_it()).await.expect("it sends nothing to a row");
    assert_eq!(thought, Err(Refused));
    assert_eq!(locked(&host).await, 0);
    assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), 10);
}

/// A row that a called function had from another one of the service counted as written in two branches.
#[tokio::test(start_paused = true)]
async fn a_row_is_handed_over_from_one_to_the_next() {
    let (host, client) = fresh_host().await;
    for _ in 0..2 {
        assert_eq!(client.call(hands_much_over(10)).await.expect("a result"), Ok(()));
    }
    assert_eq!(locked(&host).await, 0);
}

/// Participants of the coordinator's own service waited for one elsewhere that could not be told of the commit.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_another_one_that_cannot_be_told() {
    let (host, client) = led_astray(shop_learns_of_no_commit).await;
    client.call(pays_and_renders(1)).idempotency_key("k").await.expect_err("somebody cannot be told");
    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, pays_and_renders::NAME, "k");
    let participant = coordinator.callee(&"1.1.1".parse().expect("a path"));
    let status = client.status::<pays_one>(participant).await.expect("an answer");
    assert!(matches!(status, Some(Status::Done { .. })), "{status:?}");
    assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), 9);
    assert_eq!(locked(&host).await, 0);
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Desk, table = "notes")]
struct Note {
    #[beldi(partition_key)]
    title: String,
}

#[beldi::function(service = Desk)]
async fn takes_a_note() {
    Note { title: "paid".into() }.put().await;
}

/// Calls another service in a block that is rolled back.
#[beldi::function(service = Bank)]
async fn tries_to_pay() -> bool {
    let tried: Result<(), Refused> = beldi::txn! {
        takes_a_note().await;
        Err(Refused)
    };
    tried.is_ok()
}

#[beldi::function(service = Bank)]
async fn tries_and_renders() -> Result<usize, Refused> {
    beldi::txn! {
        tries_to_pay().await;
        pays_one().await;
        Ok(render(1).await.len())
    }
}

/// So did participants of blocks that were rolled back, with their rows locked.
#[tokio::test(start_paused = true)]
async fn what_a_block_has_called_waits_for_nobody_who_cannot_be_told() {
    let (host, client) = led_astray(shop_learns_of_no_commit).await;
    client.call(tries_and_renders()).idempotency_key("k").await.expect_err("somebody cannot be told");
    assert_eq!(locked(&host).await, 0);
    assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), 9);
}
