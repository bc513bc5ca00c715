//! The service that the tests call, and the host that serves it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use beldi::host::{CrashPlan, CrashPoint, Gateway, LocalHost, Verdict, When};
use beldi::prelude::*;
use beldi::testing::fresh_store;
use beldi::{Environment, Settings};
use tokio::sync::Semaphore;

use crate::http::Http;

beldi::service!(pub(crate) Library = "library");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Library, table = "books")]
pub(crate) struct Book {
    #[beldi(partition_key)]
    pub(crate) title: String,
    pub(crate) copies: u32,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub(crate) enum Refused {
    NoSuchBook,
    AllLent { waiting: u32 },
}

/// Several arguments, an effect.
#[beldi::function(service = Library)]
pub(crate) async fn add(title: String, copies: u32) -> u32 {
    let copies = Book::get(&title).await.map_or(0, |book| book.copies) + copies;
    Book { title, copies }.put().await;
    copies
}

/// One argument, read only.
#[beldi::function(service = Library, read_only)]
pub(crate) async fn find(title: String) -> Option<Book> {
    Book::get(&title).await
}

/// No argument.
#[beldi::function(service = Library, read_only)]
pub(crate) async fn count() -> u32 {
    let page = Book::scan().await;
    page.items.iter().map(|book| book.copies).sum()
}

/// A function with an error of its own.
#[beldi::function(service = Library)]
pub(crate) async fn lend(title: String) -> Result<u32, Refused> {
    let mut book = Book::get(&title).await.ok_or(Refused::NoSuchBook)?;
    book.copies = book.copies.checked_sub(1).ok_or(Refused::AllLent { waiting: 1 })?;
    book.put().await;
    Ok(book.copies)
}

/// Arguments whose JSON has many spellings.
#[beldi::function(service = Library)]
pub(crate) async fn echo(value: serde_json::Value, id: u128) -> u128 {
    let title = value.to_string();
    Book { title, copies: 1 }.put().await;
    id
}

/// Gives another value each time that it runs.
#[beldi::function(service = Library)]
pub(crate) async fn ticket(reader: String) -> String {
    Book::update(&reader).add(Book::COPIES, 1).await;
    beldi::uuid().await.to_string()
}

#[beldi::function(service = Library)]
pub(crate) async fn explode(title: String) -> u32 {
    panic!("no {title} today")
}

/// Calls a function that panics.
#[beldi::function(service = Library)]
pub(crate) async fn light(title: String) -> u32 {
    explode(title).await
}

/// Writes one row and cannot write the second.
#[beldi::function(service = Library)]
pub(crate) async fn half(title: String) {
    Book { title, copies: 1 }.put().await;
    Book { title: String::new(), copies: 1 }.put().await;
}

/// A point that a handler reaches and passes when the test lets it.
pub(crate) struct Gate {
    reached: Semaphore,
    open: Semaphore,
}

impl Gate {
    const fn new() -> Self {
        Self { reached: Semaphore::const_new(0), open: Semaphore::const_new(0) }
    }

    /// Waits until a handler has come to the gate.
    pub(crate) async fn reached(&self) {
        self.reached.acquire().await.expect("the semaphore is never closed").forget();
    }

    /// Lets one handler pass.
    pub(crate) fn open(&self) {
        self.open.add_permits(1);
    }

    async fn pass(&self) {
        self.reached.add_permits(1);
        self.open.acquire().await.expect("the semaphore is never closed").forget();
    }
}

/// One for each test that needs one, because tests run side by side.
pub(crate) static GATES: [Gate; 2] = [Gate::new(), Gate::new()];

/// Waits at a gate.
#[beldi::function(service = Library)]
pub(crate) async fn wait(gate: usize) -> usize {
    let passed = beldi::external("gate", |_| async {
        GATES[gate].pass().await;
        Ok::<_, ()>(gate)
    });
    passed.await.unwrap_or_default()
}

/// A host with a gateway, and a client of it.
pub(crate) struct Bench {
    pub(crate) host: LocalHost,
    pub(crate) gateway: Gateway,
    pub(crate) http: Http,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    /// Lets the first `deaths` attempts die after their first request.
    pub(crate) async fn with_deaths(deaths: u32) -> Self {
        Self::with(Some(Arc::new(FirstDie(AtomicU32::new(deaths))))).await
    }

    async fn with(plan: Option<Arc<dyn CrashPlan>>) -> Self {
        let store = fresh_store().await.expect("a store");
        let settings = Settings { backoff: Duration::from_millis(1), ..Settings::default() };
        let mut builder = LocalHost::builder(store).settings(settings).collect_every(None).collect_garbage_every(None);
        if let Some(plan) = plan {
            builder = builder.crash_plan(plan);
        }
        let host = builder.start().await.expect("a host");
        let gateway = host.serve(([127, 0, 0, 1], 0)).await.expect("a gateway");
        Self { host, gateway, http: Http::new(gateway) }
    }

    pub(crate) fn environment(&self) -> Environment {
        self.host.environment()
    }

    pub(crate) async fn copies(&self, title: &str) -> Option<u64> {
        let body = serde_json::to_string(title).expect("JSON");
        self.http.post("/functions/library/find", body).await.json()["copies"].as_u64()
    }
}

struct FirstDie(AtomicU32);

impl CrashPlan for FirstDie {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let here = point.number == 1 && point.when == When::After;
        let left = |deaths: u32| deaths.checked_sub(1);
        let dies = here && self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok();
        Box::pin(std::future::ready(if dies { Verdict::Crash } else { Verdict::Continue }))
    }
}
