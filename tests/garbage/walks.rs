//! What a walk leaves that looks for what the attempts of a transaction hold.

use beldi::InstanceId;
use beldi::host::LocalHost;
use beldi::prelude::*;

use crate::world::*;

/// Takes the last piece, and looks at a row that is not there.
#[beldi::function(service = Shop)]
async fn take_last(article: String) -> Result<bool, Refused> {
    beldi::txn! {
        let stock = Stock::get(&article).await.ok_or(Refused)?;
        if stock.free == 0 {
            return Ok(false);
        }
        Stock::get("note").await;
        Stock::update("sold").add(Stock::FREE, 1).await;
        Stock::update(&article).add(Stock::FREE, -1).await;
        Ok(true)
    }
}

#[beldi::function(service = Shop)]
async fn sell_all(article: String) {
    Stock { article, free: 0 }.put().await;
}

#[beldi::function(service = Bank)]
async fn look_up() -> i64 {
    let first = Account::get("first").await.map_or(0, |account| account.balance);
    Account::get("absent").await;
    Account::get("last").await.map_or(first, |account| account.balance + first)
}

#[beldi::function(service = Shop)]
async fn look_up_if_there_is(article: String) -> Result<i64, Refused> {
    beldi::txn! {
        let stock = Stock::get(&article).await.ok_or(Refused)?;
        Ok(if stock.free > 0 { look_up().await } else { 0 })
    }
}

async fn tombstones(host: &LocalHost, table: &str) -> usize {
    items(host, table).await.iter().filter(|row| row.contains_key("_beldi_deleted")).count()
}

/// The walk of an operator's rollback has no record. The next one ended at the row that the first one had released last,
/// and the instance went another way then: nobody knew any more that the row behind it was a tombstone.
#[tokio::test(start_paused = true)]
async fn a_tombstone_behind_a_row_that_was_released_is_remembered() {
    let plan = Plan::new(|point| before(point, take_last::NAME, "PutItem shop-journal"), 2, Then::Crash);
    let host = start(beldi::testing::fresh_store().await.expect("a store"), settings(), Some(plan.clone())).await;
    let client = host.client();
    call(&client, add("tea".into())).await;
    assert_eq!(try_call(&client, "k", take_last("tea".into())).await, None);
    assert!(plan.has_struck());
    let coordinator = InstanceId::from_idempotency_key("shop", take_last::NAME, "k");
    assert!(client.roll_back("shop", coordinator).await.expect("an answer"));
    call(&client, sell_all("tea".into())).await;
    assert_eq!(try_call(&client, "k", take_last("tea".into())).await, Some(Ok(false)));
    assert_eq!(tombstones(&host, "stock").await, 2, "the note, and what was sold");
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// The same with a participant that dies when it has released everything, before it is marked as done.
#[tokio::test(start_paused = true)]
async fn a_tombstone_of_a_participant_that_dies_before_its_mark_is_remembered() {
    let store = beldi::testing::fresh_store().await.expect("a store");
    let prepares = Plan::new(|point| before(point, look_up::NAME, "PutItem bank-journal"), 2, Then::Crash);
    let host = start(store.clone(), settings(), Some(prepares.clone())).await;
    call(&host.client(), add("tea".into())).await;
    call(&host.client(), deposit("first".into())).await;
    assert_eq!(try_call(&host.client(), "k", look_up_if_there_is("tea".into())).await, None);
    let marks = Plan::new(|point| before(point, look_up::NAME, "UpdateItem bank-journal"), 1, Then::Crash);
    let host = start(store, settings(), Some(marks.clone())).await;
    let coordinator = InstanceId::from_idempotency_key("shop", look_up_if_there_is::NAME, "k");
    host.client().roll_back("shop", coordinator).await.expect_err("the participant dies");
    assert!(prepares.has_struck() && marks.has_struck());
    assert!(host.client().roll_back("shop", coordinator).await.expect("an answer"));
    assert_eq!(tombstones(&host, "accounts").await, 2, "those that are not there");
    call(&host.client(), sell_all("tea".into())).await;
    assert_eq!(try_call(&host.client(), "k", look_up_if_there_is("tea".into())).await, Some(Ok(0)));
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// An attempt dies before it takes a row that is not there. The walk that keeps it from doing so leaves an entry.
#[tokio::test(start_paused = true)]
async fn a_row_that_is_fenced_and_not_there_is_a_tombstone() {
    let plan = Plan::new(|point| before(point, look::NAME, "UpdateItem stock"), 1, Then::Crash);
    let host = start(beldi::testing::fresh_store().await.expect("a store"), settings(), Some(plan.clone())).await;
    let absent = || look(vec!["absent".into()], false);
    assert_eq!(try_call(&host.client(), "k", absent()).await, None);
    assert!(plan.has_struck());
    let coordinator = InstanceId::from_idempotency_key("shop", look::NAME, "k");
    assert!(host.client().roll_back("shop", coordinator).await.expect("an answer"));
    assert_eq!((tombstones(&host, "stock").await, items(&host, "stock").await.len()), (1, 1));
    assert_eq!(try_call(&host.client(), "k", absent()).await, Some(Ok(0)));
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}
