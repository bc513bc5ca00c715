//! Transactions whose coordinator does not go on: what an operator sees, and what he can do and cannot.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use beldi::host::{CrashPlan, CrashPoint, LocalHost, Verdict, When};
use beldi::prelude::*;
use beldi::testing::{fresh_store, locked_rows};
use beldi::{Client, ClientError, Delivery, InDoubt, InstanceId, Settings, VirtualWorld, World};

beldi::service!(Travel = "travel");
beldi::service!(Hotel = "hotel");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Hotel, table = "rooms")]
struct Room {
    #[beldi(partition_key)]
    hotel: String,
    free: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Travel, table = "trips")]
struct Trip {
    #[beldi(partition_key)]
    guest: String,
    left: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct SoldOut;

#[beldi::function(service = Hotel)]
async fn open(free: i64) {
    Room { hotel: "ritz".into(), free }.put().await;
}

#[beldi::function(service = Hotel)]
async fn reserve() -> Result<i64, SoldOut> {
    let mut room = Room::get("ritz").await.ok_or(SoldOut)?;
    room.free -= 1;
    room.put().await;
    Ok(room.free)
}

#[beldi::function(service = Hotel, read_only)]
async fn free() -> i64 {
    Room::get("ritz").await.map_or(-1, |room| room.free)
}

#[beldi::function(service = Travel)]
async fn book(guest: String) -> Result<i64, SoldOut> {
    beldi::txn! {
        let left = reserve().await?;
        Trip { guest: guest.clone(), left }.put().await;
        Ok(left)
    }
}

/// Has its time for a room.
#[beldi::function(service = Travel, timeout = "60s")]
async fn book_slowly() -> Result<i64, SoldOut> {
    beldi::txn! { reserve().await }
}

#[beldi::function(service = Travel)]
async fn note(guest: String) {
    Trip { guest, left: 0 }.put().await;
}

#[beldi::function(service = Travel, read_only)]
async fn trips() -> usize {
    Trip::scan().await.items.len()
}

/// Lets every attempt of `book` die at actions that begin with a text, as long as there is one.
#[derive(Default)]
struct DieAt {
    action: Mutex<Option<(&'static str, When)>>,
    /// Whether the next one who has carried out a commit dies before it marks that.
    mark: AtomicBool,
}

impl CrashPlan for DieAt {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let marks = point.invocation.delivery == Delivery::Commit && point.action == "UpdateItem hotel-journal";
        if marks && point.when == When::Before && self.mark.swap(false, Ordering::Relaxed) {
            return Box::pin(ready(Verdict::Crash));
        }
        let plan = *self.action.lock().expect("nobody panics with the plan");
        let here = plan.is_some_and(|(action, when)| point.when == when && point.action.starts_with(action));
        let dies = here && point.invocation.function == "book";
        Box::pin(ready(if dies { Verdict::Crash } else { Verdict::Continue }))
    }
}

struct Bench {
    host: LocalHost,
    client: Client,
    plan: Arc<DieAt>,
}

impl Bench {
    async fn new() -> Self {
        let plan = Arc::new(DieAt::default());
        let settings = Settings { max_attempts: 2, call_tries: 1, ..Settings::default() };
        let host = LocalHost::builder(fresh_store().await.expect("a store"))
            .world(VirtualWorld::new(0))
            .settings(settings)
            .crash_plan(Arc::clone(&plan) as Arc<dyn CrashPlan>)
            .collect_every(None)
            .collect_garbage_every(None)
            .start()
            .await
            .expect("a host");
        let client = host.client();
        client.call(open(3)).await.expect("a hotel");
        Self { host, client, plan }
    }

    /// Books, with attempts that all die there, until the coordinator is parked. Gives it, and who is in doubt.
    async fn stuck(&self, action: &'static str, when: When) -> (InstanceId, Vec<InDoubt>) {
        *self.plan.action.lock().expect("nobody panics with the plan") = Some((action, when));
        let answer = self.client.call(book("ann".into())).idempotency_key("trip").await;
        assert!(matches!(answer, Err(ClientError::Unavailable { .. })), "{answer:?}");
        self.host.settle().await.expect("collectors");
        *self.plan.action.lock().expect("nobody panics with the plan") = None;
        let parked = self.client.parked("travel").await.expect("a list");
        assert_eq!(parked.len(), 1, "{parked:?}");
        (parked[0].0, self.client.in_doubt("hotel").await.expect("a list"))
    }

    async fn assert_free(&self, expected: (i64, usize)) {
        assert_eq!(locked_rows(&self.host).await.expect("rows"), Vec::<String>::new());
        let free = self.client.call(free()).await.expect("an answer");
        assert_eq!((free, self.client.call(trips()).await.expect("an answer")), expected);
        assert_eq!(self.client.in_doubt("hotel").await.expect("a list"), Vec::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_participant_in_doubt_names_who_holds_it() {
    let bench = Bench::new().await;
    let (coordinator, waiting) = bench.stuck("Invoke hotel/reserve", When::After).await;
    let [stuck] = waiting.as_slice() else { panic!("one participant waits, not {waiting:?}") };
    assert_eq!((stuck.function.as_str(), stuck.coordinator_service.as_str()), ("reserve", "travel"));
    assert_eq!(stuck.coordinator, coordinator);
    let locked = locked_rows(&bench.host).await.expect("rows");
    assert_eq!(locked.len(), 1, "{locked:?}");

    // Plain reads see what is committed; a plain write waits, and says for whom.
    assert_eq!(bench.client.call(free()).await.expect("an answer"), 3);
    let Err(ClientError::Unavailable { message, .. }) = bench.client.call(open(9)).await else {
        panic!("a write of a locked row must wait")
    };
    assert!(message.contains(&coordinator.to_string()), "{message}");
}

#[tokio::test(start_paused = true)]
async fn an_undecided_transaction_is_rolled_back_by_an_operator_and_runs_when_it_is_restarted() {
    let bench = Bench::new().await;
    let (coordinator, _) = bench.stuck("Invoke hotel/reserve", When::After).await;
    assert!(bench.client.roll_back("travel", coordinator).await.expect("it is rolled back"));
    bench.assert_free((3, 0)).await;
    assert_eq!(bench.client.parked("travel").await.expect("a list").len(), 1, "the instance itself stays parked");
    // Again: there is nothing left to end.
    assert!(bench.client.roll_back("travel", coordinator).await.expect("nothing happens"));
    bench.assert_free((3, 0)).await;

    assert!(bench.client.restart("travel", coordinator).await.expect("it is restarted"));
    bench.host.settle().await.expect("collectors");
    let answer = bench.client.call(book("ann".into())).idempotency_key("trip").await;
    assert_eq!(answer.expect("an answer"), Ok(2));
    bench.assert_free((2, 1)).await;
    assert!(!bench.client.roll_back("travel", coordinator).await.expect("it is done"));
}

/// What is decided stays decided: an operator who wants to roll it back completes it.
#[tokio::test(start_paused = true)]
async fn a_decided_transaction_cannot_be_rolled_back() {
    let bench = Bench::new().await;
    // The decision is durable when the rows of the coordinator are about to be written.
    let (coordinator, waiting) = bench.stuck("UpdateItem trips", When::After).await;
    assert!(!waiting.is_empty() || !locked_rows(&bench.host).await.expect("rows").is_empty());
    bench.client.roll_back("travel", coordinator).await.expect("it is completed");
    let decided = bench.client.call(free()).await.expect("an answer");
    bench.assert_free((decided, usize::from(decided == 2))).await;
    assert!(bench.client.restart("travel", coordinator).await.expect("it is restarted"));
    bench.host.settle().await.expect("collectors");
    let answer = bench.client.call(book("ann".into())).idempotency_key("trip").await;
    assert_eq!(answer.expect("an answer"), Ok(2));
    bench.assert_free((2, 1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_alone_finishes_what_was_decided() {
    let bench = Bench::new().await;
    let (coordinator, waiting) = bench.stuck("Invoke hotel/reserve", When::Before).await;
    assert_eq!(waiting, Vec::new(), "nobody was called");
    assert!(bench.client.restart("travel", coordinator).await.expect("it is restarted"));
    bench.host.settle().await.expect("collectors");
    bench.assert_free((2, 1)).await;
}

#[tokio::test(start_paused = true)]
async fn there_is_nothing_to_roll_back_in_an_unknown_instance() {
    let bench = Bench::new().await;
    assert!(!bench.client.roll_back("travel", InstanceId::from_u128(7)).await.expect("there is no such instance"));
    bench.assert_free((3, 0)).await;
}

/// The travel reservation's rush once ended with a participant in doubt whose coordinator was done. It had waited
/// for so long that the collectors had left it alone; then it carried out the commit, answered, and died before it
/// was marked as done, with nobody left to look at it.
#[tokio::test(start_paused = true)]
async fn a_participant_that_was_in_doubt_is_marked_before_it_answers() {
    let bench = Bench::new().await;
    let (coordinator, waiting) = bench.stuck("Invoke hotel/reserve", When::After).await;
    assert_eq!(waiting.len(), 1);
    bench.plan.mark.store(true, Ordering::Relaxed);
    assert!(bench.client.restart("travel", coordinator).await.expect("it is restarted"));
    bench.host.settle().await.expect("collectors");
    assert!(!bench.plan.mark.load(Ordering::Relaxed), "somebody died before the mark");
    bench.assert_free((2, 1)).await;
}

/// A clock that is ahead of another one.
struct Ahead(Arc<VirtualWorld>, u64);

impl World for Ahead {
    fn now_ms(&self) -> u64 {
        self.0.now_ms() + self.1
    }

    fn fresh_id(&self) -> InstanceId {
        self.0.fresh_id()
    }
}

/// Stalls the decision and what carries it out in the hotel, and lets who has carried it out die before the mark.
struct Slowly;

impl CrashPlan for Slowly {
    fn decide(&self, point: CrashPoint) -> Pin<Box<dyn Future<Output = Verdict> + Send + '_>> {
        let told = point.invocation.delivery == Delivery::Commit;
        let (verdict, seconds) = match (point.when, point.action.as_str()) {
            (When::After, "Invoke hotel/reserve") => (Verdict::Continue, 3),
            (When::Before, "UpdateItem rooms") if told => (Verdict::Continue, 9),
            (When::Before, "UpdateItem hotel-journal") if told => (Verdict::Crash, 0),
            _ => (Verdict::Continue, 0),
        };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            verdict
        })
    }
}

/// A collector whose clock was ahead put a participant aside as in doubt, while the commit was being carried out by an
/// attempt that was sure to be over by then. That one died before the mark, and nobody looked at the participant again.
#[tokio::test(start_paused = true)]
async fn a_collector_whose_clock_is_ahead_puts_nobody_aside_who_is_being_told() {
    let (store, world) = (fresh_store().await.expect("a store"), Arc::new(VirtualWorld::new(0)));
    let (timeout, margin) = (Duration::from_secs(10), Duration::from_secs(5));
    let settings = Settings { timeout, margin, call_tries: 1, ..Settings::default() };
    let builder = LocalHost::builder(Arc::clone(&store)).world(Ahead(Arc::clone(&world), 0)).settings(settings.clone());
    let builder = builder.crash_plan(Arc::new(Slowly)).collect_every(None).collect_garbage_every(None);
    let host = builder.start().await.expect("a host");
    let builder = LocalHost::builder(store).world(Ahead(world, 4_500)).settings(settings);
    let builder = builder.collect_every(Some(Duration::from_millis(100))).collect_garbage_every(None);
    let other = builder.start().await.expect("a host");
    let client = host.client();
    client.call(open(3)).await.expect("a hotel");
    assert_eq!(client.call(book_slowly()).await.expect("a result"), Ok(2));
    tokio::time::sleep(Duration::from_secs(60)).await;
    other.settle().await.expect("collectors");
    assert_eq!(client.in_doubt("hotel").await.expect("a list"), Vec::new());
    assert_eq!(locked_rows(&host).await.expect("rows"), Vec::<String>::new());
}
