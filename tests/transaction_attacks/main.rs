//! Transactions under attack: shapes of code and moments of failure that ordinary tests do not come to.

#![expect(clippy::print_stdout, reason = "how many crash points there are is worth seeing")]

mod blocks;
mod calls;
#[path = "../common/mod.rs"]
mod common;
mod conflicts;
mod limits;
mod operator;
mod shapes;
mod told;

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::testing::{CrashMatrix, Report, Trial, locked_rows};

beldi::service!(pub(crate) Shop = "shop");
beldi::service!(pub(crate) Bank = "bank");
beldi::service!(pub(crate) Depot = "depot");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
pub(crate) struct Stock {
    #[beldi(partition_key)]
    pub(crate) article: String,
    pub(crate) free: i64,
    pub(crate) notes: Vec<String>,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
pub(crate) struct Account {
    #[beldi(partition_key)]
    pub(crate) owner: String,
    pub(crate) balance: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Depot, table = "parcels")]
pub(crate) struct Parcel {
    #[beldi(partition_key)]
    pub(crate) article: String,
    pub(crate) count: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) enum Refused {
    SoldOut,
    Undone,
}

#[beldi::function(service = Shop)]
pub(crate) async fn fill() {
    for article in ["coffee", "milk", "tea"] {
        Stock { article: article.into(), free: 10, notes: Vec::new() }.put().await;
    }
}

#[beldi::function(service = Bank)]
pub(crate) async fn open(owner: String, balance: i64) {
    Account { owner, balance }.put().await;
}

#[beldi::function(service = Depot)]
pub(crate) async fn pack(article: String, count: i64) -> i64 {
    let mut parcel = Parcel::get(&article).await.unwrap_or(Parcel { article, count: 0 });
    parcel.count += count;
    parcel.put().await;
    parcel.count
}

/// Takes some of an article.
#[beldi::helper(service = Shop)]
pub(crate) async fn take(article: &str, count: i64) -> Result<i64, Refused> {
    let mut stock = Stock::get(article).await.ok_or(Refused::SoldOut)?;
    if stock.free < count {
        return Err(Refused::SoldOut);
    }
    stock.free -= count;
    stock.put().await;
    Ok(stock.free)
}

pub(crate) async fn filled(trial: Trial) {
    trial.call(fill()).await.expect("the setup");
    for (owner, balance) in [("ann", 100), ("bob", 50)] {
        trial.call(open(owner.into(), balance)).await.expect("the setup");
    }
}

/// A host with everything filled in.
pub(crate) async fn filled_host(settings: beldi::Settings) -> LocalHost {
    let host = common::host(settings, None).await;
    fill_host(&host).await;
    host
}

pub(crate) async fn fill_host(host: &LocalHost) {
    let client = host.client();
    client.call(fill()).await.expect("the setup");
    for (owner, balance) in [("ann", 100), ("bob", 50)] {
        client.call(open(owner.into(), balance)).await.expect("the setup");
    }
}

pub(crate) async fn assert_nothing_locked(host: &LocalHost) {
    let locked = locked_rows(host).await.expect("the store answers");
    assert!(locked.is_empty(), "still locked: {locked:?}");
}

/// The numbers that a scenario left in all tables, by the keys of their rows.
fn left(report: &Report) -> String {
    let numbers = report.tables.iter().flat_map(|(table, rows)| {
        let mut numbers: Vec<_> = rows.iter().map(|row| number(table, row)).collect();
        numbers.sort_unstable();
        numbers
    });
    numbers.collect::<Vec<_>>().join(", ")
}

fn number(table: &str, row: &str) -> String {
    let row: serde_json::Value = serde_json::from_str(row).expect("a row as JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    match table {
        "accounts" => format!("{} {}", text(&row["owner"]), row["balance"]),
        "stock" => format!("{} {}", text(&row["article"]), row["free"]),
        _ => format!("{} packed {}", text(&row["article"]), row["count"]),
    }
}

/// The matrix compares disturbed runs with an undisturbed one. That this one is right is for the test to say.
pub(crate) async fn run<S, U>(scenario: S, tables: &str) -> Report
where
    S: Fn(Trial) -> U + 'static,
    U: Future<Output: Serialize> + 'static,
{
    let report = CrashMatrix::new(scenario).setup(filled).run().await;
    println!("{} crash points: {report}", report.points);
    assert_eq!(left(&report), tables);
    report.assert_passed();
    report
}

/// A matrix over one call.
#[macro_export]
macro_rules! matrix {
    ($($(#[$doc:meta])* $test:ident: $call:expr => $result:expr, $tables:expr;)+) => {$(
        $(#[$doc])*
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let scenario = |trial: beldi::testing::Trial| async move { trial.call($call).await.expect("a result") };
            let report = $crate::run(scenario, $tables).await;
            assert_eq!(report.result, serde_json::json!($result).to_string());
        }
    )+};
}

/// A matrix over two calls at the same time.
#[macro_export]
macro_rules! contest {
    ($($(#[$doc:meta])* $test:ident: $one:expr, $other:expr => $tables:expr;)+) => {$(
        $(#[$doc])*
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let scenario = |trial: beldi::testing::Trial| async move {
                let (one, other) = futures_util::future::join(trial.call($one), trial.call($other)).await;
                (one.expect("a result"), other.expect("a result"))
            };
            $crate::run(scenario, $tables).await;
        }
    )+};
}
