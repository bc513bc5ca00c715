//! The request budget: how many store requests each kind of work needs, counted at the store.
//!
//! *Critical* requests are those that the caller waits for, one after another: every request takes one
//! millisecond of virtual time, so the time of a call is their number, parallel ones counted once.
//! `cargo xtask budget` prints the table, of which each test has some rows.

#![expect(clippy::print_stdout, reason = "`cargo xtask budget` shows the table")]

#[path = "../../examples/travel/services/mod.rs"]
#[allow(dead_code, reason = "the test needs the reservation alone")]
pub mod services;
mod transactions;

use std::sync::Arc;
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::store::{Counting, Delayed};
use beldi::testing::fresh_store;
use beldi::{Client, VirtualWorld};
use tokio::time::Instant;

beldi::service!(Shop = "shop");
beldi::service!(Bank = "bank");

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Shop, table = "stock")]
struct Stock {
    #[beldi(partition_key)]
    article: String,
    free: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Bank, table = "accounts")]
struct Account {
    #[beldi(partition_key)]
    owner: String,
    balance: i64,
}

#[beldi::function(service = Shop, read_only)]
async fn read_three(article: String) -> i64 {
    let mut sum = 0;
    for _ in 0..3 {
        sum += Stock::get(&article).await.map_or(0, |stock| stock.free);
    }
    sum
}

#[beldi::function(service = Shop)]
async fn read_three_without_effect(article: String, write: bool) -> i64 {
    let mut sum = 0;
    for _ in 0..3 {
        sum += Stock::get(&article).await.map_or(0, |stock| stock.free);
    }
    if write {
        Stock::delete(&article).await;
    }
    sum
}

#[beldi::function(service = Shop)]
async fn blind_write(article: String) {
    Stock { article, free: 1 }.put().await;
}

#[beldi::function(service = Shop)]
async fn five_writes(articles: Vec<String>) {
    for article in articles {
        Stock { article, free: 1 }.put().await;
    }
}

#[beldi::function(service = Shop)]
async fn read_modify_write(article: String) -> i64 {
    let mut stock = Stock::get(&article).await.unwrap_or(Stock { article, free: 0 });
    stock.free += 1;
    stock.put().await;
    stock.free
}

#[beldi::function(service = Shop)]
async fn conditional_write(article: String) -> bool {
    Stock { article, free: 1 }.put().when(Stock::absent()).await.is_ok()
}

#[beldi::function(service = Bank, read_only)]
async fn nothing(owner: String) -> usize {
    owner.len()
}

#[beldi::function(service = Bank)]
async fn deposit(owner: String) {
    Account::update(&owner).add(Account::BALANCE, 1).await;
}

#[beldi::function(service = Shop, read_only)]
async fn call_read_only(owner: String) -> usize {
    nothing(owner).await
}

#[beldi::function(service = Shop)]
async fn write_and_call(article: String) {
    Stock { article: article.clone(), free: 1 }.put().await;
    deposit(article).await;
}

/// A host whose requests are counted and take one millisecond each.
struct Measured {
    client: Client,
    host: LocalHost,
    counting: Arc<Counting>,
}

/// Critical requests, and all.
type Cost = (u64, u64);

impl Measured {
    async fn start() -> Self {
        let counting = Arc::new(Counting::new(fresh_store().await.expect("a store")));
        let slow = Arc::new(Delayed::fixed(Arc::clone(&counting) as _, Duration::from_millis(1), Duration::ZERO));
        let host = LocalHost::builder(slow)
            .world(VirtualWorld::new(1))
            .collect_every(None)
            .collect_garbage_every(None)
            .start();
        let host = host.await.expect("a host");
        Self { client: host.client(), host, counting }
    }

    /// The cost of a call, with what follows its reply.
    async fn cost<T>(&self, call: impl Future<Output = T>) -> Cost {
        self.counting.reset();
        let start = Instant::now();
        call.await;
        let critical = u64::try_from(start.elapsed().as_millis()).expect("a small number");
        // What follows the reply takes a few milliseconds of virtual time.
        tokio::time::sleep(Duration::from_secs(1)).await;
        (critical, self.counting.total())
    }
}

/// Prints a row of the table, and compares it with the budget.
fn row(work: &str, raw: u64, cost: Cost, budget: Cost) {
    println!("| {work} | {raw} | {} | {} |", cost.0, cost.1);
    assert!(cost.0 <= budget.0 && cost.1 <= budget.1, "{work}: {cost:?} is over the budget {budget:?}");
}

#[tokio::test(start_paused = true)]
async fn the_request_budget_holds() {
    let measured = Measured::start().await;
    let client = &measured.client;
    let cost = measured.cost(async { client.call(read_three("a".into())).await.expect("a result") }).await;
    row("read-only function, 3 reads", 3, cost, (3, 3));
    let cost = measured.cost(own_id(&measured.host)).await;
    row("function that read 3 times and then had no effect (own id)", 3, cost, (3, 3));
    let cost = measured.cost(async { client.call(blind_write("b".into())).await.expect("a result") }).await;
    row("blind write, cold row", 1, cost, (2, 3));
    for _ in 0..40 {
        client.call(blind_write("hot".into())).await.expect("a result");
    }
    // Longer than the margin of clocks.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let cost = measured.cost(async { client.call(blind_write("hot".into())).await.expect("a result") }).await;
    row("blind write, row with segments", 1, cost, (2, 3));
    let articles = (0..5).map(|number| format!("c{number}")).collect();
    let cost = measured.cost(async { client.call(five_writes(articles)).await.expect("a result") }).await;
    row("5 writes after one intent", 5, cost, (6, 7));
    let cost = measured.cost(async { client.call(read_modify_write("d".into())).await.expect("a result") }).await;
    row("read, modify, write", 2, cost, (3, 4));
    let cost = measured.cost(async { client.call(conditional_write("e".into())).await.expect("a result") }).await;
    row("conditional write that succeeds", 1, cost, (2, 3));
    let cost = measured.cost(async { client.call(call_read_only("f".into())).await.expect("a result") }).await;
    row("call of a read-only function", 0, cost, (0, 0));
    let alone = measured.cost(async { client.call(deposit("g".into())).await.expect("a result") }).await;
    let write = measured.cost(async { client.call(blind_write("g".into())).await.expect("a result") }).await;
    let both = measured.cost(async { client.call(write_and_call("h".into())).await.expect("a result") }).await;
    let on_top = (both.0 - alone.0 - write.0, both.1 - alone.1 - write.1);
    row("call of an effectful function (on top of its own work)", 0, on_top, (0, 0));
}

/// An invocation as a gateway delivers it: nobody else knows its id.
async fn own_id(host: &LocalHost) {
    use beldi::{Delivery, Function, InstanceId, Invocation, Invoker};
    let invocation = Invocation {
        service: Shop::NAME.into(),
        function: read_three_without_effect::NAME.into(),
        instance: InstanceId::from_u128(1),
        arguments: r#"["a", false]"#.into(),
        caller: None,
        delivery: Delivery::OwnId,
        transaction: None,
        contract: None,
    };
    host.invoke(invocation).await.expect("a result");
}

/// With 16 entries, each 16th write finds the log full (one refused update), puts a segment, and rolls.
#[tokio::test(start_paused = true)]
async fn rolls_cost_at_most_an_eighth_of_a_write() {
    let measured = Measured::start().await;
    let writes = 16 * 8;
    let cost = measured
        .cost(async {
            for _ in 0..writes {
                measured.client.call(read_modify_write("hot".into())).await.expect("a result");
            }
        })
        .await;
    let rolls = cost.1 - 4 * writes;
    println!("| rolls of {writes} writes of one row, N = 16 | 0 | {} | {rolls} |", cost.0 - 3 * writes);
    assert!(rolls * 8 <= writes, "{rolls} requests for the rolls of {writes} writes");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_reads_and_writes_pays_once() {
    let measured = Measured::start().await;
    let call = async {
        measured.client.call(read_three_without_effect("a".into(), true)).await.expect("a result");
    };
    assert_eq!(measured.cost(call).await, (5, 6));
}
