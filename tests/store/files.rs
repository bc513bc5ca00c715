//! The embedded store on a file: what it keeps, and files that cannot be used.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use beldi::store::{EmbeddedStore, GetItem, KeyAttribute, ScalarType, SharedStore, StoreError, TableSchema};

use crate::bench::{Directory, item, key, n, put};

fn unusable(opened: Result<EmbeddedStore, StoreError>) -> String {
    match opened {
        Err(StoreError::Unusable { message }) => message,
        other => panic!("expected an unusable file, got {other:?}"),
    }
}

#[tokio::test]
async fn a_file_keeps_tables_and_items() {
    let directory = Directory::new();
    let open = || -> SharedStore { Arc::new(EmbeddedStore::open(directory.file("store.db")).expect("a usable file")) };
    let at = KeyAttribute::new("at", ScalarType::Number);
    let schema = TableSchema::new("rows", KeyAttribute::new("id", ScalarType::String), Some(at));
    let row = item("a", 1, [("x", n(1))]);

    let store = open();
    store.create_table(schema.clone()).await.expect("a new table");
    store.put(put("rows", row.clone())).await.expect("a put");
    drop(store);

    let store = open();
    assert_eq!(store.describe_table("rows").await.expect("an answer"), Some(schema));
    let request = GetItem { table: "rows".to_owned(), key: key("a", 1), consistent: true };
    assert_eq!(store.get(request).await.expect("a read"), Some(row));
}

#[tokio::test]
async fn a_file_is_open_once() {
    let directory = Directory::new();
    let path = directory.file("store.db");
    let first = EmbeddedStore::open(&path).expect("a new file");
    let message = unusable(EmbeddedStore::open(&path));
    assert!(message.contains("store.db"), "{message}");
    drop(first);
    EmbeddedStore::open(&path).expect("the file is free again");
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let directory = Directory::new();
    let path = directory.file("notes.txt");
    let notes = "These are notes and no database. ".repeat(100);
    std::fs::write(&path, &notes).expect("the directory can be written");
    let message = unusable(EmbeddedStore::open(&path));
    assert!(message.contains("it is no SQLite database"), "{message}");
    assert_eq!(std::fs::read_to_string(&path).expect("the notes"), notes);

    unusable(EmbeddedStore::open(directory.file("no/such/directory/store.db")));
    unusable(EmbeddedStore::open(directory.file("")));
}

#[tokio::test(start_paused = true)]
async fn a_request_to_a_file_may_be_given_up() {
    let directory = Directory::new();
    let store: SharedStore = Arc::new(EmbeddedStore::open(directory.file("store.db")).expect("a new file"));
    let schema = TableSchema::new("rows", KeyAttribute::new("id", ScalarType::String), None);
    store.create_table(schema).await.expect("a new table");
    // More requests are given up than may wait at once: each must leave its place to the next.
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..20 {
        let mut asked = pin!(store.describe_table("rows"));
        // Sent by the first poll, and dropped whether it is answered yet or not.
        drop(asked.as_mut().poll(&mut context));
    }
    let asked = tokio::time::timeout(Duration::from_secs(60), store.describe_table("rows")).await;
    assert!(asked.expect("a place is free").expect("an answer").is_some());
}
