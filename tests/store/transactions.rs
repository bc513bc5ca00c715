//! TransactWriteItems.

use beldi::store::{AttributeValue, StoreError, TransactWrite, WriteItem};

use crate::bench::{Bench, assert_error, delete, item, key, n, put, update};

pub(crate) async fn all_writes_happen_together(bench: Bench) {
    let table = bench.table().await;
    bench.store.put(put(&table, item("gone", 1, []))).await.expect("a put");
    let writes = vec![
        WriteItem::Put(put(&table, item("put", 1, [("x", n(1))]))),
        WriteItem::Update(update(&table, key("updated", 1), "ADD {x} {:0}", None, [n(2)])),
        WriteItem::Delete(delete(&table, key("gone", 1))),
    ];
    bench.store.transact_write(TransactWrite { writes }).await.expect("a transaction");
    assert_eq!(bench.get(&table, key("put", 1)).await, Some(item("put", 1, [("x", n(1))])));
    assert_eq!(bench.get(&table, key("updated", 1)).await, Some(item("updated", 1, [("x", n(2))])));
    assert_eq!(bench.get(&table, key("gone", 1)).await, None);
}

pub(crate) async fn one_failed_condition_stops_all(bench: Bench) {
    let table = bench.table().await;
    let guarded = update(&table, key("b", 1), "ADD {x} {:0}", Some("attribute_exists({id})"), [n(2)]);
    let writes = vec![WriteItem::Put(put(&table, item("a", 1, []))), WriteItem::Update(guarded)];
    match bench.store.transact_write(TransactWrite { writes }).await {
        Err(StoreError::TransactionCancelled { reasons }) => {
            assert_eq!(reasons, [None, Some("ConditionalCheckFailed".to_owned())]);
        }
        other => panic!("expected a cancelled transaction, got {other:?}"),
    }
    assert_eq!(bench.get(&table, key("a", 1)).await, None);
    assert_eq!(bench.get(&table, key("b", 1)).await, None);
}

pub(crate) async fn an_item_is_written_once(bench: Bench) {
    let table = bench.table().await;
    let twice = (0..2).map(|x| WriteItem::Put(put(&table, item("a", 1, [("x", n(x))])))).collect();
    assert_error!(bench.store.transact_write(TransactWrite { writes: twice }), StoreError::Invalid { .. });
    let many = (0..101).map(|at| WriteItem::Put(put(&table, item("a", at, [])))).collect();
    assert_error!(bench.store.transact_write(TransactWrite { writes: many }), StoreError::Invalid { .. });
    assert_eq!(bench.get(&table, key("a", 1)).await, None);
}

pub(crate) async fn a_large_item_is_named(bench: Bench) {
    let table = bench.table().await;
    let large = AttributeValue::B(vec![0; 250_000]);
    let half = update(&table, key("a", 1), "SET {first} = {:0}", None, [large.clone()]);
    bench.store.update(half.clone()).await.expect("half of an item");
    let second = update(&table, key("a", 1), "SET {second} = {:0}", None, [large]);
    let writes = vec![WriteItem::Put(put(&table, item("b", 1, []))), WriteItem::Update(second)];
    match bench.store.transact_write(TransactWrite { writes }).await {
        Err(StoreError::ItemTooLarge { table: named }) => assert!(named.contains(&table), "{named}"),
        other => panic!("expected an item that is too large, got {other:?}"),
    }
    assert_eq!(bench.get(&table, key("b", 1)).await, None);
}
