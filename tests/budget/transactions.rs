//! Transactions: what they need besides the work itself.

use beldi::prelude::*;

use super::services::frontend::{self, Trip};
use super::services::{flight, hotel};
use super::{Measured, Shop, Stock, blind_write, deposit, row};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Refused;

/// Takes one of each article.
#[beldi::function(service = Shop)]
async fn take(articles: Vec<String>) -> Result<i64, Refused> {
    beldi::txn! {
        let mut left = 0;
        for article in &articles {
            left += take_one(article).await?;
        }
        Ok(left)
    }
}

#[beldi::helper(service = Shop)]
async fn take_one(article: &str) -> Result<i64, Refused> {
    let mut stock = Stock::get(article).await.ok_or(Refused)?;
    stock.free -= 1;
    stock.put().await;
    Ok(stock.free)
}

#[beldi::function(service = Shop)]
async fn take_there(article: String) -> Result<i64, Refused> {
    take_one(&article).await
}

beldi::service!(Market = "market");

/// One row in each of two other services.
#[beldi::function(service = Market)]
async fn buy(article: String, owner: String) -> Result<i64, Refused> {
    beldi::txn! {
        let (left, ()) = beldi::join!(take_there(article.clone()), deposit(owner.clone()));
        left
    }
}

#[tokio::test(start_paused = true)]
async fn the_request_budget_of_transactions_holds() {
    let measured = Measured::start().await;
    let client = &measured.client;
    for article in ["a", "b", "c"] {
        client.call(blind_write(article.into())).await.expect("a result");
    }
    client.call(deposit("ann".into())).await.expect("a result");
    measured.host.settle().await.expect("the store answers");
    for rows in [1, 3] {
        let articles = ["a", "b", "c"].map(str::to_owned)[..rows].to_vec();
        let cost = measured.cost(async { client.call(take(articles)).await.expect("a result") }).await;
        let rows = rows as u64;
        let work = format!("transaction over {rows} rows of one service (own function)");
        row(&work, 2 * rows, cost, (rows + 3, 2 * rows + 3));
    }
    let cost = measured.cost(async { client.call(buy("a".into(), "ann".into())).await.expect("a result") }).await;
    row("the same across two services in parallel, one row each", 4, cost, (7, 15));
}

#[tokio::test(start_paused = true)]
async fn the_request_budget_of_a_reservation_holds() {
    let measured = Measured::start().await;
    let client = &measured.client;
    let (hotel, flight) = ("Quiet Harbour".to_owned(), "BD 1".to_owned());
    client.call(hotel::open(hotel.clone(), 1, 1, 2)).await.expect("an answer");
    client.call(flight::open(flight.clone(), 1, 1, 2)).await.expect("an answer");
    measured.host.settle().await.expect("the store answers");
    let trip = Trip { guest: "ann".into(), hotel, flight, day: 1, reference: "first".into() };
    let reserve = async {
        client.call(frontend::reserve(trip)).await.expect("an answer").expect("a room and a seat");
    };
    row("travel: reserve with its detached order", 5, measured.cost(reserve).await, (8, 18));
}
