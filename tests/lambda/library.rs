//! Two services, each in a Lambda host of its own, and what stands for AWS Lambda between them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use beldi::host::{LambdaError, LambdaHost, LocalHost};
use beldi::prelude::*;
use beldi::testing::fresh_store;
use beldi::{Delivery, Invocation, InvokeError, InvokeFuture, Invoker, TriggerFuture, VirtualWorld, World};
use serde_json::{Value, json};

beldi::service!(pub(crate) Library = "library");
beldi::service!(pub(crate) Desk = "desk");

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Library, table = "books")]
struct Book {
    #[beldi(partition_key)]
    title: String,
    copies: u32,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub(crate) enum Refused {
    NoSuchBook,
    AllLent,
}

#[beldi::function(service = Library)]
pub(crate) async fn add(title: String, copies: u32) {
    Book { title, copies }.put().await;
}

#[beldi::function(service = Library, read_only)]
pub(crate) async fn copies(title: String) -> Option<u32> {
    Book::get(&title).await.map(|book| book.copies)
}

/// How many copies there are of a title, or of all.
#[beldi::function(service = Library, read_only)]
pub(crate) async fn count(title: Option<String>) -> u32 {
    let books = Book::scan().await.items;
    books
        .into_iter()
        .filter(|book| title.as_ref().is_none_or(|title| *title == book.title))
        .map(|book| book.copies)
        .sum()
}

#[beldi::function(service = Library)]
pub(crate) async fn lend(title: String) -> Result<u32, Refused> {
    let mut book = Book::get(&title).await.ok_or(Refused::NoSuchBook)?;
    book.copies = book.copies.checked_sub(1).ok_or(Refused::AllLent)?;
    book.put().await;
    Ok(book.copies)
}

/// Takes as long as it is told to, after an effect.
#[beldi::function(service = Library)]
pub(crate) async fn restore(title: String, seconds: u64) {
    Book::update(&title).add(Book::COPIES, 1).await;
    let _ = beldi::external("restoring", |_| work(seconds)).await;
}

/// Has too little time for it.
#[beldi::function(service = Library, timeout = "1s")]
pub(crate) async fn bind(title: String) {
    let _ = beldi::external("binding", |_| work(5)).await;
    Book::update(&title).add(Book::COPIES, 1).await;
}

#[beldi::function(service = Library)]
pub(crate) async fn tear(title: String) {
    Book::update(&title).add(Book::COPIES, 1).await;
    panic!("{title} is torn");
}

async fn work(seconds: u64) -> Result<(), String> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(())
}

/// Calls another service.
#[beldi::function(service = Desk)]
pub(crate) async fn borrow(title: String) -> Result<u32, Refused> {
    lend(title).await
}

/// Calls another service and does not wait.
#[beldi::function(service = Desk)]
pub(crate) async fn order(title: String) {
    add(title, 5).detach().await;
}

/// Time that all hosts share.
#[derive(Clone)]
pub(crate) struct Clock(Arc<VirtualWorld>);

impl World for Clock {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    fn fresh_id(&self) -> beldi::InstanceId {
        self.0.fresh_id()
    }
}

/// AWS Lambda: takes events to hosts, and back what they say.
pub(crate) struct Lambda {
    hosts: OnceLock<BTreeMap<&'static str, LambdaHost>>,
    /// What was sent without waiting, and is not delivered yet.
    pub(crate) events: Mutex<Vec<Invocation>>,
    pub(crate) clock: Clock,
    /// Nothing is taken that nobody waits for.
    pub(crate) throttled: AtomicBool,
}

impl Lambda {
    /// Two hosts on one store, with a book of which there are three copies.
    pub(crate) async fn start() -> Arc<Self> {
        let store = fresh_store().await.expect("a store");
        let clock = Clock(Arc::new(VirtualWorld::new(1)));
        // A deployment creates the tables.
        let local = LocalHost::builder(store.clone()).world(clock.clone()).collect_every(None).start().await;
        local.expect("a host").client().call(add("Dune".into(), 3)).await.expect("a book");
        let lambda = Arc::new(Self {
            hosts: OnceLock::new(),
            events: Mutex::default(),
            clock: clock.clone(),
            throttled: false.into(),
        });
        let host = |service: &'static str| {
            let outside: Arc<dyn Invoker> = Arc::new(Way(Arc::clone(&lambda)));
            let host = LambdaHost::builder(service).world(clock.clone()).outside(store.clone(), outside).build();
            (service, host.expect("a host"))
        };
        assert!(lambda.hosts.set([host("library"), host("desk")].into()).is_ok());
        lambda
    }

    pub(crate) fn host(&self, service: &str) -> &LambdaHost {
        &self.hosts.get().expect("hosts")[service]
    }

    /// The time in so many seconds.
    pub(crate) fn seconds_from_now(&self, seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock.now_ms() + 1000 * seconds)
    }

    /// Delivers an event, and does what follows the reply.
    pub(crate) async fn send(&self, service: &str, event: &str, request: &str) -> Result<Value, LambdaError> {
        let answer = self.host(service).handle(event, request, None).await;
        answer.rest.run().await;
        answer.reply.map(|json| serde_json::from_str(json.get()).expect("JSON"))
    }

    pub(crate) async fn call(&self, service: &str, event: Value, request: &str) -> Result<Value, LambdaError> {
        self.send(service, &event.to_string(), request).await
    }

    /// Delivers what was sent without waiting.
    pub(crate) async fn deliver_events(&self) -> usize {
        let events = std::mem::take(&mut *self.events.lock().expect("unpoisoned"));
        for invocation in &events {
            self.invoke_now(invocation.clone()).await.expect("a result");
        }
        events.len()
    }

    pub(crate) fn clock_id(&self) -> beldi::InstanceId {
        self.clock.fresh_id()
    }

    pub(crate) async fn copies(&self) -> u64 {
        let event = json!({ "function": "copies", "arguments": "Dune" });
        let answer = self.call("library", event, &format!("look {}", self.clock.fresh_id())).await.expect("an answer");
        answer["result"].as_u64().expect("a number")
    }

    async fn invoke_now(&self, invocation: Invocation) -> Result<String, InvokeError> {
        let event = json!({ "beldi": { "invocation": invocation } });
        let told = self.call(&invocation.service, event, "an invocation").await;
        let told = told.map_err(|error| InvokeError::Unavailable(error.to_string()))?;
        match (&told["result"], &told["refused"]) {
            (Value::String(result), _) => Ok(result.clone()),
            (_, refused) => Err(InvokeError::Refused(serde_json::from_value(refused.clone()).expect("a problem"))),
        }
    }
}

/// The way of a host to others.
struct Way(Arc<Lambda>);

impl Invoker for Way {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        Box::pin(self.0.invoke_now(invocation))
    }

    fn trigger(&self, invocation: Invocation) -> TriggerFuture<'_> {
        assert_ne!(invocation.delivery, Delivery::First, "what nobody waits for is durable already");
        if self.0.throttled.load(Ordering::SeqCst) {
            return Box::pin(async { Err(InvokeError::Unavailable("rate exceeded".to_owned())) });
        }
        self.0.events.lock().expect("unpoisoned").push(invocation);
        Box::pin(async { Ok(()) })
    }
}
