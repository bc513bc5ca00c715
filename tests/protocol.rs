//! What the protocol promises beyond single operations: divergence, parking, back-off, the application's own
//! errors, adopted tables, restarts.

mod common;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use beldi::host::{LocalHost, When};
use beldi::prelude::*;
use beldi::store::{AttributeValue, EmbeddedStore, PutItem, SharedStore};
use beldi::testing::fresh_store;
use beldi::{ClientError, InstanceId, ProblemKind, Settings, Status, VirtualWorld};
use common::{CrashAt, host, host_on};

beldi::service!(Shop = "shop");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
struct Stock {
    #[beldi(partition_key)]
    article: String,
    free: u32,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, thiserror::Error)]
enum Refusal {
    #[error("sold out of {article}, {missing} missing")]
    SoldOut { article: String, missing: u32 },
    #[error("closed")]
    Closed,
}

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Asks for another key in each run: the macro cannot see into `next_article`.
#[beldi::function(service = Shop)]
async fn diverging() -> u32 {
    let article = next_article();
    let free = Stock::get(&article).await.map_or(0, |stock| stock.free);
    Stock { article, free: free + 1 }.put().await;
    free
}

fn next_article() -> String {
    format!("article {}", RUNS.fetch_add(1, Ordering::SeqCst))
}

#[beldi::function(service = Shop)]
async fn add_one(article: String) -> u32 {
    let free = Stock::get(&article).await.map_or(0, |stock| stock.free);
    Stock { article, free: free + 1 }.put().await;
    free + 1
}

#[beldi::function(service = Shop)]
async fn sell(article: String, count: u32) -> Result<u32, Refusal> {
    let mut stock = Stock::get(&article).await.ok_or(Refusal::Closed)?;
    let missing = count.saturating_sub(stock.free);
    if missing > 0 {
        return Err(Refusal::SoldOut { article, missing });
    }
    stock.free -= count;
    stock.put().await;
    Ok(stock.free)
}

#[beldi::function(service = Shop)]
async fn sell_for(article: String, count: u32) -> Result<u32, Refusal> {
    sell(article, count).await
}

#[beldi::function(service = Shop)]
async fn panics_after_a_write(article: String) {
    Stock { article, free: 1 }.put().await;
    panic!("no such luck");
}

#[beldi::function(service = Shop, timeout = "2s")]
async fn never_ends(article: String) {
    Stock { article, free: 1 }.put().await;
    let _: Result<(), beldi::ExternalError<String>> =
        beldi::external("wait", |_| async { std::future::pending().await }).await;
}

fn settings() -> Settings {
    Settings { max_attempts: 3, call_tries: 1, ..Settings::default() }
}

async fn parked_with(host: &LocalHost) -> Vec<(InstanceId, String)> {
    host.client().parked(Shop::NAME).await.expect("the parked instances")
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_asks_for_something_else_is_parked_with_both_sides_in_the_message() {
    RUNS.store(0, Ordering::SeqCst);
    // It dies after its second request, the record that says which key was read.
    let plan = CrashAt { function: "diverging", attempts: 1..=1, number: 2, when: When::After };
    let host = host(settings(), Some(plan)).await;
    let call = host.client().call(diverging()).idempotency_key("d").await;
    assert!(matches!(call, Err(ClientError::Unavailable { .. })), "{call:?}");
    host.settle().await.expect("a settled host");
    let parked = parked_with(&host).await;
    let [(instance, error)] = &parked[..] else { panic!("one instance is parked, not {parked:?}") };
    for part in
        ["shop/diverging", &instance.to_string(), "step 1 at tests/protocol.rs:", "get stock", "article 0", "article 1"]
    {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_retried_with_back_off_then_parked_and_can_be_restarted() {
    let host = host(settings(), None).await;
    let client = host.client();
    let call = client.call(panics_after_a_write("tea".into())).idempotency_key("p").await;
    let Err(ClientError::Refused(problem)) = call else { panic!("it is told of the panic: {call:?}") };
    assert_eq!(problem.kind, ProblemKind::Panicked);
    assert!(problem.detail.contains("no such luck"), "{problem}");
    let start = tokio::time::Instant::now();
    let round = host.settle().await.expect("a settled host");
    // Three attempts: 0.5 s after the first, 1 s after the second, and 2 s after the third it is given up.
    assert_eq!((round.started, round.parked), (2, 1));
    assert_eq!(start.elapsed().as_millis() / 100, 35);
    let [(instance, error)] = &parked_with(&host).await[..] else { panic!("one instance is parked") };
    assert!(error.contains("no such luck") && error.contains("3 attempts"), "{error}");
    let status = client.status::<panics_after_a_write>(*instance).await.expect("a status");
    assert!(matches!(status, Some(Status::Parked { .. })), "{status:?}");
    let refused = client.call(panics_after_a_write("tea".into())).idempotency_key("p").await;
    let Err(ClientError::Refused(problem)) = refused else { panic!("a parked instance refuses: {refused:?}") };
    assert_eq!(problem.kind, ProblemKind::Parked);
    assert!(client.restart(Shop::NAME, *instance).await.expect("an answer"));
    assert!(!client.restart(Shop::NAME, *instance).await.expect("an answer"), "it is parked no more");
    assert_eq!(host.collect().await.started, 1);
}

/// More than one page of the index holds.
#[tokio::test(start_paused = true)]
async fn all_parked_instances_are_listed() {
    let host = host(Settings { max_attempts: 1, ..settings() }, None).await;
    let client = host.client();
    for number in 0..70 {
        drop(client.call(panics_after_a_write("tea".into())).idempotency_key(format!("p{number}")).await);
    }
    host.settle().await.expect("a settled host");
    let listed: HashSet<_> = parked_with(&host).await.into_iter().map(|(instance, _)| instance).collect();
    assert_eq!(listed.len(), 70);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_ended_at_its_timeout_and_followed_by_another_after_the_margin() {
    let host = host(settings(), None).await;
    let start = tokio::time::Instant::now();
    let call = host.client().call(never_ends("tea".into())).await;
    assert!(matches!(call, Err(ClientError::Unavailable { .. })), "{call:?}");
    assert_eq!(start.elapsed().as_secs(), 2);
    tokio::time::sleep(Duration::from_millis(4_900)).await;
    assert_eq!(host.collect().await.started, 0, "it is not due before the margin of 5 s");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(host.collect().await.started, 1);
    assert_eq!(host.statistics().timed_out, 2);
    tokio::time::sleep(Duration::from_millis(4_900)).await;
    assert_eq!(host.collect().await.started, 0, "nor is it after an attempt that a collector has started");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(host.collect().await.started, 1);
}

#[tokio::test(start_paused = true)]
async fn the_applications_error_survives_journal_and_call() {
    let host = host(settings(), None).await;
    let client = host.client();
    assert_eq!(client.call(sell_for("tea".into(), 2)).await.expect("a result"), Err(Refusal::Closed));
    client.call(add_one("tea".into())).await.expect("a result");
    let sold_out = Refusal::SoldOut { article: "tea".into(), missing: 1 };
    for _ in 0..2 {
        let call = client.call(sell_for("tea".into(), 2)).idempotency_key("s");
        assert_eq!(call.await.expect("a result"), Err(Refusal::SoldOut { article: "tea".into(), missing: 1 }));
    }
    let id = InstanceId::from_idempotency_key(Shop::NAME, sell_for::NAME, "s");
    assert_eq!(client.result::<sell_for>(id).await.expect("a result"), Some(Err(sold_out)));
}

/// A row without any attribute of ours, with one that the type does not know.
#[tokio::test(start_paused = true)]
async fn an_existing_table_is_adopted() {
    let store = fresh_store().await.expect("a store");
    let host = host_on(Arc::clone(&store), settings(), None).await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let item = HashMap::from([
        ("article".to_owned(), text("tea")),
        ("free".to_owned(), AttributeValue::N("41".to_owned())),
        ("colour".to_owned(), text("green")),
    ]);
    let put = PutItem { table: "stock".into(), item, condition: None, placeholders: Default::default() };
    store.put(put).await.expect("a row");
    assert_eq!(host.client().call(add_one("tea".into())).await.expect("a result"), 42);
    let key = HashMap::from([("article".to_owned(), text("tea"))]);
    let get = beldi::store::GetItem { table: "stock".into(), key, consistent: true };
    let row = store.get(get).await.expect("an answer").expect("a row");
    assert_eq!(row.get("free"), Some(&AttributeValue::N("42".to_owned())));
    assert_eq!(row.get("colour"), Some(&text("green")), "attributes that the type does not name stay");
}

/// The process dies; another one on the same file finishes what was begun.
#[tokio::test(start_paused = true)]
async fn a_restart_on_the_same_file_picks_up_what_was_unfinished() {
    let file = std::env::temp_dir().join(format!("beldi-restart-{}.db", uuid::Uuid::new_v4()));
    let open = || -> SharedStore { Arc::new(EmbeddedStore::open(&file).expect("a store on a file")) };
    // Both clocks begin now.
    let (world, next_world) = (VirtualWorld::new(1), VirtualWorld::new(2));
    let start = |store: SharedStore, world: VirtualWorld, plan: Option<CrashAt>| {
        let builder = LocalHost::builder(store).world(world).settings(settings()).collect_every(None);
        let builder = match plan {
            Some(plan) => builder.crash_plan(Arc::new(plan)),
            None => builder,
        };
        async move { builder.start().await.expect("a host") }
    };
    // All attempts of the first process die after their intent is durable.
    let plan = CrashAt { function: "add_one", attempts: 1..=99, number: 2, when: When::After };
    let first = start(open(), world, Some(plan)).await;
    let id = first.client().start(add_one("tea".into())).await.expect("an accepted call");
    drop(first.client().call(add_one("coffee".into())).idempotency_key("k").await);
    first.shutdown(Duration::from_secs(10)).await;
    drop(first);
    let second = start(open(), next_world, None).await;
    second.settle().await.expect("a settled host");
    let client = second.client();
    assert!(client.result::<add_one>(id).await.expect("a result").is_some());
    for article in ["tea", "coffee"] {
        let last = client.call(add_one(article.into())).await.expect("a result");
        assert_eq!(last, 2, "the {article} of the first process was added once");
    }
    second.shutdown(Duration::from_secs(10)).await;
    std::fs::remove_file(&file).expect("the file is there");
}

#[tokio::test(start_paused = true)]
async fn no_more_attempts_of_a_function_run_at_once_than_its_limit() {
    static RUNNING: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);

    #[beldi::function(service = Shop)]
    async fn waits() {
        let waited = beldi::external("wait", |_| async {
            let running = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
            MOST.fetch_max(running, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            Ok::<(), ()>(())
        });
        let _ = waited.await;
    }

    let store = fresh_store().await.expect("a store");
    let host = common::builder(store, settings(), None).concurrency(3).start().await.expect("a host");
    let client = host.client();
    let calls = (0..10).map(|_| async { client.call(waits()).await.expect("a result") });
    futures_util::future::join_all(calls).await;
    assert_eq!(MOST.load(Ordering::SeqCst), 3);
}

#[beldi::function(service = Shop, read_only)]
async fn look(article: String) -> u32 {
    Stock::get(&article).await.map_or(0, |stock| stock.free)
}

#[tokio::test(start_paused = true)]
async fn a_read_only_function_that_was_started_is_done_with_a_result() {
    let host = host(settings(), None).await;
    let client = host.client();
    client.call(add_one("tea".into())).await.expect("a result");
    let id = client.start(look("tea".into())).await.expect("an id");
    host.settle().await.expect("a settled host");
    assert_eq!(client.result::<look>(id).await.expect("a result"), Some(1));
}

/// The order of the entries of a map or a set is another one in each attempt.
#[tokio::test(start_paused = true)]
async fn arguments_with_a_map_and_a_set_do_not_diverge() {
    #[beldi::function(service = Shop)]
    async fn count(words: HashMap<String, u32>, letters: HashSet<u32>) -> usize {
        Stock { article: "counted".into(), free: 1 }.put().await;
        words.len() + letters.len()
    }

    #[beldi::function(service = Shop)]
    async fn call_with_a_map() -> usize {
        let words: HashMap<String, u32> = (0..50).map(|number| (number.to_string(), number)).collect();
        let counted = count(words, (0..50).collect()).await;
        Stock { article: "tea".into(), free: 1 }.put().await;
        counted
    }

    // It dies after its last effect, so that the record names the call and its arguments.
    let plan = CrashAt { function: "call_with_a_map", attempts: 1..=1, number: 3, when: When::After };
    let host = host(settings(), Some(plan)).await;
    drop(host.client().call(call_with_a_map()).idempotency_key("m").await);
    host.settle().await.expect("a settled host");
    let id = InstanceId::from_idempotency_key(Shop::NAME, call_with_a_map::NAME, "m");
    assert_eq!(host.client().result::<call_with_a_map>(id).await.expect("a result"), Some(100));
}
