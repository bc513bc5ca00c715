//! Participants that were told half of a decision.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use beldi::Settings;
use beldi::host::{CrashPlan, CrashPoint, Verdict, When};
use beldi::prelude::*;
use beldi::testing::fresh_store;

use crate::{Account, Bank, Refused, Shop, Stock, assert_nothing_locked, common, fill_host, pack, packed};

/// Lets every invocation of a decision die after its participant's rows are released, and every attempt of the
/// coordinator when it is to tell again.
struct HalfTold {
    coordinator: &'static str,
    participant: &'static str,
    active: AtomicBool,
    silent: AtomicBool,
}

impl CrashPlan for HalfTold {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let active = self.active.load(Ordering::SeqCst);
        let told = point.invocation.delivery.decides();
        let of_participant = told && point.invocation.function == self.participant;
        if active && of_participant && point.when == When::After && point.action.starts_with("UpdateItem") {
            self.silent.store(true, Ordering::SeqCst);
            return Box::pin(ready(Verdict::Crash));
        }
        let again = point.invocation.function == self.coordinator && self.silent.load(Ordering::SeqCst);
        Box::pin(ready(if active && again { Verdict::Crash } else { Verdict::Continue }))
    }
}

/// Charges, and leaves packing for afterwards.
#[beldi::function(service = Bank)]
async fn charge_and_pack_later(owner: String) {
    Account::update(&owner).add(Account::BALANCE, -1).await;
    pack("tea".into(), 1).detach().await;
}

#[beldi::function(service = Shop)]
async fn sell_and_pack_later() -> Result<(), Refused> {
    beldi::txn! {
        Stock::update("tea").add(Stock::FREE, -1).await;
        charge_and_pack_later("ann".into()).await;
        Ok(())
    }
}

#[beldi::function(service = Bank)]
async fn charge_and_pack_now(owner: String) -> i64 {
    let account = Account::get(&owner).await;
    pack("tea".into(), account.map_or(0, |account| account.balance)).await
}

#[beldi::function(service = Shop)]
async fn sell_in_vain() -> Result<(), Refused> {
    beldi::txn! {
        charge_and_pack_now("ann".into()).await;
        Err(Refused::Undone)
    }
}

async fn half_told(coordinator: &'static str, participant: &'static str) -> (beldi::host::LocalHost, Arc<HalfTold>) {
    let (active, silent) = (AtomicBool::new(false), AtomicBool::new(false));
    let plan = Arc::new(HalfTold { coordinator, participant, active, silent });
    let settings = Settings { call_tries: 1, max_attempts: 50, ..Settings::default() };
    let store = fresh_store().await.expect("a store");
    let crashes = Arc::clone(&plan) as Arc<dyn CrashPlan>;
    let host = common::builder(store, settings, None).crash_plan(crashes).start().await.expect("a host");
    fill_host(&host).await;
    plan.active.store(true, Ordering::SeqCst);
    (host, plan)
}

/// Collects until participants have been looked at, while the coordinator cannot tell; then lets it.
async fn recover(host: &beldi::host::LocalHost, plan: &HalfTold) {
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        host.collect().await;
    }
    assert!(plan.silent.load(Ordering::SeqCst), "the participant was told half of it");
    plan.active.store(false, Ordering::SeqCst);
    host.settle().await.expect("the store answers");
}

/// A collector took a participant for done whose rows were released, although its detached call was not made: when it
/// was told again, nobody made it.
#[tokio::test(start_paused = true)]
async fn a_participant_that_is_half_told_of_a_commit_makes_its_detached_calls() {
    let (host, plan) = half_told("sell_and_pack_later", "charge_and_pack_later").await;
    let client = host.client();
    drop(client.call(sell_and_pack_later()).idempotency_key("k").await);
    recover(&host, &plan).await;
    assert_eq!(client.call(sell_and_pack_later()).idempotency_key("k").await.expect("a result"), Ok(()));
    assert_eq!(client.call(packed("tea".into())).await.expect("a count"), 1);
    assert_nothing_locked(&host).await;
    assert_eq!(client.in_doubt("bank").await.expect("an answer"), []);
}

/// The same of a rollback left what the participant had called locked for ever.
#[tokio::test(start_paused = true)]
async fn a_participant_that_is_half_told_of_a_rollback_tells_those_below_it() {
    let (host, plan) = half_told("sell_in_vain", "charge_and_pack_now").await;
    let client = host.client();
    drop(client.call(sell_in_vain()).idempotency_key("k").await);
    recover(&host, &plan).await;
    let answer = client.call(sell_in_vain()).idempotency_key("k").await.expect("a result");
    assert_eq!(answer, Err(Refused::Undone));
    assert_nothing_locked(&host).await;
    for service in ["bank", "depot"] {
        assert_eq!(client.in_doubt(service).await.expect("an answer"), []);
    }
}
