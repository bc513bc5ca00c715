//! Many tasks on few items: a condition and its change are one atomic step.

use std::future::Future;
use std::sync::Arc;

use beldi::store::{
    AttributeValue, Attributes, GetItem, Retry, RetryBudget, SharedStore, StoreError, TransactWrite, WriteItem,
};

use crate::bench::{Bench, item, key, n, put, update};

const TASKS: u32 = 8;
const ROUNDS: u32 = 15;

/// Runs `task` so many times at once, with a number each.
async fn at_once<F: Future<Output = ()> + Send + 'static>(task: impl Fn(u32) -> F) {
    let tasks: Vec<_> = (0..TASKS).map(|number| tokio::spawn(task(number))).collect();
    for task in tasks {
        task.await.expect("the task ends without a panic");
    }
}

fn number(item: &Attributes, name: &str) -> u32 {
    match item.get(name) {
        Some(AttributeValue::N(digits)) => digits.parse().expect("a small number"),
        other => panic!("a number `{name}`, got {other:?}"),
    }
}

async fn read(store: &SharedStore, table: &str, id: &str) -> Attributes {
    let request = GetItem { table: table.to_owned(), key: key(id, 1), consistent: true };
    store.get(request).await.expect("a read").expect("the item")
}

pub(crate) async fn conditional_increments_lose_nothing(bench: Bench) {
    let table = bench.table().await;
    bench.store.put(put(&table, item("a", 1, [("count", n(0))]))).await.expect("a put");
    at_once(|_| {
        let (store, table) = (Arc::clone(&bench.store), table.clone());
        async move {
            let mut done = 0;
            while done < ROUNDS {
                let seen = number(&read(&store, &table, "a").await, "count");
                let increment =
                    update(&table, key("a", 1), "SET {count} = {:0}", Some("{count} = {:1}"), [n(seen + 1), n(seen)]);
                match store.update(increment).await {
                    Ok(_) => done += 1,
                    Err(StoreError::ConditionFailed { item }) => {
                        assert!(number(&item.expect("the item"), "count") > seen, "somebody else was faster");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    })
    .await;
    assert_eq!(number(&read(&bench.store, &table, "a").await, "count"), TASKS * ROUNDS);
}

pub(crate) async fn unconditional_adds_lose_nothing(bench: Bench) {
    let table = bench.table().await;
    at_once(|_| {
        let (store, table) = (Arc::clone(&bench.store), table.clone());
        async move {
            for _ in 0..ROUNDS {
                let add = update(&table, key("a", 1), "ADD {count} {:0}", None, [n(1)]);
                store.update(add).await.expect("an update");
            }
        }
    })
    .await;
    assert_eq!(number(&read(&bench.store, &table, "a").await, "count"), TASKS * ROUNDS);
}

/// Transactions move single coins between three accounts, each in another direction. DynamoDB refuses
/// those that meet; they are sent again, and no coin appears or is lost.
pub(crate) async fn transfers_keep_the_sum(bench: Bench) {
    const ACCOUNTS: [&str; 3] = ["a", "b", "c"];
    let table = bench.table().await;
    for account in ACCOUNTS {
        bench.store.put(put(&table, item(account, 1, [("coins", n(3))]))).await.expect("a put");
    }
    let retry = Retry::new(Arc::clone(&bench.store)).with_tries(100).with_budget(Arc::new(RetryBudget::new(1_000_000)));
    let store: SharedStore = Arc::new(retry);
    at_once(|task| {
        let (store, table) = (Arc::clone(&store), table.clone());
        async move {
            for round in 0..ROUNDS as usize {
                let from = ACCOUNTS[(task as usize + round) % 3];
                let to = ACCOUNTS[(task as usize + round + 1 + round % 2) % 3];
                let take = update(&table, key(from, 1), "ADD {coins} {:0}", Some("{coins} > {:1}"), [n(-1), n(0)]);
                let give = update(&table, key(to, 1), "ADD {coins} {:0}", None, [n(1)]);
                let writes = vec![WriteItem::Update(take), WriteItem::Update(give)];
                match store.transact_write(TransactWrite { writes }).await {
                    Ok(()) | Err(StoreError::TransactionCancelled { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    })
    .await;
    let mut sum = 0;
    for account in ACCOUNTS {
        sum += number(&read(&bench.store, &table, account).await, "coins");
    }
    assert_eq!(sum, 9);
}
