//! Every operation on rows, ids, time and external actions, undisturbed: what a handler gets, and what the next one
//! finds.

mod common;

use std::time::{Duration, SystemTime};

use beldi::prelude::*;
use beldi::{Client, ExternalError, PageToken, RetryPolicy, Settings};
use common::host;

beldi::service!(Shop = "shop");

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
#[beldi(index(name = "by_buyer", partition_key = buyer, sort_key = day))]
struct Sale {
    #[beldi(partition_key)]
    article: String,
    #[beldi(sort_key)]
    day: u32,
    buyer: String,
}

/// A plain `f64` is refused as a key; a newtype of one is the application's own choice.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
struct Degrees(f64);

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "temperatures")]
struct Temperature {
    #[beldi(partition_key)]
    room: String,
    #[beldi(sort_key)]
    degrees: Degrees,
    seen: u32,
}

fn stock(article: &str, free: u32) -> Stock {
    Stock { article: article.into(), free, tags: Vec::new(), note: None }
}

#[beldi::function(service = Shop)]
async fn put(stock: Stock) {
    stock.put().await;
}

#[beldi::function(service = Shop, read_only)]
async fn get(article: String) -> Option<Stock> {
    Stock::get(&article).await
}

#[beldi::function(service = Shop)]
async fn delete(article: String) {
    Stock::delete(&article).await;
}

#[beldi::function(service = Shop)]
async fn change(article: String) {
    Stock::update(&article)
        .add(Stock::FREE, 2)
        .append(Stock::TAGS, ["b".to_owned(), "c".to_owned()])
        .set(Stock::NOTE, "changed".to_owned())
        .await;
    Stock::update(&article).set_if_not_exists(Stock::NOTE, "too late".to_owned()).add(Stock::FREE, -1).await;
}

#[beldi::function(service = Shop)]
async fn remove_note(article: String) {
    Stock::update(&article).remove(Stock::NOTE).await;
}

#[beldi::function(service = Shop)]
async fn take(article: String, count: u32) -> Result<(), Option<Stock>> {
    let enough = Stock::FREE.ge(count).and(!Stock::NOTE.eq("reserved".to_owned()));
    let take = Stock::update(&article).add(Stock::FREE, -i64::from(count)).when(enough);
    take.await.map_err(|conflict| conflict.current)
}

#[beldi::function(service = Shop)]
async fn create(stock: Stock) -> Result<(), Option<Stock>> {
    stock.put().when(Stock::absent()).await.map_err(|conflict| conflict.current)
}

#[beldi::function(service = Shop)]
async fn delete_if(article: String, low: u32, high: u32) -> bool {
    Stock::delete(&article).when(Stock::exists().and(Stock::FREE.between(low, high))).await.is_ok()
}

#[beldi::function(service = Shop)]
async fn sell(article: String, days: Vec<u32>, buyer: String) {
    for day in days {
        Sale { article: article.clone(), day, buyer: buyer.clone() }.put().await;
    }
}

#[beldi::function(service = Shop)]
async fn unsell(article: String, day: u32) {
    Sale::delete((&article, day)).await;
}

/// Writes one row by both of its names, and gives what is found by each, and by both in one request.
#[beldi::function(service = Shop)]
async fn freeze(room: String) -> Vec<Option<u32>> {
    let (zero, minus_zero) = (Degrees(0.0), Degrees(-0.0));
    Temperature { room: room.clone(), degrees: minus_zero, seen: 1 }.put().await;
    Temperature::update((&room, zero)).add(Temperature::SEEN, 1).await;
    Temperature::update((&room, minus_zero)).add(Temperature::SEEN, 1).await;
    let by_zero = Temperature::get((&room, zero)).await;
    let by_minus_zero = Temperature::get((&room, minus_zero)).await;
    let at_most = Temperature::query(&room).at_most(minus_zero).await.items.pop();
    let both = Temperature::batch_get([(&room, zero), (&room, minus_zero)]).await;
    let found = [by_zero, by_minus_zero, at_most].into_iter().chain(both);
    found.map(|found| found.map(|temperature| temperature.seen)).collect()
}

/// The days of the sales that each form of a query finds.
#[beldi::function(service = Shop, read_only)]
async fn queries(article: String) -> Vec<Vec<u32>> {
    let found = |page: beldi::ResultPage<Sale>| page.into_iter().map(|sale| sale.day).collect::<Vec<_>>();
    vec![
        found(Sale::query(&article).await),
        found(Sale::query(&article).descending().await),
        found(Sale::query(&article).equal_to(3).await),
        found(Sale::query(&article).less_than(3).await),
        found(Sale::query(&article).at_most(3).await),
        found(Sale::query(&article).greater_than(3).await),
        found(Sale::query(&article).at_least(3).await),
        found(Sale::query(&article).between(2, 4).await),
        found(Sale::query(&article).between(4, 2).await),
        found(Sale::query("nothing").await),
    ]
}

#[beldi::function(service = Shop, read_only)]
async fn page(article: String, next: Option<PageToken>) -> (Vec<u32>, Option<PageToken>) {
    let page = Sale::query(&article).limit(2).page(next).await;
    (page.items.iter().map(|sale| sale.day).collect(), page.next)
}

#[beldi::function(service = Shop, read_only)]
async fn bought_by(buyer: String) -> Vec<(String, u32)> {
    let sales = Sale::query_index(Sale::BY_BUYER, &buyer).descending().await;
    sales.into_iter().map(|sale| (sale.article, sale.day)).collect()
}

#[beldi::function(service = Shop, read_only)]
async fn count_all() -> usize {
    let mut count = 0;
    let mut next = None;
    loop {
        let page = Sale::scan().limit(3).page(next).await;
        count += page.items.len();
        match page.next {
            Some(token) => next = Some(token),
            None => return count,
        }
    }
}

#[beldi::function(service = Shop, read_only)]
async fn batch(articles: Vec<String>) -> Vec<Option<u32>> {
    Stock::batch_get(&articles).await.into_iter().map(|stock| stock.map(|stock| stock.free)).collect()
}

#[beldi::function(service = Shop)]
async fn ambient() -> (Vec<uuid::Uuid>, Vec<u64>, SystemTime) {
    let ids = vec![beldi::uuid().await, beldi::uuid().await];
    let numbers = vec![beldi::random().await, beldi::random().await, beldi::random_below(3).await];
    (ids, numbers, beldi::now().await)
}

#[beldi::function(service = Shop)]
async fn outside(failures: u32) -> Result<(String, u32), ExternalError<String>> {
    let mut tries = 0;
    let action = beldi::external("action", move |key| {
        tries += 1;
        let answer = if tries > failures { Ok((key, tries)) } else { Err(format!("try {tries}")) };
        async move { answer }
    });
    action.retry(RetryPolicy::tries(3)).await
}

#[beldi::function(service = Shop)]
async fn outside_for_ever() -> Result<(), ExternalError<String>> {
    let action = beldi::external("action", |_| std::future::pending::<Result<(), String>>());
    action.time_limit(Duration::from_secs(1)).retry(RetryPolicy::tries(2)).await
}

async fn client() -> Client {
    host(Settings::default(), None).await.client()
}

/// The result of a call that must have one.
macro_rules! result {
    ($client:ident, $call:expr) => {
        $client.call($call).await.expect("a result")
    };
}

#[tokio::test(start_paused = true)]
async fn put_get_and_delete() {
    let client = client().await;
    assert_eq!(result!(client, get("tea".into())), None);
    let tea = Stock { note: Some("green".into()), tags: vec!["a".into()], ..stock("tea", 3) };
    result!(client, put(tea.clone()));
    assert_eq!(result!(client, get("tea".into())), Some(tea));
    result!(client, delete("tea".into()));
    assert_eq!(result!(client, get("tea".into())), None);
    result!(client, delete("tea".into()));
    result!(client, put(stock("tea", 4)));
    assert_eq!(result!(client, get("tea".into())), Some(stock("tea", 4)), "nothing of the deleted row is left");
}

#[tokio::test(start_paused = true)]
async fn updates_change_attributes_in_place() {
    let client = client().await;
    result!(client, put(Stock { tags: vec!["a".into()], ..stock("tea", 3) }));
    result!(client, change("tea".into()));
    let changed =
        Stock { tags: vec!["a".into(), "b".into(), "c".into()], note: Some("changed".into()), ..stock("tea", 4) };
    assert_eq!(result!(client, get("tea".into())), Some(changed.clone()));
    result!(client, remove_note("tea".into()));
    assert_eq!(result!(client, get("tea".into())), Some(Stock { note: None, ..changed }));
    result!(client, change("coffee".into()));
    let created = Stock { tags: vec!["b".into(), "c".into()], note: Some("changed".into()), ..stock("coffee", 1) };
    assert_eq!(result!(client, get("coffee".into())), Some(created), "a row that does not exist is created");
}

#[tokio::test(start_paused = true)]
async fn conditions_give_the_current_item_where_they_do_not_hold() {
    let client = client().await;
    assert_eq!(result!(client, take("tea".into(), 1)), Err(None), "there is no row");
    assert_eq!(result!(client, get("tea".into())), None, "and there is none afterwards");
    assert_eq!(result!(client, create(stock("tea", 3))), Ok(()));
    assert_eq!(result!(client, create(stock("tea", 9))), Err(Some(stock("tea", 3))));
    assert_eq!(result!(client, take("tea".into(), 2)), Ok(()));
    assert_eq!(result!(client, take("tea".into(), 2)), Err(Some(stock("tea", 1))));
    let reserved = Stock { note: Some("reserved".into()), ..stock("tea", 1) };
    result!(client, put(reserved.clone()));
    assert_eq!(result!(client, take("tea".into(), 1)), Err(Some(reserved)));
    assert!(!result!(client, delete_if("tea".into(), 2, 3)));
    assert!(!result!(client, delete_if("tea".into(), 3, 0)), "there is nothing between");
    assert!(result!(client, delete_if("tea".into(), 1, 2)));
    assert!(!result!(client, delete_if("tea".into(), 1, 2)), "it is gone");
    assert_eq!(result!(client, create(stock("tea", 5))), Ok(()), "a deleted row is absent");
}

#[tokio::test(start_paused = true)]
async fn queries_find_ranges_in_order() {
    let client = client().await;
    result!(client, sell("tea".into(), vec![5, 3, 1, 2, 4, 6], "ann".into()));
    result!(client, unsell("tea".into(), 6));
    let expected: Vec<Vec<u32>> = vec![
        vec![1, 2, 3, 4, 5],
        vec![5, 4, 3, 2, 1],
        vec![3],
        vec![1, 2],
        vec![1, 2, 3],
        vec![4, 5],
        vec![3, 4, 5],
        vec![2, 3, 4],
        vec![],
        vec![],
    ];
    assert_eq!(result!(client, queries("tea".into())), expected);
}

#[tokio::test(start_paused = true)]
async fn pages_go_on_where_the_one_before_ended_and_skip_tombstones() {
    let client = client().await;
    result!(client, sell("tea".into(), vec![1, 2, 3, 4, 5], "ann".into()));
    result!(client, unsell("tea".into(), 2));
    let (days, next) = result!(client, page("tea".into(), None));
    assert_eq!(days, [1, 3], "a page is full although a tombstone is in it");
    let (days, next) = result!(client, page("tea".into(), next));
    assert_eq!(days, [4, 5]);
    let last = match next {
        Some(next) => result!(client, page("tea".into(), Some(next))),
        None => (Vec::new(), None),
    };
    assert_eq!(last, (Vec::new(), None));
    assert_eq!(result!(client, count_all()), 4);
}

#[tokio::test(start_paused = true)]
async fn an_index_is_queried_by_its_own_key() {
    let client = client().await;
    result!(client, sell("tea".into(), vec![1, 3], "ann".into()));
    result!(client, sell("coffee".into(), vec![2], "ann".into()));
    result!(client, sell("coffee".into(), vec![4], "bob".into()));
    let expected = [("tea".to_owned(), 3), ("coffee".to_owned(), 2), ("tea".to_owned(), 1)];
    assert_eq!(result!(client, bought_by("ann".into())), expected);
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_a_place_for_each_key() {
    let client = client().await;
    for number in 0..120 {
        result!(client, put(stock(&format!("article {number}"), number)));
    }
    let articles: Vec<_> =
        (0..130).rev().map(|number| format!("article {number}")).chain(["article 7".into()]).collect();
    let expected: Vec<_> = (0..130).rev().map(|number| (number < 120).then_some(number)).chain([Some(7)]).collect();
    assert_eq!(result!(client, batch(articles)), expected);
    assert_eq!(result!(client, batch(Vec::new())), []);
}

#[tokio::test(start_paused = true)]
async fn ids_and_random_numbers_belong_to_the_instance_and_the_step() {
    let client = client().await;
    let (ids, numbers, _) = result!(client, ambient());
    assert!(ids[0] != ids[1] && numbers[0] != numbers[1] && numbers[2] < 3);
    let (other_ids, other_numbers, _) = result!(client, ambient());
    assert!(!other_ids.contains(&ids[0]) && !other_numbers[..2].contains(&numbers[0]));
    let first = client.call(ambient()).idempotency_key("same").await.expect("a result");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let second = client.call(ambient()).idempotency_key("same").await.expect("a result");
    assert_eq!(first, second, "the time too is that of the first attempt");
}

#[tokio::test(start_paused = true)]
async fn external_actions_are_retried_and_keep_their_key() {
    let client = client().await;
    let (key, tries) = result!(client, outside(2)).expect("the third try");
    assert_eq!((key.len(), tries), (36, 3));
    assert_eq!(result!(client, outside(3)), Err(ExternalError::Failed("try 3".to_owned())));
    let start = tokio::time::Instant::now();
    assert_eq!(result!(client, outside_for_ever()), Err(ExternalError::TimedOut));
    assert_eq!(start.elapsed().as_secs(), 2, "two tries of a second each");
}

/// Rows and their segments are named by their keys: with logs of one entry a row with two names would be written
/// again by whoever looks under the other name.
#[tokio::test(start_paused = true)]
async fn zero_and_minus_zero_are_one_key() {
    let host = host(Settings { log_entries: 1, ..Settings::default() }, None).await;
    let found = host.client().call(freeze("attic".into())).await.expect("a result");
    assert_eq!(found, vec![Some(3); 5]);
}
