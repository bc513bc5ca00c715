//! A transaction may hold a row by several acquisitions: of several participants, or of several steps of one. Each holds
//! it by itself. When the first one that was ended freed the row for all, whoever looked for the others stopped at the
//! row, and what was behind it stayed locked for ever.

use std::sync::Arc;

use beldi::host::{CrashPlan, CrashPoint, LocalHost, When};
use beldi::prelude::*;
use beldi::store::{AttributeValue, Placeholders, ReturnValues, UpdateItem};
use beldi::testing::fresh_store;
use beldi::{Client, Delivery, InstanceId};

use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::{Account, Bank, Refused, Shop, balance, is_about, locked, opened, settings, updates};

#[beldi::function(service = Bank, read_only)]
pub(crate) async fn sum(owners: Vec<String>) -> i64 {
    let mut sum = 0;
    for owner in owners {
        sum += Account::get(&owner).await.map_or(0, |account| account.balance);
    }
    sum
}

/// Two participants of one service, at the same time, that both read the account of ann.
#[beldi::function(service = Shop)]
async fn sum_twice() -> Result<i64, Refused> {
    beldi::txn! { max_tries = 1 =>
        let (one, other) = beldi::join!(sum(accounts(&["ann", "zoe"])), sum(accounts(&["ann", "bob"])));
        Ok(one + other)
    }
}

/// A participant that hands a row over to another one of its service.
#[beldi::function(service = Bank)]
async fn sum_below() -> i64 {
    let ann = Account::get("ann").await.map_or(0, |account| account.balance);
    let bob = Account::get("bob").await.map_or(0, |account| account.balance);
    ann + bob + sum(accounts(&["ann", "zoe"])).await
}

#[beldi::function(service = Shop)]
async fn sum_deep() -> Result<i64, Refused> {
    beldi::txn! { max_tries = 1 =>
        Ok(sum_below().await)
    }
}

/// Takes a row twice, and another one in between.
#[beldi::function(service = Bank)]
async fn read_then_write() -> Result<(), Refused> {
    beldi::txn! {
        let ann = Account::get("ann").shared().await.ok_or(Refused)?;
        let bob = Account::get("bob").await.ok_or(Refused)?;
        let changed = Account { owner: ann.owner, balance: ann.balance + bob.balance };
        changed.put().when(Account::exists()).await.map_err(|_| Refused)
    }
}

/// One branch panics when it holds a row; the other one takes two.
#[beldi::function(service = Bank)]
async fn panics_beside() -> i64 {
    let (one, other) = beldi::join!(
        async {
            let zoe = Account::get("zoe").await;
            assert!(zoe.is_none(), "the account is there");
            0
        },
        async {
            let ann = Account::get("ann").await.map_or(0, |account| account.balance);
            ann + Account::get("bob").await.map_or(0, |account| account.balance)
        },
    );
    one + other
}

#[beldi::function(service = Shop)]
async fn calls_what_panics() -> Result<i64, Refused> {
    beldi::txn! { max_tries = 1 =>
        Ok(panics_beside().await)
    }
}

/// Many participants that read one row.
#[beldi::function(service = Bank)]
async fn read_often(times: u32) -> i64 {
    let mut sum = 0;
    for _ in 0..times {
        sum += balance("ann".into()).await;
    }
    sum
}

#[beldi::function(service = Shop)]
async fn read_very_often() -> Result<i64, Refused> {
    beldi::txn! {
        Ok(read_often(22).await + read_often(22).await + read_often(22).await)
    }
}

pub(crate) fn accounts(owners: &[&str]) -> Vec<String> {
    owners.iter().map(|owner| (*owner).to_owned()).collect()
}

/// A host with the accounts of ann, bob and zoe, which somebody may hold who is older than everybody.
async fn host(plans: Vec<Plan>, zoe_is_held: bool) -> (LocalHost, Client) {
    let store = fresh_store().await.expect("a store");
    let host = builder(store, settings(), None).crash_plan(Plans::new(plans)).start().await.expect("a host");
    let client = opened(&host).await;
    if zoe_is_held {
        hold_zoe(&host).await;
    }
    (host, client)
}

async fn hold_zoe(host: &LocalHost) {
    set(host, "zoe", "_beldi_lock", Some(AttributeValue::B(b"somebody".to_vec()))).await;
}

/// Sets an attribute of an account by hand, or removes it.
pub(crate) async fn set(host: &LocalHost, owner: &str, attribute: &str, value: Option<AttributeValue>) {
    let mut placeholders = Placeholders::default();
    let name = placeholders.name(attribute);
    let update = match value {
        Some(value) => format!("SET {name} = {}", placeholders.value(value)),
        None => format!("REMOVE {name}"),
    };
    let key = [("owner".to_owned(), AttributeValue::S(owner.to_owned()))].into();
    let (table, condition, return_values) = ("accounts".to_owned(), None, ReturnValues::None);
    let update = UpdateItem { table, key, update, condition, placeholders, return_values };
    host.environment().store.update(update).await.expect("the store answers");
}

/// Each acquisition holds a row by itself: a participant that died lets go what it has read, and the other one, which
/// is fenced afterwards, still finds that it has read the same row. Otherwise its second row would stay locked.
#[tokio::test(start_paused = true)]
async fn two_participants_read_one_row_and_one_of_them_dies() {
    // The one that meets nobody stops when it has both rows, before it says so.
    let prepares = |point: &CrashPoint| {
        let invocation = &point.invocation;
        let first = invocation.delivery == Delivery::First && invocation.arguments.contains("bob");
        let function = invocation.function == sum::NAME;
        first && function && point.when == When::Before && point.action == "PutItem bank-journal"
    };
    // It is fenced only when the other one, which died, has let the account of ann go.
    let fences = |point: &CrashPoint| {
        let calls = point.invocation.function == sum_twice::NAME && point.action == "Invoke bank/sum";
        calls && point.when == When::Before
    };
    let lets_go = |point: &CrashPoint| {
        let fences = point.invocation.delivery == Delivery::Fence && point.when == When::After;
        fences && point.action == "UpdateItem accounts" && is_about(point, "ann")
    };
    let plans = vec![
        Plan::new(prepares, 2, Then::Stops),
        Plan::new(fences, 3, Then::Waits),
        Plan::new(lets_go, 2, Then::Signals),
    ];
    let (host, client) = host(plans, true).await;
    client.call(sum_twice()).await.expect_err("zoe is held");
    assert_eq!(locked(&host).await, 1, "zoe");
}

/// A row is held by who has handed it over and by who has taken it over. A walk that dies when it has ended some of
/// that leaves the rest, so that the next walk finds its way to all that is locked.
#[tokio::test(start_paused = true)]
async fn a_row_is_handed_to_a_participant_that_dies_and_so_does_the_walk() {
    // It looks at two rows on its way, and is about to let the second one go.
    let walks = |point: &CrashPoint| updates(point, sum_below::NAME) && point.invocation.delivery == Delivery::Fence;
    let (host, client) = host(vec![Plan::new(walks, 3, Then::Crashes)], true).await;
    client.call(sum_deep()).idempotency_key("k").await.expect_err("zoe is held, and the walk dies");
    assert_eq!(locked(&host).await, 3, "zoe, and what is to be let go");
    let coordinator = InstanceId::from_idempotency_key(Shop::NAME, sum_deep::NAME, "k");
    client.roll_back(Shop::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 1, "zoe");
}

/// The same of one coordinator that reads a row and writes it: a walk that dies when it has ended one of the two must
/// not hide from the next walk how far the attempt had come.
#[tokio::test(start_paused = true)]
async fn a_row_that_was_taken_twice_is_held_until_both_are_ended() {
    // The coordinator dies when it has taken ann, bob, and ann; and when it has looked at these and let the last one go.
    let takes = |point: &CrashPoint| point.invocation.function == read_then_write::NAME && decides(point);
    let ends =
        |point: &CrashPoint| updates(point, read_then_write::NAME) && point.invocation.delivery == Delivery::RollBack;
    let plans = vec![Plan::new(takes, 1, Then::Crashes), Plan::new(ends, 5, Then::Crashes)];
    let (host, client) = host(plans, false).await;
    client.call(read_then_write()).idempotency_key("k").await.expect_err("it dies");
    assert_eq!(locked(&host).await, 2);
    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, read_then_write::NAME, "k");
    client.roll_back(Bank::NAME, coordinator).await.expect_err("it dies again");
    assert_eq!(locked(&host).await, 2);
    client.roll_back(Bank::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 0);
}

/// Whether an attempt is about to put its second record.
fn decides(point: &CrashPoint) -> bool {
    point.when == When::Before && point.action == "PutItem bank-journal" && point.number > 2
}

/// A panic in one branch ended the walk of all, although other attempts may have come further in the others.
#[tokio::test(start_paused = true)]
async fn a_branch_that_panics_does_not_end_the_walk_of_the_others() {
    let takes_zoe = |point: &CrashPoint| {
        let first = point.invocation.delivery == Delivery::First && updates(point, panics_beside::NAME);
        first && is_about(point, "zoe")
    };
    let has_bob = |point: &CrashPoint| {
        point.invocation.function == panics_beside::NAME && point.when == When::After && is_about(point, "bob")
    };
    let plans = vec![Plan::new(takes_zoe, 1, Then::Waits), Plan::new(has_bob, 1, Then::Signals)];
    let (host, client) = host(plans, false).await;
    client.call(calls_what_panics()).await.expect_err("it panics");
    assert_eq!(locked(&host).await, 0);
}

/// A row that could not be read counted as one that no attempt had come past.
#[tokio::test(start_paused = true)]
async fn damage_does_not_end_a_walk() {
    let takes = |point: &CrashPoint| point.invocation.function == read_then_write::NAME && decides(point);
    let (host, client) = host(vec![Plan::new(takes, 1, Then::Crashes)], false).await;
    client.call(read_then_write()).idempotency_key("k").await.expect_err("it dies");
    set(&host, "ann", "_beldi_epoch", Some(AttributeValue::S("damaged".to_owned()))).await;
    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, read_then_write::NAME, "k");
    client.roll_back(Bank::NAME, coordinator).await.expect_err("the row is damaged");
    assert_eq!(locked(&host).await, 2);
    set(&host, "ann", "_beldi_epoch", None).await;
    client.roll_back(Bank::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 0);
}

#[beldi::function(service = Bank)]
async fn reads_above() -> i64 {
    Account::get("ann").await;
    sum(accounts(&["bob"])).await
}

#[beldi::function(service = Shop)]
async fn gives_up() -> Result<(), Refused> {
    beldi::txn! {
        reads_above().await;
        Err(Refused)
    }
}

/// A participant that could not release its own row told nobody below it of the rollback.
#[tokio::test(start_paused = true)]
async fn damage_keeps_nobody_below_from_being_told() {
    let decides = |point: &CrashPoint| point.action == "PutItem shop-journal" && point.number > 1;
    let (host, client) = host(vec![Plan::new(decides, 1, Then::Crashes)], false).await;
    client.call(gives_up()).idempotency_key("k").await.expect_err("it dies");
    assert_eq!(locked(&host).await, 2);
    set(&host, "ann", "_beldi_epoch", Some(AttributeValue::S("damaged".to_owned()))).await;
    client.call(gives_up()).idempotency_key("k").await.expect_err("the row is damaged");
    assert_eq!(locked(&host).await, 1, "the account of ann");
    set(&host, "ann", "_beldi_epoch", None).await;
    client.call(gives_up()).idempotency_key("k").await.expect("a result").expect_err("it is rolled back");
    assert_eq!(locked(&host).await, 0);
}

/// At most 64 acquisitions of several transactions may hold a row. One transaction is not kept out by its own.
#[tokio::test(start_paused = true)]
async fn a_transaction_may_read_a_row_as_often_as_it_likes() {
    let (host, client) = host(Vec::new(), false).await;
    assert_eq!(client.call(read_very_often()).await.expect("a result"), Ok(660));
    assert_eq!(locked(&host).await, 0);
}

/// A walk leaves an entry where no acquisition was made. An attempt that wakes up before one, after all was told and
/// settled, would hold the row for ever.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_wakes_up_after_the_walk_takes_nothing() {
    let takes_bob = |point: &CrashPoint| updates(point, read_then_write::NAME) && is_about(point, "bob");
    let plans = Plans::new(vec![Plan::new(takes_bob, 1, Then::Stalls)]);
    let store = fresh_store().await.expect("a store");
    let host = builder(store, settings(), None).crash_plan(Arc::clone(&plans) as Arc<dyn CrashPlan>).start();
    let host = host.await.expect("a host");
    let client = opened(&host).await;
    let its = client.clone();
    let zombie = tokio::spawn(async move { its.call(read_then_write()).idempotency_key("k").await.map(drop) });
    plans.signal.notified().await;
    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, read_then_write::NAME, "k");
    client.roll_back(Bank::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked(&host).await, 0);
    plans.goes_on.notify_one();
    drop(zombie.await.expect("the zombie comes to its end"));
    host.settle().await.expect("at rest");
    assert_eq!(locked(&host).await, 0);
}
