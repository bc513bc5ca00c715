//! Rules of transactions that neither the crash matrix nor the interleavings need: each test here fails if its rule
//! is taken away (`cargo xtask mutants`).

mod common;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use beldi::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use beldi::prelude::*;
use beldi::store::{AttributeValue, Placeholders, ReturnValues, SharedStore, UpdateItem};
use beldi::testing::{fresh_store, locked_rows};
use beldi::{InstanceId, Settings};
use common::{CrashAt, builder, host, host_on};

beldi::service!(Shop = "shop");
beldi::service!(Bank = "bank");

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

#[beldi::function(service = Bank)]
async fn open_with(owner: String, balance: i64) {
    Account { owner, balance }.put().await;
}

#[beldi::function(service = Bank, read_only)]
async fn balance(owner: String) -> i64 {
    Account::get(&owner).await.map_or(0, |account| account.balance)
}

#[beldi::function(service = Bank)]
async fn charge(owners: Vec<String>) -> Result<(), Refused> {
    for owner in owners {
        let mut account = Account::get(&owner).await.ok_or(Refused)?;
        account.balance -= 1;
        account.put().await;
    }
    Ok(())
}

#[beldi::function(service = Shop)]
async fn charge_both(one: String, other: String) -> Result<(), Refused> {
    beldi::txn! {
        charge(vec![one.clone(), other.clone()]).await
    }
}

#[beldi::function(service = Shop)]
async fn charge_at_once(one: String, other: String) -> Result<(), Refused> {
    beldi::txn! {
        let (here, there) = beldi::join!(charge(vec![one.clone()]), charge(vec![other.clone()]));
        here.and(there)
    }
}

#[beldi::function(service = Bank)]
async fn look_at_both(one: String, other: String) -> Result<i64, Refused> {
    beldi::txn! {
        let here = Account::get(&one).await.ok_or(Refused)?;
        let there = Account::get(&other).await.ok_or(Refused)?;
        Ok(here.balance + there.balance)
    }
}

/// Touches no row, and sees nothing that another attempt could see otherwise.
#[beldi::function(service = Bank)]
async fn fee(percent: i64) -> i64 {
    percent / 2
}

#[beldi::function(service = Shop)]
async fn charge_with_fee(owner: String) -> Result<i64, Refused> {
    beldi::txn! {
        let fee = fee(4).await;
        charge(vec![owner.clone()]).await?;
        Ok(fee)
    }
}

/// Writes a row that is taken at the end, after another one that comes later in the source.
#[beldi::function(service = Bank)]
async fn open_and_look(one: String, other: String) -> Result<i64, Refused> {
    beldi::txn! {
        Account { owner: one.clone(), balance: 20 }.put().await;
        let there = Account::get(&other).await.ok_or(Refused)?;
        Ok(there.balance)
    }
}

fn settings() -> Settings {
    Settings { call_tries: 1, ..Settings::default() }
}

/// Several crashes.
struct Crashes(Vec<CrashAt>);

impl CrashPlan for Crashes {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        Box::pin(async move {
            for crash in &self.0 {
                if crash.decide(point.clone()).await == Verdict::Crash {
                    return Verdict::Crash;
                }
            }
            Verdict::Continue
        })
    }
}

async fn opened(host: &LocalHost) {
    for owner in ["ann", "bob"] {
        host.client().call(open(owner.into())).await.expect("the setup");
    }
    host.settle().await.expect("a settled host");
}

async fn balances(host: &LocalHost) -> (i64, i64) {
    let balance = async |owner: &str| host.client().call(balance(owner.into())).await.expect("a balance");
    (balance("ann").await, balance("bob").await)
}

/// Whoever walks to what an attempt holds stops where nothing is held. So what was taken last goes first: or what an
/// attempt that dies on the way back leaves behind could not be found any more.
#[tokio::test(start_paused = true)]
async fn what_was_taken_last_is_taken_off_first() {
    // Two attempts of the setup and one of the coordinator are before. The participant dies when it holds both rows.
    // When it is told of the rollback it walks to both, takes one off, and dies again.
    let at = |attempt, number| CrashAt { function: "charge", attempts: attempt..=attempt, number, when: When::Before };
    let plan = Arc::new(Crashes(vec![at(4, 4), at(6, 9)]));
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plan).start();
    let host = host.await.expect("a host");
    opened(&host).await;
    let client = host.client();
    let call = client.call(charge_both("ann".into(), "bob".into())).idempotency_key("k");
    call.await.expect_err("the participant is dead");
    assert_eq!(locked_rows(&host).await.expect("an answer").len(), 2);

    let coordinator = InstanceId::from_idempotency_key(Shop::NAME, charge_both::NAME, "k");
    client.roll_back(Shop::NAME, coordinator).await.expect_err("the participant is dead again");
    assert_eq!(locked_rows(&host).await.expect("an answer").len(), 1);
    client.roll_back(Shop::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
    assert_eq!(balances(&host).await, (10, 10));
}

/// Whoever ends a try that another attempt has begun walks to what that attempt holds: no record says it.
#[tokio::test(start_paused = true)]
async fn what_another_attempt_has_taken_is_found() {
    // Two attempts of the setup are before. The coordinator dies before its decision.
    let plan = CrashAt { function: "look_at_both", attempts: 3..=3, number: 4, when: When::Before };
    let host = host(settings(), Some(plan)).await;
    opened(&host).await;
    let client = host.client();
    let call = client.call(look_at_both("ann".into(), "bob".into())).idempotency_key("k");
    call.await.expect_err("the coordinator is dead");
    assert_eq!(locked_rows(&host).await.expect("an answer").len(), 2);
    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, look_at_both::NAME, "k");
    client.roll_back(Bank::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
}

/// A participant that leaves no trace is walked past all the same: what comes after it is found.
#[tokio::test(start_paused = true)]
async fn what_is_held_after_a_participant_without_rows_is_found() {
    // Two attempts of the setup are before. The coordinator dies before its decision.
    let plan = CrashAt { function: "charge_with_fee", attempts: 3..=3, number: 4, when: When::Before };
    let host = host(settings(), Some(plan)).await;
    opened(&host).await;
    let client = host.client();
    let call = client.call(charge_with_fee("ann".into())).idempotency_key("k");
    call.await.expect_err("the coordinator is dead");
    assert_eq!(locked_rows(&host).await.expect("an answer").len(), 1);
    let coordinator = InstanceId::from_idempotency_key(Shop::NAME, charge_with_fee::NAME, "k");
    client.roll_back(Shop::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
}

/// What is released first is what was taken last, which need not be what stands last in the source.
#[tokio::test(start_paused = true)]
async fn what_is_only_written_is_taken_off_before_what_was_read_before_it_was_taken() {
    let crash = |attempt, number| CrashAt {
        function: "open_and_look",
        attempts: attempt..=attempt,
        number,
        when: When::Before,
    };
    let plan = Arc::new(Crashes(vec![crash(3, 5), crash(4, 6)]));
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plan).start();
    let host = host.await.expect("a host");
    opened(&host).await;
    let client = host.client();
    let call = client.call(open_and_look("ann".into(), "bob".into())).idempotency_key("k");
    call.await.expect_err("the coordinator is dead");
    assert_eq!(locked_rows(&host).await.expect("an answer").len(), 2);

    let coordinator = InstanceId::from_idempotency_key(Bank::NAME, open_and_look::NAME, "k");
    client.roll_back(Bank::NAME, coordinator).await.expect_err("the coordinator is dead again");
    assert_eq!(locked_rows(&host).await.expect("an answer").len(), 1);
    client.roll_back(Bank::NAME, coordinator).await.expect("an answer");
    assert_eq!(locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
}

/// Two calls at the same time have no order: neither may take over what the other holds.
#[tokio::test(start_paused = true)]
async fn parts_without_an_order_do_not_share_a_row() {
    let host = host(settings(), None).await;
    opened(&host).await;
    let call = async |one: &str, other: &str| host.client().call(charge_at_once(one.into(), other.into())).await;
    call("ann", "ann").await.expect_err("both want one row");
    host.settle().await.expect("a settled host");
    assert_eq!(balances(&host).await, (10, 10));
    assert_eq!(locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
    call("ann", "bob").await.expect("a result").expect("two rows");
    assert_eq!(balances(&host).await, (9, 9));
}

/// A lock that somebody has taken off by hand is lost, and so may be what it protected: nothing is written over.
#[tokio::test(start_paused = true)]
async fn a_commit_writes_over_no_row_whose_lock_is_lost() {
    // The coordinator dies before the first request after its decision, which tells the participant.
    let plan = CrashAt { function: "charge_both", attempts: 3..=3, number: 4, when: When::Before };
    let store = fresh_store().await.expect("a store");
    let host = host_on(Arc::clone(&store), Settings { max_attempts: 2, ..settings() }, Some(plan)).await;
    opened(&host).await;
    let client = host.client();
    let call = client.call(charge_both("ann".into(), "bob".into())).idempotency_key("k");
    call.await.expect_err("the coordinator is dead");
    assert_eq!(locked_rows(&host).await.expect("an answer").len(), 2);
    for owner in ["ann", "bob"] {
        take_off_by_hand(&store, owner).await;
    }
    client.call(open_with("ann".into(), 50)).await.expect("nobody holds the row");

    host.settle().await.expect("a settled host");
    assert_eq!(balances(&host).await.0, 50);
    assert_eq!(client.parked(Shop::NAME).await.expect("an answer").len(), 1);
}

async fn take_off_by_hand(store: &SharedStore, owner: &str) {
    let mut placeholders = Placeholders::default();
    let names = ["_beldi_lock", "_beldi_lock_holder", "_beldi_holds"].map(|name| placeholders.name(name));
    let update = UpdateItem {
        table: "accounts".to_owned(),
        key: [("owner".to_owned(), AttributeValue::S(owner.to_owned()))].into(),
        update: format!("REMOVE {}", names.join(", ")),
        condition: None,
        placeholders,
        return_values: ReturnValues::None,
    };
    store.update(update).await.expect("an update");
}
