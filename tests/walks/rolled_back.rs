//! What a block that was rolled back has called, in a transaction that commits: nobody sees there what is written later.

use std::sync::{Arc, Mutex, OnceLock};

use beldi::host::{CrashPlan, CrashPoint, LocalHost};
use beldi::prelude::*;
use beldi::testing::fresh_store;
use beldi::{Call, Delivery, Function, Invocation, InvokeFuture, Invoker};
use tokio::task::JoinHandle;

use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::{Account, Bank, Refused, Shop, is_about, locked, opened, settings, updates};

/// Takes another row if the first one is not as it should be.
#[beldi::function(service = Bank)]
async fn look() -> i64 {
    let ann = Account::get("ann").await.map_or(0, |account| account.balance);
    if ann != 10 {
        Account::get("zoe").await;
    }
    ann
}

#[beldi::function(service = Shop)]
async fn look_in_vain() -> bool {
    let looked: Result<(), Refused> = beldi::txn! {
        look().await;
        Err(Refused)
    };
    looked.is_ok()
}

#[beldi::helper(service = Bank)]
async fn pay_in() -> Result<(), Refused> {
    let mut ann = Account::get("ann").await.ok_or(Refused)?;
    ann.balance += 1;
    ann.put().await;
    Ok(())
}

#[beldi::function(service = Bank)]
async fn deposit() -> Result<(), Refused> {
    pay_in().await
}

/// A coordinator changes a row of its own that was looked at in vain.
#[beldi::function(service = Bank)]
async fn change_here() -> Result<(), Refused> {
    beldi::txn! {
        look_in_vain().await;
        pay_in().await
    }
}

/// A participant changes it.
#[beldi::function(service = Shop)]
async fn change_there() -> Result<(), Refused> {
    beldi::txn! {
        look_in_vain().await;
        deposit().await
    }
}

/// Lets `look` begin twice. The second attempt goes on when the first one is about to be told that it was in vain.
struct Twice {
    host: OnceLock<LocalHost>,
    plans: Arc<Plans>,
    zombie: Mutex<Option<JoinHandle<()>>>,
}

impl Twice {
    fn begin(&self, invocation: Invocation) {
        let host = self.host.get().expect("the host has started").clone();
        let zombie = tokio::spawn(async move { drop(host.invoke(invocation).await) });
        *self.zombie.lock().expect("no test panics here") = Some(zombie);
    }
}

impl Invoker for Twice {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        Box::pin(async move {
            if invocation.function == look::NAME && invocation.delivery == Delivery::First {
                self.begin(invocation.clone());
                self.plans.signal.notified().await;
            }
            if invocation.function == look::NAME && invocation.delivery == Delivery::Abort {
                let zombie = self.zombie.lock().expect("no test panics here").take().expect("it began twice");
                self.plans.goes_on.notify_one();
                zombie.await.expect("no panic");
            }
            self.host.get().expect("the host has started").invoke(invocation).await
        })
    }
}

/// A zombie saw the change, took the other row, which no record of its instance names, and nobody took the lock off.
async fn leaves_nothing<F: Function>(call: Call<F>) {
    let takes = |point: &CrashPoint| updates(point, look::NAME) && is_about(point, "ann");
    // The second one puts the intent, and stops before it takes the row. The first one prepares then.
    let plans = Plans::new(vec![Plan::new(takes, 1, Then::Stalls)]);
    let wire = Arc::new(Twice { host: OnceLock::new(), plans: Arc::clone(&plans), zombie: Mutex::default() });
    let store = fresh_store().await.expect("a store");
    let host = builder(store, settings(), None).crash_plan(plans as Arc<dyn CrashPlan>);
    let host = host.invoker(Arc::clone(&wire) as Arc<dyn Invoker>).start().await.expect("a host");
    let _ = wire.host.set(host.clone());
    let client = opened(&host).await;
    client.call(call).await.expect("a result");
    assert!(wire.zombie.lock().expect("no test panics here").is_none(), "the zombie went on");
    host.settle().await.expect("the store answers");
    assert_eq!(locked(&host).await, 0);
}

/// A coordinator committed a row that a block in vain had looked at. A zombie of what the block had called saw the new
/// row, and left a lock that nobody took off. The commit ends what such participants hold, and so the zombie is
/// refused.
#[tokio::test(start_paused = true)]
async fn a_zombie_does_not_see_what_the_coordinator_writes_later() {
    leaves_nothing(change_here()).await;
}

/// The same where another participant has written the row.
#[tokio::test(start_paused = true)]
async fn a_zombie_does_not_see_what_a_participant_writes_later() {
    leaves_nothing(change_there()).await;
}
