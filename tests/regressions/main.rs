//! Faults that a review found: each test opens with the story of its own.

mod attempts;
mod collector;
#[path = "../common/mod.rs"]
mod common;
mod locks;
mod values;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use beldi::host::When;
use beldi::prelude::*;
use beldi::store::{AttributeValue, Fault, Faulty, PutItem, Request, SharedStore, Store, StoreError, StoreFuture};
use beldi::testing::fresh_store;
use beldi::{Delivery, Invocation, Invoker, Settings, Status};
use common::{CrashAt, host, host_on};

beldi::service!(pub(crate) Shop = "shop");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
pub(crate) struct Stock {
    #[beldi(partition_key)]
    pub(crate) article: String,
    pub(crate) free: u32,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Shop, table = "papers")]
pub(crate) struct Paper {
    #[beldi(partition_key)]
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) tags: HashSet<String>,
}

pub(crate) fn settings() -> Settings {
    Settings { max_attempts: 3, call_tries: 1, ..Settings::default() }
}

/// A host whose first look at its tables was throttled did not start: only the requests of attempts were tried again.
#[tokio::test(start_paused = true)]
async fn a_host_starts_although_its_tables_are_throttled() {
    let throttled = || StoreError::Throttled { message: "later".to_owned() };
    let plan = move |_: &Request, number: u64| if number < 2 { Fault::Before(throttled()) } else { Fault::None };
    let store = Arc::new(Faulty::new(fresh_store().await.expect("a store"), plan));
    let started = common::builder(store, settings(), None).start().await;
    assert!(started.is_ok(), "{:?}", started.err());
}

async fn set(store: &SharedStore, article: &str, free: u32) {
    let item = HashMap::from([
        ("article".to_owned(), AttributeValue::S(article.to_owned())),
        ("free".to_owned(), AttributeValue::N(free.to_string())),
    ]);
    let put = PutItem { table: "stock".into(), item, condition: None, placeholders: Default::default() };
    store.put(put).await.expect("a row");
}

#[beldi::function(service = Shop, read_only)]
async fn free(article: String) -> u32 {
    Stock::get(&article).await.map_or(0, |stock| stock.free)
}

/// Requests are sent as soon as they are polled, and take place even if their attempt is dropped; some are slow.
struct Net {
    inner: SharedStore,
    fail_record_2: Arc<AtomicBool>,
}

impl Store for Net {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        let inner = Arc::clone(&self.inner);
        let text = format!("{request:?}");
        let record = match &request {
            Request::Put(put) => match put.item.get("record") {
                Some(AttributeValue::N(n)) => n.parse::<u32>().ok(),
                _ => None,
            },
            _ => None,
        };
        let delay = match (&request, record) {
            (Request::Get(_), _) if text.contains("in-c") => 5,
            (Request::Get(_), _) if text.contains("in-a") => 10,
            (Request::Get(_), _) if text.contains("in-b") => 20,
            (Request::Put(_), Some(1)) => 50,
            _ => 0,
        };
        let fails = record == Some(2) && self.fail_record_2.load(Ordering::SeqCst);
        let mut started = None;
        Box::pin(async move {
            let task = started.get_or_insert_with(|| {
                tokio::spawn(async move {
                    if fails {
                        return Err(StoreError::Throttled { message: "no".into() });
                    }
                    tokio::time::sleep(Duration::from_millis(delay)).await;
                    inner.execute(request).await
                })
            });
            task.await.expect("no panic")
        })
    }

    fn expires_items(&self) -> bool {
        false
    }
}

#[beldi::function(service = Shop)]
async fn three_branches() -> u32 {
    Stock { article: "start".into(), free: 1 }.put().await;
    let ((), (), seen) = beldi::join!(
        async {
            let _ = Stock::get("in-c").await;
            Stock { article: "out-c".into(), free: 1 }.put().await;
        },
        async {
            let _ = Stock::get("in-a").await;
            Stock { article: "out-a".into(), free: 1 }.put().await;
        },
        async {
            let seen = Stock::get("in-b").await.map_or(0, |stock| stock.free);
            Stock { article: "out-b".into(), free: seen }.put().await;
            seen
        }
    );
    seen
}
/// A branch took all pending observations for its record, which could not be put; a branch that had waited for
/// it found nothing pending, and sent an effect that rested on an observation which no journal held.
#[tokio::test(start_paused = true)]
async fn a_branch_does_not_go_on_when_another_could_not_journal() {
    let inner = fresh_store().await.expect("a store");
    let fail = Arc::new(AtomicBool::new(true));
    let net: SharedStore = Arc::new(Net { inner: Arc::clone(&inner), fail_record_2: Arc::clone(&fail) });
    let host = host_on(net, settings(), None).await;
    set(&inner, "in-b", 100).await;
    host.client().call(three_branches()).idempotency_key("k").await.expect_err("a record cannot be put");
    fail.store(false, Ordering::SeqCst);
    set(&inner, "in-b", 200).await;
    host.settle().await.expect("a settled host");
    let result = host.client().call(three_branches()).idempotency_key("k").await.expect("a result");
    let written = host.client().call(free("out-b".into())).await.expect("a result");
    assert_eq!(result, written, "the handler returned what it did not write");
}

#[beldi::function(service = Shop)]
async fn detaches_a_read_only() {
    free("tea".into()).detach().await;
}
/// An accepted call of a `read_only` function was never marked as done, and parked in the end.
#[tokio::test(start_paused = true)]
async fn a_started_read_only_function_gets_done() {
    let host = host(settings(), None).await;
    let id = host.client().start(free("tea".into())).await.expect("an id");
    host.client().call(detaches_a_read_only()).idempotency_key("d").await.expect("a result");
    host.settle().await.expect("settled");
    let status = host.client().status::<free>(id).await.expect("an answer");
    assert!(matches!(status, Some(Status::Done { .. })), "{status:?}");
}

#[beldi::function(service = Shop)]
pub(crate) async fn add(article: String) {
    Stock::update(&article).add(Stock::FREE, 1).await;
}

/// A segment was put, the roll never came, and under a larger limit the log went on to grow: the next roll took
/// the old segment for the whole log.
#[tokio::test(start_paused = true)]
async fn raising_the_limit_of_a_log_keeps_its_entries() {
    let store = fresh_store().await.expect("a store");
    let small = Settings { log_entries: 1, ..settings() };
    let large = Settings { log_entries: 3, ..settings() };
    // Dies after the segment was put, before the roll: record 0, update, segment.
    let plan = CrashAt { function: "add", attempts: 2..=2, number: 3, when: When::After };
    let old = host_on(Arc::clone(&store), small, Some(plan)).await;
    old.client().call(add("tea".into())).idempotency_key("a").await.expect("a result");
    drop(old.client().call(add("tea".into())).idempotency_key("b").await);
    let new = host_on(Arc::clone(&store), large, None).await;
    // An attempt of `c` that dies after its write, before it is done.
    let plan = CrashAt { function: "add", attempts: 1..=1, number: 2, when: When::After };
    let new_crash = host_on(Arc::clone(&store), Settings { log_entries: 3, ..settings() }, Some(plan)).await;
    drop(new_crash.client().call(add("tea".into())).idempotency_key("c").await);
    new.client().call(add("tea".into())).idempotency_key("d").await.expect("a result");
    // Full with three entries, rolled by the next.
    new.client().call(add("tea".into())).idempotency_key("e").await.expect("a result");
    new.settle().await.expect("settled");
    let count = new.client().call(free("tea".into())).await.expect("an answer");
    assert_eq!(count, 5, "a, b, c, d and e each added one");
}

#[beldi::function(service = Shop)]
async fn copy(title: String, write: bool) -> String {
    if write {
        Stock { article: "tea".into(), free: 1 }.put().await;
    }
    Paper::get(&title).await.map_or(String::new(), |paper| paper.text)
}

#[beldi::function(service = Shop)]
async fn fill(title: String, bytes: usize) {
    Paper { title, text: "x".repeat(bytes), tags: HashSet::new() }.put().await;
}
/// An observation and a result that were each within their limit did not fit into one record.
#[tokio::test(start_paused = true)]
async fn an_observation_and_a_result_of_210_kb_fit() {
    let host = host(settings(), None).await;
    host.client().call(fill("a".into(), 210_000)).await.expect("a row");
    let one = host.client().call(copy("a".into(), false)).idempotency_key("k").await.map(|text| text.len());
    let two = host.client().call(copy("a".into(), true)).idempotency_key("l").await.map(|text| text.len());
    assert_eq!((one.ok(), two.ok()), (Some(210_000), Some(210_000)));
}

#[beldi::function(service = Shop)]
async fn sum_of(titles: Vec<String>, padding: String) -> usize {
    let mut sum = padding.len();
    for title in titles {
        sum += Paper::get(&title).await.map_or(0, |paper| paper.text.len());
    }
    sum
}
/// The first of several records was measured without the arguments that it holds.
#[tokio::test(start_paused = true)]
async fn large_arguments_and_several_records_fit() {
    let host = host(settings(), None).await;
    host.client().call(fill("a".into(), 150_000)).await.expect("a row");
    let call = sum_of(vec!["a".into(), "a".into(), "a".into()], "x".repeat(200_000));
    let sum = host.client().call(call).idempotency_key("k").await;
    assert!(sum.is_ok());
}

#[beldi::function(service = Shop)]
async fn retag(title: String) {
    if let Some(mut paper) = Paper::get(&title).await {
        paper.tags.insert("new".into());
        paper.put().await;
    }
}

#[beldi::function(service = Shop)]
async fn pass_on(map: HashMap<String, u32>) -> usize {
    let _ = Stock::get("tea").await;
    takes_map(map).await
}

#[beldi::function(service = Shop)]
async fn takes_map(map: HashMap<String, u32>) -> usize {
    Stock { article: "tea".into(), free: 1 }.put().await;
    map.len()
}
/// The order of a map is another one in each attempt.
#[tokio::test(start_paused = true)]
async fn a_hash_map_argument_is_no_divergence() {
    // Dies after its second request, the record that announces the call.
    let plan = CrashAt { function: "pass_on", attempts: 1..=1, number: 2, when: When::After };
    let host = host(settings(), Some(plan)).await;
    let map: HashMap<_, _> = (0..20).map(|n| (format!("k{n}"), n)).collect();
    drop(host.client().call(pass_on(map)).idempotency_key("k").await);
    host.settle().await.expect("settled");
    let parked = host.client().parked("shop").await.expect("an answer");
    assert!(parked.is_empty(), "{parked:?}");
}
/// The order of a set is another one in each attempt.
#[tokio::test(start_paused = true)]
async fn a_hash_set_in_an_item_is_no_divergence() {
    let plan = CrashAt { function: "retag", attempts: 1..=9, number: 2, when: When::After };
    let host = host(Settings { max_attempts: 30, ..settings() }, Some(plan)).await;
    host.client().call(fill_tags()).await.expect("a row");
    drop(host.client().call(retag("t".into())).idempotency_key("k").await);
    host.settle().await.expect("settled");
    let parked = host.client().parked("shop").await.expect("an answer");
    assert!(parked.is_empty(), "{parked:?}");
}

#[beldi::function(service = Shop)]
async fn fill_tags() {
    Paper { title: "t".into(), text: String::new(), tags: (0..20).map(|n| format!("t{n}")).collect() }.put().await;
}
/// Accepting a call held the place that the call itself waited for.
#[tokio::test(start_paused = true)]
async fn a_detached_call_starts_at_once_at_the_limit_of_concurrency() {
    let store = fresh_store().await.expect("a store");
    let host = common::builder(store, settings(), None).concurrency(1).start().await.expect("a host");
    let start = tokio::time::Instant::now();
    let id = host.client().start(add("tea".into())).await.expect("an id");
    loop {
        if host.client().result::<add>(id).await.expect("an answer").is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(start.elapsed() < Duration::from_secs(100));
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

static PAID: AtomicU32 = AtomicU32::new(0);

#[beldi::function(service = Shop)]
async fn pay() -> u32 {
    let paid = beldi::external("pay", |_| async { Ok::<u32, ()>(PAID.fetch_add(1, Ordering::SeqCst)) });
    paid.await.unwrap_or(99)
}
/// A second trigger of an accepted call looked into no journal, and ran an external action again.
#[tokio::test(start_paused = true)]
async fn a_second_trigger_does_not_repeat_what_is_journaled() {
    let host = host(settings(), None).await;
    let id = host.client().start(pay()).await.expect("an id");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(host.client().result::<pay>(id).await.expect("an answer"), Some(0));
    let late = Invocation {
        service: "shop".into(),
        function: "pay".into(),
        instance: id,
        arguments: "null".into(),
        caller: None,
        delivery: Delivery::Accepted { start_ms: 1_735_689_600_000 },
        transaction: None,
        contract: None,
    };
    drop(host.invoke(late).await);
    assert_eq!(PAID.load(Ordering::SeqCst), 1, "the action ran again after its result was journaled");
}

#[beldi::function(service = Shop)]
async fn add_and_look(article: String) -> u32 {
    Stock::update(&article).add(Stock::FREE, 1).await;
    Stock::get(&article).await.map_or(0, |stock| stock.free)
}
/// The last allowed attempt had journaled the result and died before it was marked: the instance was given up,
/// and its caller refused.
#[tokio::test(start_paused = true)]
async fn an_instance_whose_result_is_determined_answers() {
    // record 0, update, get, record 1 with the result.
    let plan = CrashAt { function: "add_and_look", attempts: 1..=1, number: 4, when: When::After };
    let host = host(Settings { max_attempts: 1, ..settings() }, Some(plan)).await;
    drop(host.client().call(add_and_look("tea".into())).idempotency_key("k").await);
    host.settle().await.expect("settled");
    let again = host.client().call(add_and_look("tea".into())).idempotency_key("k").await;
    assert!(again.is_ok(), "{again:?}");
}

/// A panic outside of any handler counted as one more attempt that had died.
#[tokio::test(start_paused = true)]
async fn a_panic_of_the_machinery_is_counted() {
    let plan = |request: &Request, _: u64| match request {
        Request::Update(update) if update.update.contains("SET") && update.table == "shop-journal" => {
            panic!("a mistake of beldi")
        }
        _ => Fault::None,
    };
    let store = Arc::new(Faulty::new(fresh_store().await.expect("a store"), plan));
    let host = host_on(store, settings(), None).await;
    host.client().call(add("tea".into())).await.expect("the mark as done follows the answer");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(host.statistics().panicked, 1);
}
