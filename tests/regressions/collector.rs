//! Faults of the collector.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use beldi::host::{LocalHost, When};
use beldi::prelude::*;
use beldi::store::{Request, Response, SharedStore, Store, StoreError, StoreFuture};
use beldi::testing::fresh_store;
use beldi::{InstanceId, Invocation, InvokeError, InvokeFuture, Invoker, Settings, Status, TriggerFuture};

use crate::common::{self, CrashAt, host_on};
use crate::{Shop, Stock, add, settings};

/// An error at one claim must not lose those made before it.
struct OneBadRow {
    inner: SharedStore,
    bad: String,
    on: Arc<AtomicBool>,
}

impl Store for OneBadRow {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        if self.on.load(Ordering::SeqCst)
            && let Request::Update(update) = &request
            && format!("{:?}", update.key).contains(&self.bad)
        {
            return Box::pin(async { Err(StoreError::Throttled { message: "hot".into() }) });
        }
        self.inner.execute(request)
    }

    fn expires_items(&self) -> bool {
        false
    }
}
/// One row that could not be updated stopped each round of the collector.
#[tokio::test(start_paused = true)]
async fn a_claim_that_fails_does_not_hold_up_the_others() {
    let inner = fresh_store().await.expect("a store");
    // All attempts die after record 0.
    let plan = CrashAt { function: "add", attempts: 1..=8, number: 1, when: When::After };
    let on = Arc::new(AtomicBool::new(false));
    let bad = InstanceId::from_idempotency_key("shop", "add", "k3").to_string();
    let store: SharedStore = Arc::new(OneBadRow { inner, bad, on: Arc::clone(&on) });
    let host = host_on(store, settings(), Some(plan)).await;
    for n in 0..8 {
        drop(host.client().call(add(format!("a{n}"))).idempotency_key(format!("k{n}")).await);
    }
    on.store(true, Ordering::SeqCst);
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_secs(40)).await;
        host.collect().await;
    }
    let mut done = 0;
    for n in 0..8 {
        let id = InstanceId::from_idempotency_key("shop", "add", &format!("k{n}"));
        let status = host.client().status::<add>(id).await.expect("an answer");
        if matches!(status, Some(Status::Done { .. })) {
            done += 1;
        }
    }
    assert_eq!(done, 7, "all but the bad one");
}

static RAN: AtomicU32 = AtomicU32::new(0);

#[beldi::function(service = Shop, timeout = "2s")]
async fn slow(article: String) {
    Stock { article, free: 0 }.put().await;
    let slow = beldi::external("slow", |_| async {
        RAN.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Ok::<(), ()>(())
    });
    let _ = slow.await;
}

/// What was due was claimed also where there was no place for it to run: waiting counted as failed attempts, and
/// healthy instances were parked.
#[tokio::test(start_paused = true)]
async fn waiting_for_a_place_is_no_failed_attempt() {
    let plan = CrashAt { function: "slow", attempts: 1..=12, number: 1, when: When::After };
    let store = fresh_store().await.expect("a store");
    let settings = Settings { margin: Duration::from_secs(1), ..settings() };
    let builder = common::builder(store, settings, Some(plan)).concurrency(1);
    let host = builder.collect_every(Some(Duration::from_secs(1))).start().await.expect("a host");
    let client = host.client();
    let calls = (0..12).map(|number| client.call(slow(format!("a{number}"))).idempotency_key(format!("k{number}")));
    futures_util::future::join_all(calls.map(IntoFuture::into_future)).await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(client.parked("shop").await.expect("an answer"), []);
    assert_eq!(RAN.load(Ordering::SeqCst), 12);
}

#[beldi::function(service = Shop, timeout = "2s")]
async fn guards(article: String) {
    let guard = beldi::lock::<Stock>("guarded").await;
    Stock { article, free: 0 }.put().await;
    guard.unlock().await;
}

/// Whoever waited for a row woke the collector of its holder, whose restart waited for a place behind them. Each further
/// nudge counted as an attempt of it, and it was given up without having run.
#[tokio::test(start_paused = true)]
async fn waiting_for_a_place_is_no_failed_attempt_when_others_nudge() {
    // The first one takes the lock, and dies.
    let plan = CrashAt { function: "guards", attempts: 1..=1, number: 3, when: When::After };
    let store = fresh_store().await.expect("a store");
    let host = common::builder(store, settings(), Some(plan)).concurrency(1).start().await.expect("a host");
    let client = host.client();
    drop(client.call(guards("first".into())).idempotency_key("first").await);
    let calls = (0..40).map(|number| client.call(guards(format!("a{number}"))).idempotency_key(format!("k{number}")));
    futures_util::future::join_all(calls.map(IntoFuture::into_future)).await;
    // Its restart came last.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let first = InstanceId::from_idempotency_key("shop", "guards", "first");
    let status = client.status::<guards>(first).await.expect("an answer");
    assert!(matches!(status, Some(Status::Done { .. })), "{status:?}");
}

/// Shows collectors the same old page of instances that are due, once there is one.
struct OldPage {
    inner: SharedStore,
    page: Mutex<Option<Response>>,
    shows: AtomicBool,
}

impl Store for OldPage {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            let is_due = matches!(&request, Request::Query(query) if query.index.as_deref() == Some("due"));
            if is_due && self.shows.load(Ordering::SeqCst) {
                return Ok(self.page.lock().expect("unpoisoned").clone().expect("a page"));
            }
            let response = self.inner.execute(request).await?;
            if is_due && matches!(&response, Response::Page(page) if !page.items.is_empty()) {
                *self.page.lock().expect("unpoisoned") = Some(response.clone());
            }
            Ok(response)
        })
    }

    fn expires_items(&self) -> bool {
        false
    }
}

/// A collector that had read an instance before an operator restarted it parked it again.
#[tokio::test(start_paused = true)]
async fn what_an_operator_has_restarted_is_not_parked_by_a_slow_collector() {
    let page = OldPage { inner: fresh_store().await.expect("a store"), page: Mutex::default(), shows: false.into() };
    let page = Arc::new(page);
    // All its attempts die, until it is given up.
    let plan = CrashAt { function: "add", attempts: 1..=3, number: 1, when: When::After };
    let host = host_on(page.clone(), settings(), Some(plan)).await;
    let client = host.client();
    drop(client.call(add("tea".into())).idempotency_key("k").await);
    host.settle().await.expect("settled");
    let parked = client.parked("shop").await.expect("an answer");
    let [(instance, _)] = parked[..] else { panic!("{parked:?}") };
    // Time passes: what is due again is not due at the moment at which it was due before.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(client.restart("shop", instance).await.expect("an answer"));
    page.shows.store(true, Ordering::SeqCst);
    let round = host.collect().await;
    page.shows.store(false, Ordering::SeqCst);
    assert_eq!(round.parked, 0, "{round:?}");
    host.settle().await.expect("settled");
    let status = client.status::<add>(instance).await.expect("an answer");
    assert!(matches!(status, Some(Status::Done { .. })), "{status:?}");
}

#[beldi::function(service = Shop)]
async fn busy(article: String) {
    Stock { article, free: 0 }.put().await;
    let busy = beldi::external("busy", |_| async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Ok::<(), ()>(())
    });
    let _ = busy.await;
}

/// What had died was started only where a place was free at the moment of a round: never on a host that always has more
/// work than places.
#[tokio::test(start_paused = true)]
async fn what_is_due_has_its_turn_on_a_host_that_is_always_full() {
    // The first one dies.
    let plan = CrashAt { function: "busy", attempts: 1..=1, number: 1, when: When::After };
    let store = fresh_store().await.expect("a store");
    let builder = common::builder(store, settings(), Some(plan)).concurrency(1);
    let host = builder.collect_every(Some(Duration::from_secs(1))).start().await.expect("a host");
    let client = host.client();
    drop(client.call(busy("first".into())).idempotency_key("first").await);
    let crowd = async |name: &str| {
        for n in 0.. {
            client.call(busy(format!("{name}{n}"))).await.expect("done");
        }
    };
    // Two who always want the one place.
    let crowds = futures_util::future::join(crowd("a"), crowd("b"));
    drop(tokio::time::timeout(Duration::from_secs(200), crowds).await);
    let first = InstanceId::from_idempotency_key("shop", "busy", "first");
    let status = client.status::<busy>(first).await.expect("an answer");
    assert!(matches!(status, Some(Status::Done { .. })), "{status:?}");
}

/// A platform that takes nothing for a while that nobody waits for.
#[derive(Default)]
struct Throttling {
    host: OnceLock<LocalHost>,
    refused: AtomicU32,
    on: AtomicBool,
}

impl Invoker for Throttling {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        self.host.get().expect("a host").invoke(invocation)
    }

    fn trigger(&self, invocation: Invocation) -> TriggerFuture<'_> {
        Box::pin(async move {
            if self.on.load(Ordering::SeqCst) {
                self.refused.fetch_add(1, Ordering::SeqCst);
                return Err(InvokeError::Unavailable("rate exceeded".to_owned()));
            }
            self.host.get().expect("a host").trigger(invocation).await
        })
    }
}

/// An attempt that the platform had not taken counted, and ten of them parked what was due.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_sent_is_no_failed_attempt() {
    let plan = CrashAt { function: "guards", attempts: 1..=1, number: 3, when: When::After };
    let store = fresh_store().await.expect("a store");
    let platform = Arc::new(Throttling::default());
    let builder = common::builder(store, settings(), Some(plan)).invoker(platform.clone());
    let host = builder.start().await.expect("a host");
    assert!(platform.host.set(host.clone()).is_ok());
    let client = host.client();
    drop(client.call(guards("first".into())).idempotency_key("first").await);
    tokio::time::sleep(Duration::from_secs(60)).await;
    platform.on.store(true, Ordering::SeqCst);
    // Who waits for its lock asks for it again and again.
    for n in 0..10 {
        drop(client.call(guards(format!("a{n}"))).idempotency_key(format!("k{n}")).await);
    }
    let refused = platform.refused.load(Ordering::SeqCst);
    assert!(refused > 3, "{refused}");
    platform.on.store(false, Ordering::SeqCst);
    host.settle().await.expect("settled");
    assert_eq!(client.parked("shop").await.expect("an answer"), []);
    let first = InstanceId::from_idempotency_key("shop", "guards", "first");
    let status = client.status::<guards>(first).await.expect("an answer");
    assert!(matches!(status, Some(Status::Done { .. })), "{status:?}");
}
