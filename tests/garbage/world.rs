//! A shop and a bank in virtual time, and what is left in their tables.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use beldi::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use beldi::prelude::*;
use beldi::store::tables::journal_name;
use beldi::store::{AttributeValue, Attributes, Placeholders, ScanItems, SharedStore};
use beldi::testing::fresh_store;
use beldi::{Call, Client, InstanceId, Settings, VirtualWorld, World};
use tokio::time::sleep;

beldi::service!(pub(crate) Shop = "shop");
beldi::service!(pub(crate) Bank = "bank");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
pub(crate) struct Stock {
    #[beldi(partition_key)]
    pub(crate) article: String,
    pub(crate) free: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
pub(crate) struct Account {
    #[beldi(partition_key)]
    pub(crate) owner: String,
    pub(crate) balance: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Refused;

#[beldi::function(service = Shop)]
pub(crate) async fn add(article: String) {
    Stock::update(&article).add(Stock::FREE, 1).await;
}

#[beldi::function(service = Shop)]
pub(crate) async fn read_and_add(article: String) -> i64 {
    let mut stock = Stock::get(&article).await.unwrap_or(Stock { article, free: 0 });
    stock.free += 1;
    stock.put().await;
    stock.free
}

#[beldi::function(service = Shop, read_only)]
pub(crate) async fn free(article: String) -> i64 {
    Stock::get(&article).await.map_or(0, |stock| stock.free)
}

#[beldi::function(service = Shop)]
pub(crate) async fn remove(article: String) {
    Stock::delete(&article).await;
}

#[beldi::function(service = Shop)]
pub(crate) async fn remove_all(articles: Vec<String>) {
    for article in articles {
        Stock::delete(&article).await;
    }
}

/// Writes only a row that is there.
#[beldi::function(service = Shop)]
pub(crate) async fn change(article: String) -> bool {
    Stock::update(&article).add(Stock::FREE, 1).when(Stock::exists()).await.is_ok()
}

/// Removes a row, and then reads another: the result needs a record of its own.
#[beldi::function(service = Shop)]
pub(crate) async fn replace(article: String, by: String) -> i64 {
    Stock::delete(&article).await;
    Stock::get(&by).await.map_or(0, |stock| stock.free)
}

/// Looks at each row and then writes it, so that each has a record.
#[beldi::function(service = Shop)]
pub(crate) async fn copy(articles: Vec<String>) -> u64 {
    let mut copied = 0;
    for article in articles {
        let free = Stock::get(&article).await.map_or(1, |stock| stock.free);
        Stock { article, free }.put().await;
        copied += 1;
    }
    copied
}

#[beldi::function(service = Shop)]
pub(crate) async fn guarded(article: String) {
    let guard = beldi::lock::<Stock>(&article).await;
    guard.unlock().await;
}

#[beldi::function(service = Shop)]
pub(crate) async fn guarded_to_the_end(article: String) {
    beldi::lock::<Stock>(&article).await;
}

/// Reads rows in a transaction, writes none, and refuses if it is told to.
#[beldi::function(service = Shop)]
pub(crate) async fn look(articles: Vec<String>, refuse: bool) -> Result<i64, Refused> {
    beldi::txn! {
        let mut sum = 0;
        for article in &articles {
            sum += Stock::get(article).await.map_or(0, |stock| stock.free);
        }
        if refuse { Err(Refused) } else { Ok(sum) }
    }
}

#[beldi::function(service = Shop)]
pub(crate) async fn sell_out(article: String) -> Result<(), Refused> {
    beldi::txn! {
        let stock = Stock::get(&article).await.ok_or(Refused)?;
        Stock::delete(&stock.article).await;
        Ok(())
    }
}

#[beldi::function(service = Bank)]
pub(crate) async fn deposit(owner: String) -> i64 {
    let mut account = Account::get(&owner).await.unwrap_or(Account { owner, balance: 0 });
    account.balance += 1;
    account.put().await;
    account.balance
}

#[beldi::function(service = Bank, retention = "1m")]
pub(crate) async fn pay(owner: String) {
    Account::update(&owner).add(Account::BALANCE, 1).await;
}

#[beldi::function(service = Bank, retention = "1m")]
pub(crate) async fn close(owner: String) -> bool {
    Account::delete(&owner).await;
    Account::get("nobody").await.is_some()
}

/// A transaction over both services; with `refuse` it is rolled back after all of it was done.
#[beldi::function(service = Shop)]
pub(crate) async fn buy(article: String, owner: String, refuse: bool) -> Result<i64, Refused> {
    beldi::txn! {
        let mut stock = Stock::get(&article).await.unwrap_or(Stock { article: article.clone(), free: 0 });
        stock.free += 1;
        stock.put().await;
        pay(owner.clone()).await;
        if refuse { Err(Refused) } else { Ok(stock.free) }
    }
}

/// The same with the account closed, which leaves a tombstone.
#[beldi::function(service = Shop)]
pub(crate) async fn leave(owner: String, refuse: bool) -> Result<bool, Refused> {
    beldi::txn! {
        let known = close(owner.clone()).await;
        if refuse { Err(Refused) } else { Ok(known) }
    }
}

#[beldi::function(service = Shop)]
pub(crate) async fn call_pay(owner: String) {
    pay(owner).await;
}

#[beldi::function(service = Shop)]
pub(crate) async fn detach_pay(owner: String) {
    pay(owner).detach().await;
}

/// Attempts live no longer than a second here, so that garbage is reclaimed soon.
pub(crate) fn settings() -> Settings {
    Settings {
        timeout: Duration::from_secs(1),
        longest_timeout: Duration::from_secs(1),
        margin: Duration::from_millis(100),
        retention: Duration::from_secs(3600),
        call_tries: 1,
        log_entries: 2,
        ..Settings::default()
    }
}

/// Whether the long form was asked for.
pub(crate) fn is_long() -> bool {
    std::env::var("BELDI_GARBAGE").is_ok_and(|form| form == "long")
}

/// What happens to an attempt at the `nth` point that `at` accepts.
pub(crate) struct Plan {
    pub(crate) at: fn(&CrashPoint) -> bool,
    pub(crate) nth: u32,
    pub(crate) then: Then,
    seen: AtomicU32,
}

#[derive(Clone, Copy)]
pub(crate) enum Then {
    Crash,
    Stall(Duration),
}

impl Plan {
    pub(crate) fn new(at: fn(&CrashPoint) -> bool, nth: u32, then: Then) -> Arc<Self> {
        Arc::new(Self { at, nth, then, seen: AtomicU32::new(0) })
    }

    /// Whether it has happened.
    pub(crate) fn has_struck(&self) -> bool {
        self.seen.load(Ordering::SeqCst) >= self.nth
    }
}

impl CrashPlan for Plan {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let strikes = (self.at)(&point) && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.nth;
        Box::pin(async move {
            match self.then {
                Then::Crash if strikes => Verdict::Crash,
                Then::Stall(time) if strikes => {
                    sleep(time).await;
                    Verdict::Continue
                }
                _ => Verdict::Continue,
            }
        })
    }
}

/// Whether this is the moment before `function` sends the action.
pub(crate) fn before(point: &CrashPoint, function: &str, action: &str) -> bool {
    point.when == When::Before && point.invocation.function == function && point.action.contains(action)
}

thread_local! {
    /// The clock of a test: all its hosts have the same, and each test runs on a thread of its own.
    static WORLD: Arc<VirtualWorld> = Arc::new(VirtualWorld::new(3));
}

/// The clock of this test.
pub(crate) fn clock() -> Clock {
    Clock(WORLD.with(Arc::clone))
}

pub(crate) struct Clock(Arc<VirtualWorld>);

impl World for Clock {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    fn fresh_id(&self) -> InstanceId {
        self.0.fresh_id()
    }
}

pub(crate) async fn host() -> LocalHost {
    start(fresh_store().await.expect("a store"), settings(), None).await
}

pub(crate) async fn start(store: SharedStore, settings: Settings, plan: Option<Arc<Plan>>) -> LocalHost {
    let builder = LocalHost::builder(store).world(clock()).settings(settings);
    let builder = builder.collect_every(None).collect_garbage_every(None);
    let builder = match plan {
        Some(plan) => builder.crash_plan(plan),
        None => builder,
    };
    builder.start().await.expect("a host")
}

pub(crate) async fn call<F: Function>(client: &Client, call: Call<F>) -> F::Output {
    client.call(call).await.expect("an answer")
}

/// Calls with a key, and gives whether there was an answer.
pub(crate) async fn try_call<F: Function>(client: &Client, key: &str, call: Call<F>) -> Option<F::Output> {
    client.call(call).idempotency_key(key).await.ok()
}

/// Lets everything finish, then collects garbage until nothing is left that can go before its retention ends.
pub(crate) async fn reclaim(host: &LocalHost) {
    host.settle().await.expect("the store answers");
    for _ in 0..8 {
        sleep(Duration::from_millis(1200)).await;
        host.collect_garbage().await.expect("the store answers");
    }
}

/// The same, and lets all results expire.
pub(crate) async fn reclaim_all(host: &LocalHost) {
    reclaim(host).await;
    sleep(Duration::from_secs(2 * 3600)).await;
    for _ in 0..1_000 {
        if host.collect_garbage().await.expect("the store answers").reclaimed() == 0 {
            return;
        }
    }
    panic!("garbage collection comes to no end");
}

/// All items of a table.
pub(crate) async fn items(host: &LocalHost, table: &str) -> Vec<Attributes> {
    let store = host.environment().store;
    let (table, placeholders) = (table.to_owned(), Placeholders::default());
    let mut scan = ScanItems { table, filter: None, placeholders, limit: None, start: None, consistent: true };
    let mut items = Vec::new();
    loop {
        let page = store.scan(scan.clone()).await.expect("the store answers");
        items.extend(page.items);
        match page.next {
            Some(next) => scan.start = Some(next),
            None => return items,
        }
    }
}

/// The items of a service's journal, without the watermark, as texts.
pub(crate) async fn journal(host: &LocalHost, service: &str) -> Vec<String> {
    let items = items(host, &journal_name(service)).await.into_iter();
    let mut texts: Vec<_> = items
        .map(|item| item.into_iter().collect::<BTreeMap<_, _>>())
        .filter(|item| item.get("instance") != Some(&AttributeValue::S("watermark".into())))
        .map(|item| format!("{item:?}"))
        .collect();
    texts.sort();
    texts
}

/// What is left of ours in both services: journals, tombstones, and rows whose first live epoch lags behind.
pub(crate) async fn leftovers(host: &LocalHost) -> Vec<String> {
    let mut left = journal(host, "shop").await;
    left.extend(journal(host, "bank").await);
    for table in ["stock", "accounts"] {
        let rows = items(host, table).await.into_iter().filter(|row| {
            row.contains_key("_beldi_deleted")
                || row.contains_key("_beldi_lock")
                || row.get("_beldi_epoch") != row.get("_beldi_first")
        });
        left.extend(rows.map(|row| format!("{table}: {row:?}")));
    }
    left
}
