//! The store of the simulation answers as the embedded engine does, to all requests of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use beldi::store::{AttributeValue, Attributes, EmbeddedStore, Request, Response, Store, StoreError};

use crate::plan;
use crate::world::memory::MemoryStore;
use crate::world::{Plan, run};

/// An answer without what the two need not agree on: the order of items, where a page ends, and words.
#[derive(Debug, PartialEq)]
enum Answer {
    Items(Vec<BTreeMap<String, String>>),
    Done,
    ConditionFailed(Option<BTreeMap<String, String>>),
    Cancelled(usize),
    Other(String),
}

fn of_item(item: Attributes) -> BTreeMap<String, String> {
    item.into_iter().map(|(name, value)| (name, of_value(value))).collect()
}

/// A value in one of the forms that are equal: sets and maps have no order.
fn of_value(value: AttributeValue) -> String {
    match value {
        AttributeValue::Bs(mut set) => {
            set.sort_unstable();
            format!("{set:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.into_iter().map(of_value).collect::<Vec<_>>()),
        AttributeValue::M(map) => format!("{:?}", of_item(map)),
        value => format!("{value:?}"),
    }
}

fn of(answer: Result<Response, StoreError>) -> Answer {
    let sorted = |items: Vec<Attributes>| {
        let mut items: Vec<_> = items.into_iter().map(of_item).collect();
        items.sort_unstable();
        Answer::Items(items)
    };
    match answer {
        Ok(Response::Item(item)) => sorted(item.into_iter().collect()),
        Ok(Response::Page(page)) => sorted(page.items),
        Ok(Response::Batch { items, .. }) => sorted(items),
        Ok(Response::Table(_) | Response::Done) => Answer::Done,
        Err(StoreError::ConditionFailed { item }) => Answer::ConditionFailed(item.map(of_item)),
        Err(StoreError::TransactionCancelled { reasons }) => Answer::Cancelled(reasons.iter().flatten().count()),
        Err(error) => Answer::Other(error.to_string()),
    }
}

/// Which items are on a page is up to the store's own order.
fn is_page(request: &Request) -> bool {
    match request {
        Request::Query(request) => request.limit.is_some() || request.start.is_some(),
        Request::Scan(request) => request.limit.is_some() || request.start.is_some(),
        _ => false,
    }
}

#[tokio::test(start_paused = true)]
async fn the_store_answers_as_the_embedded_engine_does() {
    let plan = Plan { keeps_requests: true, ..plan(1, 200) };
    let requests = std::thread::spawn(move || run(&plan).requests).join().expect("a run");
    let (memory, engine) = (MemoryStore::new(Duration::ZERO), EmbeddedStore::in_memory().expect("a store"));
    let mut compared = BTreeMap::<_, u64>::new();
    for request in requests {
        let (asked, shown) = (format!("{request:?}"), !is_page(&request));
        let operation = request.operation();
        let (one, other) = (memory.call(request.clone()), engine.execute(request).await);
        if shown {
            *compared.entry(operation).or_default() += 1;
            assert_eq!(of(one), of(other), "to {asked}");
        }
    }
    println!("the same answers: {compared:?}");
    for operation in ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "TransactWriteItems"] {
        assert!(compared.get(operation).is_some_and(|times| *times > 10), "{compared:?}");
    }
}
