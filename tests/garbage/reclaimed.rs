//! What is reclaimed: everything, after all is done and kept long enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::world::*;
use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::store::{AttributeValue, Placeholders, PutItem, Request, SharedStore, Store, StoreError, StoreFuture};

/// Every kind of thing that leaves something, on rows of its own.
pub(crate) async fn everything(host: &LocalHost, name: &str, deletions: usize) {
    let client = host.client();
    let of = |kind: &str| format!("{name}-{kind}");
    for _ in 0..7 {
        call(&client, add(of("hot"))).await;
        call(&client, read_and_add(of("read"))).await;
    }
    call(&client, remove(of("hot"))).await;
    call(&client, remove(of("never"))).await;
    call(&client, remove_all((0..deletions).map(|n| of(&n.to_string())).collect())).await;
    assert!(!call(&client, change(of("absent"))).await);
    call(&client, replace(of("replaced"), of("read"))).await;
    call(&client, guarded(of("guarded"))).await;
    call(&client, guarded_to_the_end(of("kept"))).await;
    assert_eq!(call(&client, look(vec![of("seen"), of("read")], false)).await, Ok(7));
    assert_eq!(call(&client, look(vec![of("refused"), of("read")], true)).await, Err(Refused));
    call(&client, add(of("sold"))).await;
    assert_eq!(call(&client, sell_out(of("sold"))).await, Ok(()));
    assert_eq!(call(&client, sell_out(of("nothing"))).await, Err(Refused));
    assert_eq!(call(&client, buy(of("bought"), of("ann"), false)).await, Ok(1));
    assert_eq!(call(&client, buy(of("returned"), of("bob"), true)).await, Err(Refused));
    assert_eq!(call(&client, leave(of("ann"), true)).await, Err(Refused));
    assert_eq!(call(&client, leave(of("cid"), true)).await, Err(Refused));
    assert_eq!(call(&client, leave(of("dan"), false)).await, Ok(false));
    call(&client, call_pay(of("eve"))).await;
    call(&client, detach_pay(of("eve"))).await;
    host.settle().await.expect("the store answers");
}

/// What users see of it.
pub(crate) async fn rows(host: &LocalHost) -> Vec<String> {
    let mut rows = Vec::new();
    for table in ["stock", "accounts"] {
        for mut row in items(host, table).await {
            if !row.contains_key("_beldi_deleted") {
                row.retain(|name, _| !name.starts_with("_beldi_"));
                rows.push(format!("{:?}", row.into_iter().collect::<std::collections::BTreeMap<_, _>>()));
            }
        }
    }
    rows.sort();
    rows
}

#[tokio::test(start_paused = true)]
async fn nothing_of_ours_is_left_but_results_and_those_go_too() {
    let host = host().await;
    everything(&host, "a", 120).await;
    let seen = rows(&host).await;
    reclaim(&host).await;
    let left = leftovers(&host).await;
    let results = left.iter().filter(|item| item.contains("\"result-"));
    assert_eq!(results.count(), left.len(), "{left:#?}");
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
    assert_eq!(rows(&host).await, seen);
}

#[tokio::test(start_paused = true)]
async fn a_tombstone_that_somebody_holds_waits_for_him() {
    let plan = Plan::new(|point| before(point, "look", "PutItem shop-journal"), 2, Then::Crash);
    let host = start(beldi::testing::fresh_store().await.expect("a store"), settings(), Some(plan.clone())).await;
    let client = host.client();
    call(&client, remove("gone".into())).await;
    // The watermark, which stays behind whoever is open, is to pass the removal.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    // It dies before its decision, and holds the row: nobody restarts it here.
    assert_eq!(try_call(&client, "look", look(vec!["gone".into()], false)).await, None);
    assert!(plan.has_struck());
    for _ in 0..8 {
        tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
        host.collect_garbage().await.expect("the store answers");
    }
    assert_eq!(items(&host, "stock").await.len(), 1, "the row is locked");
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
    assert_eq!(items(&host, "stock").await.len(), 0);
}

/// An older instance deletes what a younger one has written. Between the two the watermark may stop: then the older one
/// is reclaimed, and the row must not be forgotten with it. Where it stops depends on when collectors run.
#[tokio::test(start_paused = true)]
async fn a_tombstone_with_a_younger_entry_is_remembered() {
    for phase in 0..10 {
        let stall = Then::Stall(std::time::Duration::from_millis(300));
        let plan = Plan::new(|point| before(point, "remove", "UpdateItem stock"), 1, stall);
        let store = beldi::testing::fresh_store().await.expect("a store");
        let host = start(store, settings(), Some(plan.clone())).await;
        tokio::time::sleep(std::time::Duration::from_millis(900)).await;
        let client = host.client();
        let removal = tokio::spawn(async move { call(&client, remove("gone".into())).await });
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        call(&host.client(), add("gone".into())).await;
        removal.await.expect("no panic");
        assert!(plan.has_struck());
        tokio::time::sleep(std::time::Duration::from_millis(130 * phase)).await;
        for _ in 0..60 {
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
            host.collect_garbage().await.expect("the store answers");
        }
        assert_eq!(items(&host, "stock").await.len(), 0, "phase {phase}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_row_that_is_written_again_stays() {
    let host = host().await;
    let client = host.client();
    call(&client, add("tea".into())).await;
    call(&client, remove("tea".into())).await;
    call(&client, add("tea".into())).await;
    reclaim(&host).await;
    call(&client, add("tea".into())).await;
    assert_eq!(call(&client, free("tea".into())).await, 2);
    reclaim_all(&host).await;
    assert_eq!(call(&client, free("tea".into())).await, 2);
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// The attempt that has removed the row dies before the instance is marked as done; who marks it runs no handler.
#[tokio::test(start_paused = true)]
async fn a_result_that_another_attempt_marks_lists_its_tombstones() {
    let plan = Plan::new(|point| before(point, "replace", "UpdateItem shop-journal"), 1, Then::Crash);
    let host = start(beldi::testing::fresh_store().await.expect("a store"), settings(), Some(plan.clone())).await;
    call(&host.client(), replace("tea".into(), "coffee".into())).await;
    host.settle().await.expect("the store answers");
    assert!(plan.has_struck());
    reclaim(&host).await;
    assert_eq!(items(&host, "stock").await.len(), 0);
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

/// A store in which two tables cannot be read: one is gone, and of the other the program may not know any more.
struct Lost {
    inner: SharedStore,
    is_lost: AtomicBool,
}

impl Store for Lost {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        let message = "it is none of ours".to_owned();
        if self.is_lost.load(Ordering::SeqCst)
            && let Request::Get(get) = &request
        {
            match get.table.as_str() {
                "stock" => {
                    let table = get.table.clone();
                    return Box::pin(async { Err(StoreError::TableNotFound { table, message }) });
                }
                "dropped" | "accounts" => return Box::pin(async { Err(StoreError::Denied { message }) }),
                _ => {}
            }
        }
        self.inner.execute(request)
    }

    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }
}

/// The segments of rows of a table that was removed were tried in each cycle, could not be reclaimed, and were in the way
/// of all that came after them; so were tombstones in a table of which the program had lost the type, and the permission.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_tables_that_are_gone() {
    let inner = beldi::testing::fresh_store().await.expect("a store");
    let store = Arc::new(Lost { inner, is_lost: AtomicBool::new(false) });
    let host = start(Arc::clone(&store) as SharedStore, settings(), None).await;
    everything(&host, "a", 120).await;
    // As if there had been another type of items: all that is known of its rows.
    for item in items(&host, "shop-journal").await {
        let text = |name: &str| match item.get(name) {
            Some(AttributeValue::S(text)) => Some(text.clone()),
            _ => None,
        };
        if text("table").as_deref() == Some("stock") {
            let mut of_another = item.clone();
            let row = text("instance").expect("a key").replacen("stock", "dropped", 1);
            of_another.insert("instance".to_owned(), AttributeValue::S(row));
            of_another.insert("table".to_owned(), AttributeValue::S("dropped".to_owned()));
            let (table, condition, placeholders) = ("shop-journal".to_owned(), None, Placeholders::default());
            let put = PutItem { table, item: of_another, condition, placeholders };
            store.inner.put(put).await.expect("the store answers");
        }
    }
    store.is_lost.store(true, Ordering::SeqCst);
    reclaim_all(&host).await;
    assert_eq!(journal(&host, "shop").await, [""; 0]);
    assert_ne!(journal(&host, "bank").await, [""; 0], "a table that the program has is only out of reach");
    store.is_lost.store(false, Ordering::SeqCst);
    reclaim_all(&host).await;
    assert_eq!(journal(&host, "bank").await, [""; 0]);
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Shop, table = "wares")]
struct Ware {
    #[beldi(partition_key)]
    name: String,
    free: i64,
}

#[beldi::function(service = Shop)]
async fn clear_out(name: String) {
    for _ in 0..7 {
        Ware::update(&name).add(Ware::FREE, 1).await;
    }
    Ware::delete(&name).await;
}

/// So were rows of a table that was made again with another key: no request fits them any more.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_rows_that_a_table_had_under_another_key() {
    let host = host().await;
    for n in 0..20 {
        call(&host.client(), clear_out(n.to_string())).await;
    }
    // As if they had been rows of another table, by the key that it had then.
    for mut item in items(&host, "shop-journal").await {
        let Some(AttributeValue::S(row)) = item.get("instance").cloned() else { panic!("a key") };
        if let Some(at) = row.strip_prefix("row/wares") {
            item.insert("instance".to_owned(), AttributeValue::S(format!("row/stock{at}")));
            item.insert("table".to_owned(), AttributeValue::S("stock".to_owned()));
            let (table, condition, placeholders) = ("shop-journal".to_owned(), None, Placeholders::default());
            let put = PutItem { table, item, condition, placeholders };
            host.environment().store.put(put).await.expect("the store answers");
        }
    }
    reclaim_all(&host).await;
    assert_eq!(journal(&host, "shop").await.len(), 0);
}
