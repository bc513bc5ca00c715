//! Counting, delays, faults and retries, over the embedded store and in virtual time.

use std::sync::Arc;
use std::time::Duration;

use beldi::store::{
    AttributeValue, Counting, Delayed, EmbeddedStore, Fault, Faulty, GetItem, KeyAttribute, Request, Retry,
    RetryBudget, ScalarType, SharedStore, StoreError, TableSchema,
};
use tokio::time::Instant;

use crate::bench::{assert_error, attributes, failed_condition, n, s, update};

async fn store() -> SharedStore {
    let store: SharedStore = Arc::new(EmbeddedStore::in_memory().expect("SQLite starts"));
    let schema = TableSchema::new("rows", KeyAttribute::new("id", ScalarType::String), None);
    store.create_table(schema).await.expect("a new table");
    store
}

fn read(id: &str) -> GetItem {
    GetItem { table: "rows".to_owned(), key: attributes([("id", s(id))]), consistent: true }
}

fn throttled() -> StoreError {
    StoreError::Throttled { message: "a test".to_owned() }
}

fn lost() -> StoreError {
    StoreError::Transient { message: "a test".to_owned() }
}

/// A store over `store` that counts, and one over that whose every request fails with `error`.
fn failing(store: SharedStore, error: fn() -> StoreError) -> (Arc<Counting>, SharedStore) {
    let faulty: SharedStore = Arc::new(Faulty::new(store, move |_: &Request, _: u64| Fault::Before(error())));
    let counting = Arc::new(Counting::new(faulty));
    (Arc::clone(&counting), counting)
}

#[tokio::test]
async fn requests_are_counted_by_table_and_operation() {
    let counting = Arc::new(Counting::new(store().await));
    let store: SharedStore = counting.clone();
    for _ in 0..2 {
        store.get(read("a")).await.expect("a read");
    }
    let guarded = update("rows", read("a").key, "SET {x} = {:0}", Some("attribute_exists({id})"), [n(1)]);
    failed_condition(store.update(guarded)).await;
    store.describe_table("other").await.expect("an answer");

    let counts = counting.counts();
    assert_eq!((counts.total(), counting.total()), (4, 4));
    assert_eq!((counts.operation("GetItem"), counts.table("rows"), counts.of("rows", "UpdateItem")), (2, 3, 1));
    assert_eq!(counts.of("rows", "DescribeTable"), 0);
    assert_eq!(
        counts.to_string(),
        "       1  DescribeTable       other
       2  GetItem             rows
       1  UpdateItem          rows
       4  requests"
    );
    assert_eq!(counting.reset(), counts);
    assert_eq!(counting.total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fixed_delay_measures_what_a_caller_waits_for() {
    let ms = Duration::from_millis;
    let store: SharedStore = Arc::new(Delayed::fixed(store().await, ms(4), ms(6)));
    let start = Instant::now();
    store.get(read("a")).await.expect("a read");
    let (one, two) = tokio::join!(store.get(read("b")), store.get(read("c")));
    one.and(two).expect("two reads");
    assert_eq!(start.elapsed(), ms(20), "three requests, two of them in parallel");
}

#[tokio::test(start_paused = true)]
async fn random_delays_reorder_requests_as_the_seed_says() {
    async fn order(seed: u64) -> Vec<u32> {
        let most = Duration::from_millis(50);
        let store: SharedStore = Arc::new(Delayed::random(store().await, seed, most));
        let requests = (0..8).map(|number: u32| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let append = update(
                    "rows",
                    read("a").key,
                    "SET {order} = list_append(if_not_exists({order}, {:0}), {:1})",
                    None,
                    [AttributeValue::L(Vec::new()), AttributeValue::L(vec![n(number)])],
                );
                store.update(append).await.map(drop)
            })
        });
        for request in requests.collect::<Vec<_>>() {
            request.await.expect("no panic").expect("an update");
        }
        let row = store.get(read("a")).await.expect("a read").expect("the row");
        let Some(AttributeValue::L(order)) = row.get("order") else { panic!("a list, got {row:?}") };
        order.iter().map(|number| (0..8).find(|wanted| *number == n(*wanted)).expect("a number")).collect()
    }
    assert_eq!(order(1).await, order(1).await);
    assert_ne!(order(1).await, order(2).await);
    assert_ne!(order(1).await, (0..8).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_fault_comes_before_or_after_the_change() {
    let plan = |_: &Request, number: u64| match number {
        0 => Fault::Before(throttled()),
        1 => Fault::After(lost()),
        _ => Fault::None,
    };
    let store: SharedStore = Arc::new(Faulty::new(store().await, plan));
    let add = || update("rows", read("a").key, "ADD {x} {:0}", None, [n(1)]);
    let x = |row: Option<_>| row.map(|row: beldi::store::Attributes| row["x"].clone());
    assert_error!(store.update(add()), StoreError::Throttled { .. });
    assert_error!(store.update(add()), StoreError::Transient { .. });
    assert_eq!(x(store.get(read("a")).await.expect("a read")), Some(n(1)), "the second one took place");
}

#[tokio::test(start_paused = true)]
async fn throttles_and_lost_connections_are_retried() {
    let below = store().await;
    let faulty: SharedStore = Arc::new(Faulty::throttling(below, 3, 0.3));
    let faulty: SharedStore = Arc::new(Faulty::disconnecting(faulty, 4, 0.3));
    let store: SharedStore = Arc::new(Retry::new(faulty).with_seed(5).with_tries(30));
    for _ in 0..100 {
        store.get(read("a")).await.expect("some try succeeds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_write_finds_its_own_entry() {
    let faulty = Faulty::new(store().await, |_: &Request, number: u64| match number {
        0 => Fault::After(lost()),
        _ => Fault::None,
    });
    let store: SharedStore = Arc::new(Retry::new(Arc::new(faulty)));
    let entry = AttributeValue::B(vec![7]);
    let write = update(
        "rows",
        read("a").key,
        "SET {x} = {:0} ADD {log} {:1}",
        Some("NOT contains({log}, {:2})"),
        [n(1), AttributeValue::Bs(vec![vec![7]]), entry],
    );
    let row = failed_condition(store.update(write)).await.expect("the row");
    assert_eq!(row.get("log"), Some(&AttributeValue::Bs(vec![vec![7]])), "the first try took place");
}

#[tokio::test(start_paused = true)]
async fn tries_are_bounded_and_pauses_grow_as_the_seed_says() {
    async fn elapsed(seed: u64) -> Duration {
        let (counting, faulty) = failing(store().await, throttled);
        let store: SharedStore = Arc::new(Retry::new(faulty).with_seed(seed));
        let start = Instant::now();
        assert_error!(store.get(read("a")), StoreError::Throttled { .. });
        assert_eq!(counting.total(), 8);
        start.elapsed()
    }
    let pauses = elapsed(1).await;
    // 25 ms, 50, 100, 200, 400, 800 and a second, as a whole, and a millisecond of the timer for each.
    assert!(pauses > Duration::ZERO && pauses < Duration::from_millis(2575 + 7), "{pauses:?}");
    assert_eq!(elapsed(1).await, pauses);
    assert_ne!(elapsed(2).await, pauses);
}

#[tokio::test(start_paused = true)]
async fn what_no_retry_can_mend_comes_back_at_once() {
    let denied = || StoreError::Denied { message: "a test".to_owned() };
    for error in [denied, || StoreError::ConditionFailed { item: None }] {
        let (counting, faulty) = failing(store().await, error);
        let store: SharedStore = Arc::new(Retry::new(faulty));
        store.get(read("a")).await.expect_err("every request fails");
        assert_eq!(counting.total(), 1, "{}", error());
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_not_amplified() {
    let below = store().await;
    let (counting, faulty) = failing(Arc::clone(&below), lost);
    let budget = Arc::new(RetryBudget::new(100));
    let store: SharedStore = Arc::new(Retry::new(faulty).with_budget(Arc::clone(&budget)));
    for _ in 0..1000 {
        store.get(read("a")).await.expect_err("an outage");
    }
    assert_eq!(counting.total(), 1000 + 100 / 5, "the budget is spent and each request is sent once");
    assert_eq!(budget.tokens(), 0);

    // The same budget over a store that works: success fills it again, up to the brim.
    let store: SharedStore = Arc::new(Retry::new(below).with_budget(Arc::clone(&budget)));
    for round in 1..=200 {
        store.get(read("a")).await.expect("the outage is over");
        assert_eq!(budget.tokens(), round.min(100));
    }
}
