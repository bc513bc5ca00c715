//! The crash matrix over every operation on its own, and over small workflows of several.

#![expect(clippy::print_stdout, reason = "how many crash points there are is worth seeing")]

use beldi::prelude::*;
use beldi::testing::{CrashMatrix, Trial};
use beldi::{ExternalError, RetryPolicy};

beldi::service!(Shop = "shop");
beldi::service!(Bank = "bank");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
struct Stock {
    #[beldi(partition_key)]
    article: String,
    free: u32,
    tags: Vec<String>,
    note: Option<String>,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "sales")]
struct Sale {
    #[beldi(partition_key)]
    article: String,
    #[beldi(sort_key)]
    id: String,
    buyer: String,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
struct Account {
    #[beldi(partition_key)]
    owner: String,
    balance: i64,
}

fn tea(free: u32) -> Stock {
    Stock { article: "tea".into(), free, tags: Vec::new(), note: Some("green".into()) }
}

#[beldi::function(service = Shop)]
async fn put_stock(stock: Stock) {
    stock.put().await;
}

#[beldi::function(service = Shop, read_only)]
async fn get_stock(article: String) -> Option<Stock> {
    Stock::get(&article).await
}

#[beldi::function(service = Shop)]
async fn read_then_write(article: String) -> u32 {
    let mut stock = Stock::get(&article).await.unwrap_or(tea(0));
    stock.free += 1;
    stock.put().await;
    stock.free
}

#[beldi::function(service = Shop)]
async fn update_all(article: String) {
    Stock::update(&article).add(Stock::FREE, 5).append(Stock::TAGS, ["new".to_string()]).remove(Stock::NOTE).await;
    Stock::update("coffee").set(Stock::FREE, 1u32).set_if_not_exists(Stock::TAGS, Vec::<String>::new()).await;
    Stock::update("coffee").set_if_not_exists(Stock::FREE, 9u32).await;
}

#[beldi::function(service = Shop)]
async fn delete_and_recreate(article: String) {
    Stock::delete(&article).await;
    Stock::delete("never there").await;
    let mut again = tea(77);
    again.note = None;
    again.put().await;
}

#[beldi::function(service = Shop)]
async fn take_one(article: String) -> Result<(), Option<u32>> {
    let take = Stock::update(&article).add(Stock::FREE, -1).when(Stock::FREE.ge(1u32));
    take.await.map_err(|conflict| conflict.current.map(|stock| stock.free))
}

#[beldi::function(service = Shop)]
async fn put_absent(article: String) -> bool {
    let first = tea(1).put().when(Stock::absent()).await.is_ok();
    let stock = Stock { article, ..tea(2) };
    let second = stock.put().when(Stock::absent()).await.is_ok();
    Stock::delete("coffee").when(Stock::exists()).await.is_err() && !first && second
}

#[beldi::function(service = Shop)]
async fn query_and_count(article: String) -> (usize, usize, usize) {
    let page = Sale::query(&article).begins_with("s").descending().limit(2).await;
    let rest = Sale::query(&article).page(page.next.clone()).await;
    let scanned = Sale::scan().await.items.len();
    let (first, second) = (page.items.len(), rest.items.len());
    let id = format!("s{}", first + second + 10);
    Sale { article, id, buyer: "counted".into() }.put().await;
    (first, second, scanned)
}

#[beldi::function(service = Shop)]
async fn sell_three(article: String) {
    for buyer in ["ann", "bob", "cid"] {
        Sale { article: article.clone(), id: format!("s-{buyer}"), buyer: buyer.into() }.put().await;
    }
}

#[beldi::function(service = Shop)]
async fn batch(articles: Vec<String>) -> Vec<Option<u32>> {
    let found = Stock::batch_get(&articles).await;
    Stock::update("tea").add(Stock::FREE, 1).await;
    found.into_iter().map(|stock| stock.map(|stock| stock.free)).collect()
}

#[beldi::function(service = Bank)]
async fn charge(owner: String, amount: i64) -> i64 {
    let mut account = Account::get(&owner).await.unwrap_or(Account { owner, balance: 100 });
    account.balance -= amount;
    account.put().await;
    account.balance
}

#[beldi::function(service = Bank)]
async fn deposit(owner: String, amount: i64) {
    Account::update(&owner).add(Account::BALANCE, amount).await;
}

#[beldi::function(service = Shop)]
async fn buy(article: String, buyer: String) -> (i64, i64) {
    let first = charge(buyer.clone(), 10).await;
    Stock::update(&article).add(Stock::FREE, -1).await;
    let second = charge(buyer, 5).await;
    (first, second)
}

#[beldi::function(service = Shop)]
async fn buy_detached(buyer: String) -> Option<u32> {
    deposit(buyer.clone(), 10).detach().await;
    deposit(buyer, 5).detach().await;
    get_stock("tea".into()).await.map(|stock| stock.free)
}

#[beldi::function(service = Shop)]
async fn ambient() -> (String, u64, bool) {
    let id = beldi::uuid().await;
    let number = beldi::random().await;
    let early = beldi::now().await > std::time::UNIX_EPOCH;
    Sale { article: "tea".into(), id: id.to_string(), buyer: number.to_string() }.put().await;
    (id.to_string(), beldi::random_below(10).await, early)
}

#[beldi::function(service = Shop)]
async fn at_the_same_time(article: String) -> (u32, i64) {
    let (free, balance) = beldi::join!(
        async {
            let mut stock = Stock::get(&article).await.unwrap_or(tea(0));
            stock.free += 1;
            stock.put().await;
            Stock::update("coffee").add(Stock::FREE, 1).await;
            stock.free
        },
        charge("ann".into(), 1)
    );
    Stock::update(&article).add(Stock::FREE, 10).await;
    (free, balance)
}

#[beldi::function(service = Shop)]
async fn pay_outside(fail: bool) -> Result<String, String> {
    let payment =
        beldi::external("payment", move |key| async move { if fail { Err("declined".to_string()) } else { Ok(key) } });
    let paid: Result<String, ExternalError<String>> = payment.retry(RetryPolicy::tries(2)).await;
    Stock::update("tea").add(Stock::FREE, 1).await;
    paid.map_err(|error| match error {
        ExternalError::Failed(reason) => reason,
        ExternalError::TimedOut => "timed out".into(),
    })
}

#[beldi::helper(service = Shop)]
async fn restock(article: &str, times: u32) -> u32 {
    for _ in 0..times {
        Stock::update(article).add(Stock::FREE, 1).await;
    }
    Stock::get(article).await.map_or(0, |stock| stock.free)
}

#[beldi::function(service = Shop)]
async fn with_helper(article: String) -> u32 {
    let first = restock(&article, 2).await;
    let second = restock(&article, 1).await;
    first * 100 + second
}

#[beldi::function(service = Shop)]
async fn only_read(article: String) -> u32 {
    let before = Stock::get(&article).await.map_or(0, |stock| stock.free);
    let after = Stock::get(&article).await.map_or(0, |stock| stock.free);
    before + after
}

async fn with_tea(trial: Trial) {
    trial.call(put_stock(tea(3))).await.expect("the setup");
}

/// A matrix over one call, with tea in stock.
macro_rules! matrix {
    ($($test:ident: $call:expr;)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let report = CrashMatrix::new(|trial: Trial| async move { trial.call($call).await.expect("a result") })
                .setup(with_tea)
                .run()
                .await;
            println!("{} crash points: {report}", report.points);
            report.assert_passed();
        }
    )+};
}

matrix! {
    put: put_stock(tea(4));
    get: get_stock("tea".into());
    read_modify_write: read_then_write("tea".into());
    update: update_all("tea".into());
    delete: delete_and_recreate("tea".into());
    conditional_true: take_one("tea".into());
    conditional_false: take_one("coffee".into());
    conditional_put_and_delete: put_absent("cocoa".into());
    batch_get: batch(vec!["tea".into(), "coffee".into(), "tea".into()]);
    call: buy("tea".into(), "ann".into());
    detached_call: buy_detached("ann".into());
    clock_ids_and_random: ambient();
    join: at_the_same_time("tea".into());
    external: pay_outside(false);
    external_that_fails: pay_outside(true);
    helper: with_helper("tea".into());
    observations_only: only_read("tea".into());
}

#[tokio::test(start_paused = true)]
async fn query_and_scan() {
    let report =
        CrashMatrix::new(
            |trial: Trial| async move { trial.call(query_and_count("tea".into())).await.expect("a result") },
        )
        .setup(|trial: Trial| async move { trial.call(sell_three("tea".into())).await.expect("the setup") })
        .run()
        .await;
    println!("{} crash points: {report}", report.points);
    report.assert_passed();
}

#[tokio::test(start_paused = true)]
async fn several_instances_write_one_row() {
    let report = CrashMatrix::new(|trial: Trial| async move {
        let mut last = 0;
        for _ in 0..5 {
            last = trial.call(read_then_write("tea".into())).await.expect("a result");
            trial.call(take_one("tea".into())).await.expect("a result").expect("enough tea");
        }
        last
    })
    .setup(with_tea)
    .run()
    .await;
    println!("{} crash points: {report}", report.points);
    report.assert_passed();
}

#[tokio::test(start_paused = true)]
async fn started_calls_run_once() {
    let report = CrashMatrix::new(|trial: Trial| async move {
        trial.start(charge("bob".into(), 1)).await.expect("an id");
        trial.start(buy("tea".into(), "ann".into())).await.expect("an id");
    })
    .setup(with_tea)
    .run()
    .await;
    println!("{} crash points: {report}", report.points);
    report.assert_passed();
}
