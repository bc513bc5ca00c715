//! What an operator can do to transactions, and cannot do wrongly.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use beldi::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use beldi::prelude::*;
use beldi::testing::{fresh_store, locked_rows};
use beldi::{Delivery, InstanceId, Settings};

use crate::{Account, Bank, Refused, Shop, Stock, assert_nothing_locked, common, fill_host, pack, packed, take};

#[beldi::function(service = Shop)]
async fn hold_coffee(millis: u64) {
    let guard = beldi::lock::<Stock>("coffee").await;
    let waited = beldi::external("wait", move |_| crate::conflicts::wait(millis)).await;
    let _ = waited;
    guard.unlock().await;
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "marks")]
struct Mark {
    #[beldi(partition_key)]
    name: String,
    count: i64,
}

/// Dies of the coffee, and holds it in its last try.
#[beldi::function(service = Shop)]
async fn sell() -> Result<i64, Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        take("coffee", 1).await?;
        let mark = Mark::get("sold").await;
        Ok(mark.map_or(0, |mark| mark.count))
    }
}

/// Lets attempts of `function` die before they ask for `action`, from the one at which it is counted down.
struct DiesBefore {
    function: &'static str,
    action: &'static str,
    passes: AtomicU32,
    /// Who has died.
    dead: Mutex<Vec<InstanceId>>,
}

impl CrashPlan for DiesBefore {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let runs = matches!(point.invocation.delivery, Delivery::First | Delivery::Repeat);
        let here = runs
            && point.invocation.function == self.function
            && point.when == When::Before
            && point.action.contains(self.action);
        let dies =
            here && self.passes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
        if dies {
            self.dead.lock().expect("no test panics here").push(point.invocation.instance);
        }
        Box::pin(ready(if dies { Verdict::Crash } else { Verdict::Continue }))
    }
}

async fn dying(function: &'static str, action: &'static str, passes: u32) -> (LocalHost, Arc<DiesBefore>) {
    let plan = Arc::new(DiesBefore { function, action, passes: AtomicU32::new(passes), dead: Mutex::default() });
    let settings = Settings { call_tries: 1, ..Settings::default() };
    let store = fresh_store().await.expect("a store");
    let host = common::builder(store, settings, None).crash_plan(Arc::clone(&plan) as Arc<dyn CrashPlan>).start().await;
    let host = host.expect("a host");
    fill_host(&host).await;
    (host, plan)
}

fn instance(service: &str, function: &str) -> InstanceId {
    InstanceId::from_idempotency_key(service, function, "k")
}

/// An operator who rolled back a transaction with a try that had died completed that try again and again, and never
/// came to the one that held rows.
#[tokio::test(start_paused = true)]
async fn a_transaction_with_dead_tries_can_be_rolled_back() {
    let (host, _) = dying("sell", "UpdateItem marks", 0).await;
    let (client, other) = (host.client(), host.client());
    let holder = tokio::spawn(async move { other.call(hold_coffee(500)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(client.call(sell()).idempotency_key("k").await);
    holder.await.expect("no panic").expect("an answer");
    assert!(host.statistics().died > 0, "a try has died");
    assert!(!locked_rows(&host).await.expect("the store answers").is_empty(), "the last try holds rows");
    assert!(client.roll_back("shop", instance("shop", "sell")).await.expect("an answer"));
    assert_nothing_locked(&host).await;
}

#[beldi::function(service = Bank)]
async fn charge_then_pack(owner: String) -> i64 {
    Account::update(&owner).add(Account::BALANCE, -50).await;
    let packed = pack("tea".into(), 1).await;
    Account::update(&owner).add(Account::BALANCE, -packed).await;
    packed
}

#[beldi::function(service = Shop)]
async fn sell_through_bank() -> Result<i64, Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        Ok(charge_then_pack("ann".into()).await)
    }
}

#[beldi::function(service = Bank, read_only)]
async fn balance(owner: String) -> i64 {
    Account::get(&owner).await.map_or(0, |account| account.balance)
}

/// An operator who named a participant instead of its coordinator had it run outside of its transaction: its writes
/// were there although the transaction was rolled back.
#[tokio::test(start_paused = true)]
async fn a_participant_cannot_be_rolled_back_by_itself() {
    let (host, plan) = dying("charge_then_pack", "UpdateItem accounts", 0).await;
    let client = host.client();
    drop(client.call(sell_through_bank()).idempotency_key("k").await);
    let participant = plan.dead.lock().expect("no test panics here")[0];
    assert!(client.roll_back("bank", participant).await.is_err(), "its coordinator decides");
    assert!(client.roll_back("shop", instance("shop", "sell_through_bank")).await.expect("an answer"));
    assert_nothing_locked(&host).await;
    assert_eq!(client.call(balance("ann".into())).await.expect("a balance"), 100);
    assert_eq!(client.call(packed("tea".into())).await.expect("a count"), 0);
}
