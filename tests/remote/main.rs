//! Functions that are declared with `beldi::remote!`: what their callers get, and what happens when the two sides
//! disagree. Both sides are in this program, which tells them apart by their names alone; `two_programs` has them in
//! two.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use beldi::host::LocalHost;
use beldi::testing::fresh_store;
use beldi::{Client, Invocation, InvokeFuture, Invoker, Settings, VirtualWorld};

mod calls;
mod hotel;
mod mismatch;
mod travel;

/// The way between the two services, on which invocations are JSON. While a function of the hotels is of another
/// version, travel declares something else.
#[derive(Default)]
struct Wire {
    host: OnceLock<LocalHost>,
    /// The function that is of another version, and the hotel at which it is; `""` is each.
    differs: Mutex<Option<(&'static str, &'static str)>>,
    seen: Mutex<Vec<Invocation>>,
    /// Whether the next answer of a hotel is lost.
    loses: AtomicBool,
}

impl Invoker for Wire {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        let mut json = serde_json::to_value(&invocation).expect("JSON");
        let differs = *self.differs.lock().expect("no panic");
        let is_there =
            |(function, hotel)| invocation.function == function && invocation.arguments.contains::<&str>(hotel);
        if invocation.contract.is_some() && differs.is_some_and(is_there) {
            // What an older caller would send.
            json["contract"]["signature"] = "0123456789abcdef".into();
        }
        let received = serde_json::from_value(json).expect("an invocation");
        self.seen.lock().expect("no panic").push(invocation);
        let host = self.host.get().expect("the host has started");
        Box::pin(async move {
            let answer = host.invoke(received).await;
            match self.loses.swap(false, Ordering::SeqCst) {
                true => Err(beldi::InvokeError::Unavailable("lost".to_owned())),
                false => answer,
            }
        })
    }
}

struct Bench {
    host: LocalHost,
    client: Client,
    wire: Arc<Wire>,
}

impl Bench {
    /// Three hotels with three rooms each.
    async fn new() -> Self {
        let wire = Arc::new(Wire::default());
        let settings = Settings { max_attempts: 3, call_tries: 2, ..Settings::default() };
        let host = LocalHost::builder(fresh_store().await.expect("a store"))
            .world(VirtualWorld::new(0))
            .settings(settings)
            .invoker(Arc::clone(&wire) as Arc<dyn Invoker>)
            .collect_every(None)
            .collect_garbage_every(None)
            .start()
            .await
            .expect("a host");
        let _ = wire.host.set(host.clone());
        let client = host.client();
        for hotel in ["ritz", "savoy", "carlton"] {
            client.call(hotel::open(hotel.to_owned(), 3)).await.expect("an open hotel");
        }
        wire.seen.lock().expect("no panic").clear();
        Self { host, client, wire }
    }

    /// Lets a function of a hotel, `""` is each, be of another version than travel believes; or mends that.
    fn differs(&self, differs: Option<(&'static str, &'static str)>) {
        *self.wire.differs.lock().expect("no panic") = differs;
    }

    async fn free(&self, hotel: &str) -> i64 {
        self.client.call(hotel::free(hotel.to_owned())).await.expect("a number")
    }

    async fn booked(&self, guest: &str) -> i64 {
        self.client.call(travel::booked(guest.to_owned())).await.expect("a number")
    }

    /// Lets time pass until everything is done or parked.
    async fn settle(&self) {
        self.host.settle().await.expect("a round");
    }

    /// The invocations of a function so far, but for those that tell a decision.
    fn seen(&self, function: &str) -> Vec<Invocation> {
        let seen = self.wire.seen.lock().expect("no panic");
        let tells = |one: &&Invocation| one.delivery.decides();
        seen.iter().filter(|one| one.function == function && !tells(one)).cloned().collect()
    }
}
