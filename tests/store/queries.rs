//! Query and scan.

use beldi::store::{AttributeValue, Attributes, Page, Placeholders, QueryItems, ScanItems, StoreError};

use crate::bench::{Bench, assert_error, expression, item, n, put, s};

/// Rows `a`/0..10 of alternating users, and a row `b`/3 without a user.
async fn filled(bench: &Bench) -> String {
    let table = bench.table().await;
    for at in 0..10 {
        let user = if at % 2 == 0 { "even" } else { "odd" };
        let row = item("a", at, [("user", s(user)), ("tens", n(at * 10))]);
        bench.store.put(put(&table, row)).await.expect("a put");
    }
    bench.store.put(put(&table, item("b", 3, [("tens", n(30))]))).await.expect("a put");
    table
}

fn query<const N: usize>(table: &str, key_condition: &str, values: [AttributeValue; N]) -> QueryItems {
    let mut placeholders = Placeholders::default();
    let values: Vec<_> = values.into_iter().map(|value| placeholders.value(value)).collect();
    QueryItems {
        table: table.to_owned(),
        index: None,
        key_condition: expression(key_condition, &values, &mut placeholders),
        filter: None,
        placeholders,
        forward: true,
        limit: None,
        start: None,
        consistent: true,
    }
}

fn scan(table: &str) -> ScanItems {
    ScanItems {
        table: table.to_owned(),
        filter: None,
        placeholders: Placeholders::default(),
        limit: None,
        start: None,
        consistent: true,
    }
}

fn numbers(page: &Page) -> Vec<u32> {
    page.items.iter().map(at).collect()
}

fn at(item: &Attributes) -> u32 {
    match item.get("at") {
        Some(AttributeValue::N(digits)) => digits.parse().expect("a number"),
        other => panic!("a row with a sort key, got {other:?}"),
    }
}

pub(crate) async fn ranges_of_the_sort_key(bench: Bench) {
    let table = filled(&bench).await;
    let ranges = [
        (query(&table, "{id} = {:0}", [s("a")]), (0..10).collect::<Vec<_>>()),
        (query(&table, "{id} = {:0} AND {at} = {:1}", [s("a"), n(4)]), vec![4]),
        (query(&table, "{id} = {:0} AND {at} < {:1}", [s("a"), n(2)]), vec![0, 1]),
        (query(&table, "{id} = {:0} AND {at} >= {:1}", [s("a"), n(8)]), vec![8, 9]),
        (query(&table, "{id} = {:0} AND {at} BETWEEN {:1} AND {:2}", [s("a"), n(3), n(5)]), vec![3, 4, 5]),
        (query(&table, "{id} = {:0}", [s("b")]), vec![3]),
        (query(&table, "{id} = {:0}", [s("c")]), vec![]),
    ];
    for (request, expected) in ranges {
        let asked = request.key_condition.clone();
        let page = bench.store.query(request).await.expect("a query");
        assert_eq!(numbers(&page), expected, "{asked}");
        assert!(page.next.is_none());
    }
}

pub(crate) async fn both_orders_and_pages(bench: Bench) {
    let table = filled(&bench).await;
    for forward in [true, false] {
        let mut request = query(&table, "{id} = {:0}", [s("a")]);
        request.forward = forward;
        request.limit = Some(4);
        let mut pages = Vec::new();
        loop {
            let page = bench.store.query(request.clone()).await.expect("a query");
            pages.push(numbers(&page));
            match page.next {
                Some(next) => request.start = Some(next),
                None => break,
            }
        }
        let mut all: Vec<_> = (0..10).collect();
        if !forward {
            all.reverse();
        }
        assert_eq!(pages, all.chunks(4).map(<[u32]>::to_vec).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_filter_comes_after_the_limit(bench: Bench) {
    let table = filled(&bench).await;
    let mut request = query(&table, "{id} = {:0}", [s("a")]);
    request.limit = Some(5);
    let (tens, least) = (request.placeholders.name("tens"), request.placeholders.value(n(30)));
    request.filter = Some(format!("{tens} >= {least}"));
    let page = bench.store.query(request.clone()).await.expect("a query");
    assert_eq!(numbers(&page), [3, 4], "five rows are evaluated and two of them pass");
    request.start = page.next;
    assert!(request.start.is_some());
    let page = bench.store.query(request).await.expect("a query");
    assert_eq!(numbers(&page), [5, 6, 7, 8, 9]);
}

pub(crate) async fn an_index_is_sparse_and_ordered(bench: Bench) {
    let table = filled(&bench).await;
    let mut request = query(&table, "{user} = {:0} AND {at} > {:1}", [s("odd"), n(1)]);
    request.index = Some("by_user".to_owned());
    request.consistent = false;
    request.forward = false;
    request.limit = Some(3);
    let page = bench.store.query(request.clone()).await.expect("a query of an index");
    assert_eq!(numbers(&page), [9, 7, 5]);
    assert_eq!(page.items[0].get("tens"), Some(&n(90)), "the index holds whole items");
    request.start = page.next;
    assert!(request.start.is_some());
    let page = bench.store.query(request).await.expect("a query of an index");
    assert_eq!(numbers(&page), [3]);
}

pub(crate) async fn a_scan_gives_every_item_once(bench: Bench) {
    let table = filled(&bench).await;
    let mut request = scan(&table);
    request.limit = Some(4);
    let mut seen = Vec::new();
    loop {
        let page = bench.store.scan(request.clone()).await.expect("a scan");
        assert!(page.items.len() <= 4);
        seen.extend(page.items.iter().map(|item| (item.get("id") == Some(&s("a")), at(item))));
        match page.next {
            Some(next) => request.start = Some(next),
            None => break,
        }
    }
    seen.sort_unstable();
    let expected = std::iter::once((false, 3)).chain((0..10).map(|at| (true, at)));
    assert_eq!(seen, expected.collect::<Vec<_>>());

    let mut filtered = scan(&table);
    let user = filtered.placeholders.name("user");
    filtered.filter = Some(format!("attribute_not_exists({user})"));
    let page = bench.store.scan(filtered).await.expect("a scan");
    assert_eq!(numbers(&page), [3]);
}

pub(crate) async fn an_index_has_no_consistent_reads(bench: Bench) {
    let table = bench.table().await;
    let mut request = query(&table, "{user} = {:0}", [s("odd")]);
    request.index = Some("by_user".to_owned());
    assert_error!(bench.store.query(request), StoreError::Invalid { .. });
}
