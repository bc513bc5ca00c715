//! BatchGetItem.

use beldi::store::{AttributeValue, Attributes, BatchGetItem, StoreError};

use crate::bench::{Bench, assert_error, item, key, n, put};

fn batch(table: &str, keys: Vec<Attributes>) -> BatchGetItem {
    BatchGetItem { table: table.to_owned(), keys, consistent: true }
}

pub(crate) async fn a_batch_gives_the_items_that_exist(bench: Bench) {
    let table = bench.table().await;
    for at in [1, 3] {
        bench.store.put(put(&table, item("a", at, [("twice", n(at * 2))]))).await.expect("a put");
    }
    let keys = (0..5).map(|at| key("a", at)).collect();
    let (mut items, rest) = bench.store.batch_get(batch(&table, keys)).await.expect("a batch");
    items.sort_by_key(|item| item.get("at") != Some(&n(1)));
    assert_eq!(items, [item("a", 1, [("twice", n(2))]), item("a", 3, [("twice", n(6))])]);
    assert!(rest.is_empty());
}

/// An answer holds at most 16 MB.
pub(crate) async fn a_large_batch_leaves_keys_for_the_next(bench: Bench) {
    const ROWS: u32 = 50;
    let table = bench.table().await;
    for at in 0..ROWS {
        let row = item("a", at, [("bytes", AttributeValue::B(vec![7; 390_000]))]);
        bench.store.put(put(&table, row)).await.expect("a put");
    }
    let mut keys: Vec<_> = (0..ROWS).map(|at| key("a", at)).collect();
    let mut sizes = Vec::new();
    while !keys.is_empty() {
        let (items, rest) = bench.store.batch_get(batch(&table, keys)).await.expect("a batch");
        assert!(!items.is_empty(), "each batch gets on");
        sizes.push(items.len());
        keys = rest;
    }
    assert!(sizes.len() > 1, "one answer of 19 MB: {sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 50);
}

pub(crate) async fn a_batch_with_a_key_twice_is_refused(bench: Bench) {
    let table = bench.table().await;
    let twice = batch(&table, vec![key("a", 1), key("a", 1)]);
    assert_error!(bench.store.batch_get(twice), StoreError::Invalid { .. });
    let many = batch(&table, (0..101).map(|at| key("a", at)).collect());
    assert_error!(bench.store.batch_get(many), StoreError::Invalid { .. });
}
