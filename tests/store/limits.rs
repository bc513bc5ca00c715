//! Requests that DynamoDB refuses: each has its own error, and nothing is half-done.

use beldi::store::{
    AttributeValue, BatchGetItem, GetItem, Placeholders, QueryItems, ScanItems, StoreError, TransactWrite, WriteItem,
};

use crate::bench::{Bench, assert_error, attributes, delete, item, key, n, put, s, update};

fn get(table: &str, key: beldi::store::Attributes) -> GetItem {
    GetItem { table: table.to_owned(), key, consistent: true }
}

fn query(table: &str, index: Option<&str>) -> QueryItems {
    let mut placeholders = Placeholders::default();
    let (name, value) = (placeholders.name("id"), placeholders.value(s("a")));
    QueryItems {
        table: table.to_owned(),
        index: index.map(str::to_owned),
        key_condition: format!("{name} = {value}"),
        filter: None,
        placeholders,
        forward: true,
        limit: None,
        start: None,
        consistent: false,
    }
}

pub(crate) async fn a_large_item_is_refused(bench: Bench) {
    let table = bench.table().await;
    let bytes = |count| AttributeValue::B(vec![0; count]);
    bench.store.put(put(&table, item("a", 1, [("bytes", bytes(409_000))]))).await.expect("just within the limit");
    let too_large = put(&table, item("a", 1, [("bytes", bytes(410_000))]));
    assert_error!(bench.store.put(too_large), StoreError::ItemTooLarge { table: named } if named == table);
    let grown = update(&table, key("a", 1), "SET {more} = {:0}", None, [bytes(1000)]);
    assert_error!(bench.store.update(grown), StoreError::ItemTooLarge { table: named } if named == table);
    let stored = bench.get(&table, key("a", 1)).await;
    assert_eq!(stored, Some(item("a", 1, [("bytes", bytes(409_000))])));
}

pub(crate) async fn a_missing_table_is_named(bench: Bench) {
    let table = bench.name("missing");
    let store = &bench.store;
    let scan = ScanItems {
        table: table.clone(),
        filter: None,
        placeholders: Placeholders::default(),
        limit: None,
        start: None,
        consistent: true,
    };
    let batch = BatchGetItem { table: table.clone(), keys: vec![key("a", 1)], consistent: true };
    let writes = vec![WriteItem::Put(put(&table, item("a", 1, [])))];
    let read = get(&table, key("a", 1));
    assert_error!(store.get(read), StoreError::TableNotFound { table: named, .. } if named == table);
    assert_error!(store.put(put(&table, item("a", 1, []))), StoreError::TableNotFound { .. });
    let request = update(&table, key("a", 1), "SET {x} = {:0}", None, [n(1)]);
    assert_error!(store.update(request), StoreError::TableNotFound { .. });
    assert_error!(store.delete(delete(&table, key("a", 1))), StoreError::TableNotFound { .. });
    assert_error!(store.query(query(&table, None)), StoreError::TableNotFound { .. });
    assert_error!(store.scan(scan), StoreError::TableNotFound { .. });
    assert_error!(store.batch_get(batch), StoreError::TableNotFound { .. });
    assert_error!(store.transact_write(TransactWrite { writes }), StoreError::TableNotFound { .. });
    assert!(store.describe_table(&table).await.expect("an answer").is_none());
}

pub(crate) async fn a_missing_index_is_named(bench: Bench) {
    let table = bench.table().await;
    let request = query(&table, Some("by_colour"));
    let names_it = |message: &str| message.contains("by_colour");
    assert_error!(bench.store.query(request), StoreError::TableNotFound { message, .. } if names_it(&message));
}

pub(crate) async fn keys_of_the_wrong_type_are_refused(bench: Bench) {
    let table = bench.table().await;
    let wrong = || attributes([("id", n(7)), ("at", n(1))]);
    let store = &bench.store;
    assert_error!(store.get(get(&table, wrong())), StoreError::Invalid { table: named, .. } if named == table);
    assert_error!(store.put(put(&table, wrong())), StoreError::Invalid { .. });
    assert_error!(store.update(update(&table, wrong(), "SET {x} = {:0}", None, [n(1)])), StoreError::Invalid { .. });
    assert_error!(store.delete(delete(&table, wrong())), StoreError::Invalid { .. });
    let index_key = put(&table, item("a", 1, [("user", n(1))]));
    assert_error!(store.put(index_key), StoreError::Invalid { .. });
}

pub(crate) async fn empty_and_missing_keys_are_refused(bench: Bench) {
    let table = bench.table().await;
    let store = &bench.store;
    assert_error!(store.put(put(&table, item("", 1, []))), StoreError::Invalid { .. });
    let empty = attributes([("id", s("")), ("at", n(1))]);
    assert_error!(
        store.update(update(&table, empty.clone(), "SET {x} = {:0}", None, [n(1)])),
        StoreError::Invalid { .. }
    );
    assert_error!(store.get(get(&table, empty)), StoreError::Invalid { .. });
    let half = attributes([("id", s("a"))]);
    assert_error!(store.put(put(&table, half.clone())), StoreError::Invalid { .. });
    assert_error!(store.get(get(&table, half)), StoreError::Invalid { .. });
    let long = "x".repeat(2049);
    assert_error!(store.put(put(&table, item(&long, 1, []))), StoreError::Invalid { .. });
}

pub(crate) async fn a_broken_expression_is_refused(bench: Bench) {
    let table = bench.table().await;
    bench.store.put(put(&table, item("a", 1, [("text", s("one"))]))).await.expect("a put");
    for expression in ["SET {x} = ", "SET {x} = {:0} SET {y} = {:0}", "ADD {text} {:0}", "SET {id} = {:0}"] {
        let request = update(&table, key("a", 1), expression, None, [n(1)]);
        assert_error!(bench.store.update(request), StoreError::Invalid { .. });
    }
    assert_eq!(bench.get(&table, key("a", 1)).await, Some(item("a", 1, [("text", s("one"))])));
}
