//! What is reclaimed: everything, after all is done and kept long enough.

use crate::world::*;
use beldi::host::LocalHost;

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
