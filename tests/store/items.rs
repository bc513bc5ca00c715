//! One item: get, put, update, delete, and their conditions.

use beldi::store::{AttributeValue, ReturnValues};

use crate::bench::{Bench, attributes, delete, failed_condition, item, key, n, put, s, update};

pub(crate) async fn every_attribute_type_comes_back(bench: Bench) {
    let table = bench.table().await;
    let written = item(
        "a",
        1,
        [
            ("text", s("")),
            ("unicode", s("Übergrößenträger \u{1f980}")),
            ("number", AttributeValue::N("-12345678901234567890.0123456789".to_owned())),
            ("binary", AttributeValue::B(vec![0, 255, 7])),
            ("true", AttributeValue::Bool(true)),
            ("null", AttributeValue::Null(true)),
            ("list", AttributeValue::L(vec![n(1), s("two"), AttributeValue::L(Vec::new())])),
            ("map", AttributeValue::M(attributes([("deep", AttributeValue::M(attributes([("er", n(3))])))]))),
            ("texts", AttributeValue::Ss(vec!["only".to_owned()])),
            ("numbers", AttributeValue::Ns(vec!["4".to_owned()])),
            ("binaries", AttributeValue::Bs(vec![vec![1, 2]])),
        ],
    );
    bench.store.put(put(&table, written.clone())).await.expect("a put");
    assert_eq!(bench.get(&table, key("a", 1)).await, Some(written));
    assert_eq!(bench.get(&table, key("a", 2)).await, None);
    assert_eq!(bench.get(&table, key("b", 1)).await, None);
}

pub(crate) async fn a_put_replaces_the_whole_item(bench: Bench) {
    let table = bench.table().await;
    bench.store.put(put(&table, item("a", 1, [("old", n(1))]))).await.expect("a put");
    bench.store.put(put(&table, item("a", 1, [("new", n(2))]))).await.expect("a put");
    assert_eq!(bench.get(&table, key("a", 1)).await, Some(item("a", 1, [("new", n(2))])));
}

pub(crate) async fn a_delete_removes_and_may_repeat(bench: Bench) {
    let table = bench.table().await;
    bench.store.put(put(&table, item("a", 1, []))).await.expect("a put");
    for _ in 0..2 {
        bench.store.delete(delete(&table, key("a", 1))).await.expect("a delete");
        assert_eq!(bench.get(&table, key("a", 1)).await, None);
    }
}

pub(crate) async fn an_update_returns_what_is_asked_for(bench: Bench) {
    let table = bench.table().await;
    let add = |return_values| {
        let mut request = update(&table, key("a", 1), "ADD {count} {:0}", None, [n(5)]);
        request.return_values = return_values;
        request
    };
    let with = |count: u32| Some(item("a", 1, [("count", n(count))]));
    assert_eq!(bench.store.update(add(ReturnValues::AllOld)).await.expect("an update"), None, "there was no item");
    assert_eq!(bench.store.update(add(ReturnValues::AllNew)).await.expect("an update"), with(10));
    assert_eq!(bench.store.update(add(ReturnValues::AllOld)).await.expect("an update"), with(10));
    assert_eq!(bench.store.update(add(ReturnValues::None)).await.expect("an update"), None);
    assert_eq!(bench.get(&table, key("a", 1)).await, with(20));
}

pub(crate) async fn a_failed_condition_changes_nothing_and_gives_the_item(bench: Bench) {
    let table = bench.table().await;
    let stored = item("a", 1, [("version", n(3))]);
    bench.store.put(put(&table, stored.clone())).await.expect("a put");

    let changed = update(&table, key("a", 1), "SET {version} = {:0}", Some("{version} = {:1}"), [n(4), n(2)]);
    let mut replaced = put(&table, item("a", 1, []));
    replaced.condition = Some("attribute_not_exists(#0)".to_owned());
    replaced.placeholders.name("version");
    let mut removed = delete(&table, key("a", 1));
    removed.condition = Some("#0 > :0".to_owned());
    removed.placeholders.name("version");
    removed.placeholders.value(n(3));

    assert_eq!(failed_condition(bench.store.update(changed)).await, Some(stored.clone()));
    assert_eq!(failed_condition(bench.store.put(replaced)).await, Some(stored.clone()));
    assert_eq!(failed_condition(bench.store.delete(removed)).await, Some(stored.clone()));
    assert_eq!(bench.get(&table, key("a", 1)).await, Some(stored));
}

pub(crate) async fn a_failed_condition_on_an_absent_item_gives_none(bench: Bench) {
    let table = bench.table().await;
    let request = update(&table, key("a", 1), "SET {x} = {:0}", Some("attribute_exists({id})"), [n(1)]);
    assert_eq!(failed_condition(bench.store.update(request)).await, None);
    assert_eq!(bench.get(&table, key("a", 1)).await, None);
}
