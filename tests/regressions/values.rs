//! Faults of values: how they are compared, and what is left of those that are gone.

use std::collections::HashSet;

use beldi::host::When;
use beldi::prelude::*;
use beldi::{Client, Settings};

use crate::common::{CrashAt, host};
use crate::{Paper, Shop, Stock, settings};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Refused;

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Shop, table = "measures")]
struct Measure {
    #[beldi(partition_key)]
    place: String,
    value: f64,
}

#[beldi::function(service = Shop)]
async fn labels(title: String) -> Result<(), Refused> {
    beldi::txn! {
        let tags: HashSet<String> = (0..20).map(|n| format!("t{n}")).collect();
        Paper { title: title.clone(), text: String::new(), tags }.put().await;
        Ok(())
    }
}

/// The store gives `-0` back as `0`.
#[beldi::function(service = Shop)]
async fn negates(place: String) -> Result<f64, Refused> {
    beldi::txn! {
        let before = Measure::get(&place).await.map_or(0.0, |measure| measure.value);
        Measure { place: place.clone(), value: -before }.put().await;
        Ok(before)
    }
}

/// What a decided transaction changes was compared by the order of sets and lists, and by the spelling of numbers: an
/// attempt that was to carry the decision out took itself for another program. Rows stayed locked.
#[tokio::test(start_paused = true)]
async fn a_decision_is_carried_out_whatever_the_order_of_a_set() {
    // The record that announces the lock, the lock, and the record with the decision.
    let plan = CrashAt { function: "labels", attempts: 1..=1, number: 3, when: When::After };
    let host = host(settings(), Some(plan)).await;
    drop(host.client().call(labels("t".into())).idempotency_key("k").await);
    assert_eq!(beldi::testing::locked_rows(&host).await.expect("an answer").len(), 1, "it is decided");
    host.client().call(labels("t".into())).idempotency_key("k").await.expect("the same program").expect("committed");
    assert_eq!(beldi::testing::locked_rows(&host).await.expect("an answer"), Vec::<String>::new());
}

/// The same with a number, which the store gives back in another spelling than the program writes it.
#[tokio::test(start_paused = true)]
async fn a_decision_is_carried_out_whatever_the_spelling_of_a_number() {
    // The lock of a row that is not there takes two requests.
    let plan = CrashAt { function: "negates", attempts: 1..=1, number: 4, when: When::After };
    let host = host(settings(), Some(plan)).await;
    drop(host.client().call(negates("here".into())).idempotency_key("k").await);
    assert_eq!(beldi::testing::locked_rows(&host).await.expect("an answer").len(), 1, "it is decided");
    let negated = host.client().call(negates("here".into())).idempotency_key("k").await.expect("the same program");
    assert_eq!(negated, Ok(0.0));
}

#[beldi::function(service = Shop)]
async fn stores(article: String) {
    Stock { article, free: 7 }.put().await;
}

#[beldi::function(service = Shop)]
async fn removes(article: String) {
    Stock::delete(&article).await;
}

#[beldi::function(service = Shop)]
async fn looks(article: String) -> Option<Stock> {
    Stock::get(&article).await
}

/// Each way to ask for a row by an attribute of its key.
#[derive(Serialize, Deserialize, Clone, Copy, Debug)]
enum Asks {
    IfSet,
    IfEqual,
    IfAtLeast,
    UnlessUnset,
}

fn condition(article: &str, asks: Asks) -> beldi::Condition<Stock> {
    match asks {
        Asks::IfSet => Stock::ARTICLE.is_set(),
        Asks::IfEqual => Stock::ARTICLE.eq(article),
        Asks::IfAtLeast => Stock::ARTICLE.ge("a").or(Stock::FREE.ge(1_u32)),
        Asks::UnlessUnset => !Stock::ARTICLE.is_unset(),
    }
}

#[beldi::function(service = Shop)]
async fn sets_if_there(article: String, asks: Asks) -> bool {
    let written = Stock::update(&article).set(Stock::FREE, 1_u32).when(condition(&article, asks)).await;
    written.is_ok()
}

#[beldi::function(service = Shop)]
async fn creates_if_absent(article: String) -> bool {
    let created = Stock { article, free: 1 }.put().when(Stock::ARTICLE.is_unset()).await;
    created.is_ok()
}

async fn none_is_there(client: &Client, article: &str) {
    for asks in [Asks::IfSet, Asks::IfEqual, Asks::IfAtLeast, Asks::UnlessUnset] {
        let written = client.call(sets_if_there(article.into(), asks)).await.expect("an answer");
        assert!(!written, "{asks:?}: the row that is gone was written");
    }
    assert_eq!(client.call(looks(article.into())).await.expect("an answer"), None);
}

/// A condition on an attribute of the key found it in the tombstone: rows that were deleted came back, and others could
/// not be created.
#[tokio::test(start_paused = true)]
async fn a_condition_does_not_see_what_is_gone() {
    let host = host(settings(), None).await;
    let client = host.client();
    client.call(stores("tea".into())).await.expect("a row");
    for asks in [Asks::IfSet, Asks::IfEqual, Asks::IfAtLeast, Asks::UnlessUnset] {
        assert!(client.call(sets_if_there("tea".into(), asks)).await.expect("an answer"), "{asks:?}");
    }
    assert!(!client.call(creates_if_absent("tea".into())).await.expect("an answer"));
    client.call(removes("tea".into())).await.expect("a tombstone");
    none_is_there(&client, "tea").await;
    assert!(client.call(creates_if_absent("tea".into())).await.expect("an answer"));
    // A row that was never there is a tombstone after the first question.
    none_is_there(&client, "mate").await;
    assert!(client.call(creates_if_absent("mate".into())).await.expect("an answer"));
}

/// Another type of the same table.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
struct Sold {
    #[beldi(partition_key)]
    article: String,
    #[serde(default)]
    sold: u32,
}

#[beldi::function(service = Shop)]
async fn sells(article: String) {
    Sold::update(&article).add(Sold::SOLD, 1).await;
}

#[beldi::function(service = Shop)]
async fn sells_in_a_transaction(article: String) -> Result<u32, Refused> {
    beldi::txn! {
        Sold::update(&article).add(Sold::SOLD, 1).await;
        Ok(Sold::get(&article).await.map_or(0, |row| row.sold))
    }
}

#[beldi::function(service = Shop)]
async fn sold(article: String) -> Option<u32> {
    Sold::get(&article).await.map(|row| row.sold)
}

/// What one type had deleted left the attributes of another type behind. A plain write went on from them, and a transaction
/// saw none, but they were there once it had committed.
#[tokio::test(start_paused = true)]
async fn a_row_that_is_gone_is_gone_for_each_type_of_its_table() {
    let host = host(Settings { log_entries: 2, ..settings() }, None).await;
    let client = host.client();
    for article in ["tea", "mate"] {
        client.call(stores(article.into())).await.expect("a row");
        client.call(sells(article.into())).await.expect("a row of both");
        client.call(sells(article.into())).await.expect("a row of both");
        client.call(removes(article.into())).await.expect("a tombstone");
        assert_eq!(client.call(sold(article.into())).await.expect("an answer"), None);
    }
    client.call(sells("tea".into())).await.expect("a row");
    assert_eq!(client.call(sold("tea".into())).await.expect("an answer"), Some(1));
    let seen = client.call(sells_in_a_transaction("mate".into())).await.expect("an answer");
    assert_eq!((seen, client.call(sold("mate".into())).await.expect("an answer")), (Ok(1), Some(1)));
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "bikes")]
#[beldi(index(name = "by_rider", partition_key = rider))]
struct Bike {
    #[beldi(partition_key)]
    number: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    rider: String,
}

#[beldi::function(service = Shop)]
async fn parks(number: u32, rider: String) -> Option<Bike> {
    Bike { number, rider }.put().await;
    Bike::get(number).await
}

#[beldi::function(service = Shop)]
async fn ridden_by(rider: String) -> usize {
    Bike::query_index(Bike::BY_RIDER, &rider).await.items.len()
}

/// The book told of a way to leave the key of an index out that the compiler refuses.
#[tokio::test(start_paused = true)]
async fn a_row_without_the_key_of_an_index_is_not_in_it() {
    let host = host(settings(), None).await;
    let client = host.client();
    for rider in ["ann", "", "ann"] {
        let bike = client.call(parks(1, rider.into())).await.expect("an answer");
        assert_eq!(bike.map(|bike| bike.rider), Some(rider.to_owned()));
        let ridden = client.call(ridden_by("ann".into())).await.expect("an answer");
        assert_eq!(ridden, usize::from(!rider.is_empty()), "{rider}");
    }
}
