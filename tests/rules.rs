//! Rules of the protocol that neither the crash matrix nor the interleavings need: each test here fails if its
//! rule is taken away (`cargo xtask mutants`).

mod common;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use beldi::host::{LocalHost, When};
use beldi::prelude::*;
use beldi::store::{AttributeValue, Page, Request, Response, SharedStore, Store, StoreFuture};
use beldi::testing::fresh_store;
use beldi::{ClientError, InstanceId, Settings, Status};
use common::{CrashAt, host, host_on};

beldi::service!(Shop = "shop");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
struct Stock {
    #[beldi(partition_key)]
    article: String,
    free: u32,
}

#[beldi::function(service = Shop)]
async fn add(article: String) {
    Stock::update(&article).add(Stock::FREE, 1).await;
}

#[beldi::function(service = Shop)]
async fn set(article: String, free: u32) {
    Stock { article, free }.put().await;
}

#[beldi::function(service = Shop, read_only)]
async fn free(article: String) -> u32 {
    Stock::get(&article).await.map_or(0, |stock| stock.free)
}

#[beldi::function(service = Shop)]
async fn panics_after_a_write(article: String) {
    Stock { article, free: 1 }.put().await;
    panic!("no such luck");
}

fn settings() -> Settings {
    Settings { max_attempts: 3, call_tries: 1, ..Settings::default() }
}

/// A store whose indexes can lag: they answer what they answered before, as a global secondary index may for as
/// long as it likes. Tables are up to date.
struct LaggingIndexes {
    inner: SharedStore,
    lag: AtomicBool,
    /// The last page of each partition that had something in it.
    past: Mutex<HashMap<String, Page>>,
}

impl LaggingIndexes {
    async fn new() -> Arc<Self> {
        let inner = fresh_store().await.expect("a store");
        Arc::new(Self { inner, lag: AtomicBool::new(false), past: Mutex::default() })
    }

    fn lag(&self, lag: bool) {
        self.lag.store(lag, Ordering::SeqCst);
    }
}

impl Store for LaggingIndexes {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        let partition = match &request {
            Request::Query(query) if query.index.is_some() => {
                let partition = query.placeholders.values().next().map(|(_, value)| value);
                Some(format!("{} {partition:?}", query.table))
            }
            _ => None,
        };
        Box::pin(async move {
            let Some(partition) = partition else { return self.inner.execute(request).await };
            if self.lag.load(Ordering::SeqCst) {
                let past = self.past.lock().expect("no test panics here").get(&partition).cloned();
                return Ok(Response::Page(past.unwrap_or_default()));
            }
            let answer = self.inner.execute(request).await?;
            if let Response::Page(page) = &answer
                && !page.items.is_empty()
            {
                self.past.lock().expect("no test panics here").insert(partition, page.clone());
            }
            Ok(answer)
        })
    }

    fn expires_items(&self) -> bool {
        false
    }
}

/// Started and missed of one round.
async fn collect(host: &LocalHost) -> (u32, u32) {
    let round = host.collect().await;
    assert_eq!(round.parked, 0, "nothing here fails often enough");
    (round.started, round.missed)
}

/// Longer than an attempt and its margin.
const LONG: Duration = Duration::from_secs(40);

/// No test noticed a collector whose claim did not go by the due time that it had seen. Where indexes lag, it would
/// start instances that somebody has claimed since, or that are done.
#[tokio::test(start_paused = true)]
async fn what_an_index_says_too_late_is_claimed_by_nobody() {
    let store = LaggingIndexes::new().await;
    // The first attempt dies after record 0, the second after it has loaded the journal.
    let plan = CrashAt { function: "add", attempts: 1..=2, number: 1, when: When::After };
    let shared: SharedStore = Arc::<LaggingIndexes>::clone(&store);
    let host = host_on(shared, settings(), Some(plan)).await;
    let client = host.client();
    drop(client.call(add("tea".into())).idempotency_key("k").await);
    tokio::time::sleep(LONG).await;
    assert_eq!(collect(&host).await, (1, 0));

    store.lag(true);
    assert_eq!(collect(&host).await, (0, 1), "it was claimed since, and is not due before its new time");
    store.lag(false);
    assert_eq!(collect(&host).await, (0, 0));
    tokio::time::sleep(LONG).await;
    assert_eq!(collect(&host).await, (1, 0));

    store.lag(true);
    let id = InstanceId::from_idempotency_key(Shop::NAME, add::NAME, "k");
    for _ in 0..2 {
        assert_eq!(collect(&host).await, (0, 1), "it is done since");
        let status = client.status::<add>(id).await.expect("an answer");
        assert!(matches!(status, Some(Status::Done { .. })), "{status:?}");
        tokio::time::sleep(LONG).await;
    }
    assert_eq!(client.call(free("tea".into())).await.expect("a result"), 1);
}

/// No test noticed a collector that gave up what is not open any more. An index that lags shows a parked instance as
/// open: it is neither started nor parked once more.
#[tokio::test(start_paused = true)]
async fn what_is_parked_stays_parked_whatever_an_index_says() {
    let store = LaggingIndexes::new().await;
    let shared: SharedStore = Arc::<LaggingIndexes>::clone(&store);
    let host = host_on(shared, settings(), None).await;
    let client = host.client();
    drop(client.call(panics_after_a_write("tea".into())).idempotency_key("k").await);
    // The last page of the open partition is that of the round which gave the instance up.
    host.settle().await.expect("a settled host");
    let parked = client.parked(Shop::NAME).await.expect("an answer");
    assert_eq!(parked.len(), 1);
    store.lag(true);
    for _ in 0..2 {
        let round = host.collect().await;
        assert_eq!((round.started, round.parked, round.missed), (0, 0, 1));
        tokio::time::sleep(LONG).await;
    }
    store.lag(false);
    assert_eq!(client.parked(Shop::NAME).await.expect("an answer"), parked);
}

static PAID: AtomicU32 = AtomicU32::new(0);

#[beldi::function(service = Shop)]
async fn pay_then_look(article: String) -> u32 {
    let paid = beldi::external("pay", |_| async { Ok::<u32, ()>(PAID.fetch_add(1, Ordering::SeqCst)) });
    let paid = paid.await.unwrap_or(99);
    let free = Stock::get(&article).await.map_or(0, |stock| stock.free);
    paid + free
}

/// An attempt that dies with the result of an external action in its memory lets it run again: so it is in the
/// journal before the next step.
#[tokio::test(start_paused = true)]
async fn an_external_result_is_journaled_before_the_next_step() {
    // Record 0, the record with the result, the read.
    let plan = CrashAt { function: "pay_then_look", attempts: 1..=1, number: 3, when: When::Before };
    let host = host(settings(), Some(plan)).await;
    let call = host.client().call(pay_then_look("tea".into())).idempotency_key("k").await;
    assert!(matches!(call, Err(ClientError::Unavailable { .. })), "{call:?}");
    host.settle().await.expect("a settled host");
    let again = host.client().call(pay_then_look("tea".into())).idempotency_key("k").await;
    assert_eq!((again.expect("a result"), PAID.load(Ordering::SeqCst)), (0, 1));
}

/// Reads take some time, and the first put of record 1 arrives late.
struct SlowRecord {
    inner: SharedStore,
    held: AtomicBool,
}

impl Store for SlowRecord {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        let delay_ms = match &request {
            Request::Get(get) => match get.key.get("article") {
                Some(AttributeValue::S(article)) if article == "source" => 1,
                Some(AttributeValue::S(article)) if article == "soon" => 5,
                Some(AttributeValue::S(article)) if article == "late" => 10,
                _ => 0,
            },
            Request::Put(put) if put.item.get("record") == Some(&AttributeValue::N("1".to_owned())) => {
                if self.held.swap(true, Ordering::SeqCst) { 0 } else { 50 }
            }
            _ => 0,
        };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            self.inner.execute(request).await
        })
    }

    fn expires_items(&self) -> bool {
        false
    }
}

/// The first branch journals what the second has seen at `source`; the second asks for a record of its own before
/// that has arrived.
#[beldi::function(service = Shop)]
async fn copy_in_a_branch() -> u32 {
    Stock { article: "start".into(), free: 1 }.put().await;
    let ((), seen) = beldi::join!(
        async {
            let soon = Stock::get("soon").await.map_or(0, |stock| stock.free);
            Stock { article: "first".into(), free: soon }.put().await;
        },
        async {
            let seen = Stock::get("source").await.map_or(0, |stock| stock.free);
            let late = Stock::get("late").await.map_or(0, |stock| stock.free);
            Stock { article: "copy".into(), free: seen + late }.put().await;
            seen
        }
    );
    seen
}

/// No test noticed a branch that did not wait for the record of another one. What it had seen was to be in that
/// record, which came late: what is written must be what was seen, even if the row has changed meanwhile.
#[tokio::test(start_paused = true)]
async fn branches_journal_one_after_another() {
    let inner = fresh_store().await.expect("a store");
    let store: SharedStore = Arc::new(SlowRecord { inner, held: AtomicBool::new(false) });
    let host = host_on(store, settings(), None).await;
    let client = host.client();
    client.call(set("source".into(), 100)).await.expect("a row");
    let change = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        client.call(set("source".into(), 200)).await.expect("a row");
    };
    let call = client.call(copy_in_a_branch()).idempotency_key("k");
    let (copied, ()) = tokio::join!(call.into_future(), change);
    let written = client.call(free("copy".into())).await.expect("a result");
    assert_eq!((copied.expect("a result"), written), (100, 100), "what was seen, and what was written");
}

/// Adds one where there are many.
#[beldi::function(service = Shop)]
async fn add_to_many(article: String) -> bool {
    Stock::update(&article).add(Stock::FREE, 1).when(Stock::FREE.ge(5u32)).await.is_ok()
}

type Happening = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store in which something happens just before the first update that is to leave a tombstone.
struct BeforeTombstones {
    inner: SharedStore,
    what: Mutex<Option<Happening>>,
}

impl Store for BeforeTombstones {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        let what = match &request {
            Request::Update(update)
                if update.placeholders.values().any(|(_, value)| *value == AttributeValue::Bool(true)) =>
            {
                self.what.lock().expect("no test panics here").take()
            }
            _ => None,
        };
        Box::pin(async move {
            if let Some(what) = what {
                what.await;
            }
            self.inner.execute(request).await
        })
    }

    fn expires_items(&self) -> bool {
        false
    }
}

/// A conditional write that has found no row records that its condition does not hold, in a tombstone. If there is a
/// row by then, it is to stay.
#[tokio::test(start_paused = true)]
async fn a_row_that_is_made_meanwhile_becomes_no_tombstone() {
    let inner = fresh_store().await.expect("a store");
    let other = host_on(inner.clone(), settings(), None).await;
    let client = other.client();
    let made = async move { client.call(set("tea".into(), 3)).idempotency_key("made").await.expect("a row") };
    let store = Arc::new(BeforeTombstones { inner, what: Mutex::new(Some(Box::pin(made))) });
    let host = host_on(Arc::<BeforeTombstones>::clone(&store), settings(), None).await;
    assert!(!host.client().call(add_to_many("tea".into())).await.expect("a result"));
    assert!(store.what.lock().expect("no test panics here").is_none());
    assert_eq!(host.client().call(free("tea".into())).await.expect("a result"), 3);
}
