//! The program of the travel agency, which knows hotels by contract only: they are in another process, with another
//! store, and nothing of their code is here.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::store::EmbeddedStore;
use beldi::{Client, ClientError, Invocation, InvokeError, InvokeFuture, Invoker, ProblemKind, Registry, Settings};
use tokio::sync::oneshot;

beldi::service!(Travel = "travel");

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct SoldOut;

beldi::remote! {
    Hotel = "hotel";

    async fn open(hotel: String, free: u32);

    async fn reserve(hotel: String) -> Result<u32, SoldOut>;

    #[beldi(read_only)]
    async fn free(hotel: String) -> u32;
}

/// What the hotels do not have.
mod outdated {
    beldi::remote! {
        pub(crate) Hotel = "hotel";

        pub(crate) async fn reserve(hotel: String, night: u32) -> bool;

        pub(crate) async fn close(hotel: String);
    }
}

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Travel, table = "trips")]
struct Trip {
    #[beldi(partition_key)]
    guest: String,
    left: u32,
}

#[beldi::function(service = Travel)]
async fn book(guest: String, hotels: Vec<String>) -> Result<u32, SoldOut> {
    beldi::txn! {
        let mut left = 0;
        for hotel in hotels.clone() {
            left += reserve(hotel).await?;
        }
        Trip { guest: guest.clone(), left }.put().await;
        Ok(left)
    }
}

#[beldi::function(service = Travel, read_only)]
async fn offers(hotels: Vec<String>) -> u32 {
    let mut sum = 0;
    for hotel in hotels {
        sum += free(hotel).await;
    }
    sum
}

#[beldi::function(service = Travel)]
async fn book_by_night(guest: String) -> bool {
    Trip { guest, left: 0 }.put().await;
    outdated::reserve("ritz".to_owned(), 1).await
}

type Answer = Result<String, InvokeError>;

/// The way to the functions: those of hotels are in the other process.
struct Wire {
    travel: OnceLock<LocalHost>,
    hotels: Mutex<ChildStdin>,
    numbers: AtomicU64,
    waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>,
}

impl Wire {
    /// Starts the other program.
    fn new() -> (Self, Child) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hotel"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program of the hotels");
        let hotels = Mutex::new(child.stdin.take().expect("a pipe"));
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>> = Arc::default();
        let listening = Arc::clone(&waiting);
        std::thread::spawn(move || {
            for line in answers.lines().map_while(Result::ok) {
                let (number, answer): (u64, Answer) = serde_json::from_str(&line).expect("an answer");
                if let Some(asker) = listening.lock().expect("no panic").remove(&number) {
                    let _ = asker.send(answer);
                }
            }
            // Whoever still waits is told by the end of its channel.
            listening.lock().expect("no panic").clear();
        });
        (Self { travel: OnceLock::new(), hotels, numbers: AtomicU64::new(0), waiting }, child)
    }
}

impl Invoker for Wire {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        if invocation.service == Travel::NAME {
            return self.travel.get().expect("the host has started").invoke(invocation);
        }
        let (asker, answer) = oneshot::channel();
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.waiting.lock().expect("no panic").insert(number, asker);
        let line = serde_json::to_string(&(number, invocation)).expect("JSON");
        let sent = writeln!(self.hotels.lock().expect("no panic"), "{line}");
        Box::pin(async move {
            let gone = || InvokeError::Unavailable("the hotels are gone".to_owned());
            sent.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        })
    }
}

struct Programs {
    client: Client,
    hotels: Child,
}

impl Programs {
    async fn start() -> Self {
        let (wire, hotels) = Wire::new();
        let wire = Arc::new(wire);
        let store = Arc::new(EmbeddedStore::in_memory().expect("a store"));
        let invoker = Arc::clone(&wire) as Arc<dyn Invoker>;
        // What is refused is to be told at once.
        let settings = Settings { call_tries: 1, ..Settings::default() };
        let host = LocalHost::builder(store).invoker(invoker).settings(settings).start().await.expect("a host");
        let _ = wire.travel.set(host.clone());
        Self { client: host.client(), hotels }
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        let _ = self.hotels.kill();
        let _ = self.hotels.wait();
    }
}

fn names(hotels: &[&str]) -> Vec<String> {
    hotels.iter().map(|&hotel| hotel.to_owned()).collect()
}

#[tokio::test]
async fn what_is_declared_is_called_in_the_other_program() {
    let programs = Programs::start().await;
    let client = &programs.client;
    client.call(open("ritz".to_owned(), 2)).await.expect("an open hotel");
    client.call(open("savoy".to_owned(), 1)).await.expect("an open hotel");
    let both = || names(&["ritz", "savoy"]);
    assert_eq!(client.call(book("ada".to_owned(), both())).await.expect("an answer"), Ok(1));
    // The second hotel has no room left, so that of the first is given back.
    assert_eq!(client.call(book("bob".to_owned(), both())).await.expect("an answer"), Err(SoldOut));
    assert_eq!(client.call(offers(both())).await.expect("an answer"), 1);
    let again = || client.call(reserve("ritz".to_owned())).idempotency_key("17");
    assert_eq!(again().await.expect("an answer"), Ok(0));
    assert_eq!(again().await.expect("an answer"), Ok(0), "the same execution");
}

#[tokio::test]
async fn what_is_not_there_is_refused_there() {
    let programs = Programs::start().await;
    let client = &programs.client;
    client.call(open("ritz".to_owned(), 2)).await.expect("an open hotel");
    let refused = |error| match error {
        ClientError::Refused(problem) => problem,
        other => panic!("expected a refusal, not {other:?}"),
    };
    let mismatch = refused(client.call(outdated::reserve("ritz".to_owned(), 1)).await.expect_err("another contract"));
    assert_eq!(mismatch.kind, ProblemKind::ContractMismatch);
    for signature in [reserve::SIGNATURE, outdated::reserve::SIGNATURE] {
        assert!(mismatch.detail.contains(signature), "{mismatch}");
    }
    let unknown = refused(client.call(outdated::close("ritz".to_owned())).await.expect_err("no such function"));
    assert_eq!(unknown.kind, ProblemKind::UnknownFunction);
    let error = client.call(book_by_night("ada".to_owned())).await.expect_err("another contract");
    assert!(error.to_string().contains("travel/book_by_night instance"), "{error}");
    assert_eq!(client.call(free("ritz".to_owned())).await.expect("an answer"), 2);
}

#[test]
fn the_callers_program_has_nothing_of_the_callee() {
    let registry = Registry::collect().expect("declarations");
    assert_eq!(registry.services().collect::<Vec<_>>(), ["travel"]);
    let manifest = registry.manifest().expect("tables");
    let tables: Vec<_> = manifest.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(tables, ["travel-journal", "trips"]);

    // Made here, so that it is not in this program either.
    let table = ["rooms", "of", "hotels"].join("_");
    let has_table = |program: &std::path::Path| {
        let bytes = std::fs::read(program).expect("a program");
        bytes.windows(table.len()).any(|window| window == table.as_bytes())
    };
    assert!(has_table(env!("CARGO_BIN_EXE_hotel").as_ref()));
    assert!(!has_table(&std::env::current_exe().expect("this program")));
}
