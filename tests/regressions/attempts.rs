//! What an attempt does not do any more: once another one is ahead of it, or once its time is over.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use beldi::host::{CrashPlan, CrashPoint, Verdict, When};
use beldi::store::{AttributeValue, DeleteItem, SharedStore};
use beldi::testing::fresh_store;
use beldi::{Client, Delivery, InstanceId, Invocation, Invoker, Settings};
use tokio::sync::Notify;

use crate::common;
use crate::{Shop, settings};

thread_local! {
    /// How often something happened outside. A test has a thread.
    static HAPPENED: Cell<u32> = const { Cell::new(0) };
}

fn happens() -> u32 {
    HAPPENED.set(HAPPENED.get() + 1);
    HAPPENED.get()
}

#[beldi::function(service = Shop)]
async fn mail() -> u32 {
    beldi::external("mail", |_| async { Ok::<u32, ()>(happens()) }).await.unwrap_or_default()
}

/// Holds the first attempt of `mail` where it is about to look whether another one is ahead. The next one dies when its
/// record of what happened outside is there, if it `dies`.
struct HoldsTheFirst {
    queries: AtomicU32,
    dies: bool,
    held: Notify,
    goes_on: Notify,
}

impl CrashPlan for HoldsTheFirst {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let looks = point.when == When::Before && point.action == "Query shop-journal";
        let records = point.when == When::After && point.action == "PutItem shop-journal";
        let runs = point.invocation.delivery != Delivery::Accept;
        Box::pin(async move {
            if looks && self.queries.fetch_add(1, Ordering::SeqCst) == 0 {
                self.held.notify_one();
                self.goes_on.notified().await;
            }
            if records && runs && self.dies { Verdict::Crash } else { Verdict::Continue }
        })
    }
}

/// Accepts a call of `mail`, whose first attempt is held, and lets another one begin. Gives what they are about.
async fn with_another_ahead(dies: bool) -> (Arc<HoldsTheFirst>, SharedStore, Client, InstanceId) {
    let plan = HoldsTheFirst { queries: AtomicU32::new(0), dies, held: Notify::new(), goes_on: Notify::new() };
    let (plan, store) = (Arc::new(plan), fresh_store().await.expect("a store"));
    let crash_plan = Arc::clone(&plan) as Arc<dyn CrashPlan>;
    let host = common::builder(store.clone(), settings(), None).crash_plan(crash_plan).start().await.expect("a host");
    let id = host.client().start(mail()).await.expect("an id");
    plan.held.notified().await;
    let ahead = Invocation {
        service: "shop".into(),
        function: "mail".into(),
        instance: id,
        arguments: "null".into(),
        caller: None,
        delivery: Delivery::Repeat,
        transaction: None,
        contract: None,
    };
    assert_eq!(host.invoke(ahead).await.is_err(), dies);
    assert_eq!(HAPPENED.get(), 1);
    (plan, store, host.client(), id)
}

/// The first attempt of an accepted call looks into no journal when it begins. Another one may have put its records by the
/// time that something is to happen outside.
#[tokio::test(start_paused = true)]
async fn a_first_attempt_sees_that_another_one_has_put_a_record() {
    let (plan, _store, client, id) = with_another_ahead(true).await;
    plan.goes_on.notify_one();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(HAPPENED.get(), 1, "it happened again");
    assert_eq!(client.result::<mail>(id).await.expect("an answer"), Some(1), "it goes on from the record");
}

/// Where items expire, the records of an instance that is done go in any order.
#[tokio::test(start_paused = true)]
async fn a_first_attempt_sees_that_another_one_is_done_although_its_records_are_gone() {
    let (plan, store, client, id) = with_another_ahead(false).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(client.result::<mail>(id).await.expect("an answer"), Some(1));
    for record in 1..5 {
        let key = [
            ("instance".to_owned(), AttributeValue::S(id.to_string())),
            ("record".to_owned(), AttributeValue::N(record.to_string())),
        ];
        let (table, condition) = ("shop-journal".to_owned(), None);
        let delete = DeleteItem { table, key: key.into(), condition, placeholders: Default::default() };
        store.delete(delete).await.expect("it may be there");
    }
    plan.goes_on.notify_one();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(HAPPENED.get(), 1, "it happened again");
}

#[beldi::function(service = Shop, timeout = "2s")]
async fn last_moment() -> u32 {
    let outside = beldi::external("late", |_| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok::<u32, ()>(happens())
    });
    outside.await.unwrap_or_default()
}

/// An attempt that was ready to go on in the moment in which its time was over did so, beside the one that was due then.
#[tokio::test(start_paused = true)]
async fn an_attempt_does_nothing_from_its_deadline_on() {
    let store = fresh_store().await.expect("a store");
    let host = common::builder(store, Settings { max_attempts: 1, ..settings() }, None).start().await.expect("a host");
    host.client().call(last_moment()).await.expect_err("its time is over");
    assert_eq!(HAPPENED.get(), 0);
    assert_eq!(host.statistics().timed_out, 1);
}
