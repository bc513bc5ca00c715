//! The expressions of the row log: a binary set that an update adds its own entry to.

use beldi::store::{AttributeValue, Attributes, ReturnValues, StoreError, UpdateItem};

use crate::bench::{Bench, assert_error, failed_condition, key, n, update};

const LIMIT: u32 = 4;

fn entry(number: u8) -> AttributeValue {
    AttributeValue::Bs(vec![vec![number; 22]])
}

/// A write that sets `value` and adds `entry` to the log, if it is not there and the log is not full.
fn write(table: &str, number: u8) -> UpdateItem {
    let value = AttributeValue::B(vec![number; 22]);
    update(
        table,
        key("a", 1),
        "SET {value} = {:0} ADD {_beldi_log} {:1}",
        Some("NOT contains({_beldi_log}, {:2}) AND (attribute_not_exists({_beldi_log}) OR size({_beldi_log}) < {:3})"),
        [n(number), entry(number), value, n(LIMIT)],
    )
}

fn log(row: &Attributes) -> Vec<u8> {
    let Some(AttributeValue::Bs(entries)) = row.get("_beldi_log") else { panic!("a row with a log, got {row:?}") };
    let mut numbers: Vec<_> = entries.iter().map(|entry| entry[0]).collect();
    numbers.sort_unstable();
    numbers
}

pub(crate) async fn an_entry_is_added_once(bench: Bench) {
    let table = bench.table().await;
    bench.store.update(write(&table, 1)).await.expect("the first write of a row without a log");
    bench.store.update(write(&table, 2)).await.expect("a second write");
    let row = failed_condition(bench.store.update(write(&table, 1))).await.expect("the row");
    assert_eq!(log(&row), [1, 2]);
    assert_eq!(row.get("value"), Some(&n(2)), "a repeated write changes nothing");
}

pub(crate) async fn a_full_log_is_refused_and_rolled(bench: Bench) {
    let table = bench.table().await;
    for number in 1..=4 {
        bench.store.update(write(&table, number)).await.expect("a write within the limit");
    }
    let full = failed_condition(bench.store.update(write(&table, 5))).await.expect("the row");
    assert_eq!(log(&full), [1, 2, 3, 4]);

    let roll = |epoch: u32| {
        let mut request = update(
            &table,
            key("a", 1),
            "SET {value} = {:0}, {_beldi_log} = {:1}, {_beldi_epoch} = {:2}",
            Some("attribute_not_exists({_beldi_epoch}) AND size({_beldi_log}) >= {:3}"),
            [n(5), entry(5), n(epoch), n(LIMIT)],
        );
        request.return_values = ReturnValues::AllNew;
        request
    };
    let rolled = bench.store.update(roll(1)).await.expect("a roll").expect("the new row");
    assert_eq!((log(&rolled), rolled.get("_beldi_epoch")), (vec![5], Some(&n(1))));
    let again = failed_condition(bench.store.update(roll(2))).await.expect("the row");
    assert_eq!(again.get("_beldi_epoch"), Some(&n(1)), "the epoch condition keeps a second roll out");
}

pub(crate) async fn add_and_delete_of_one_set_are_refused_together(bench: Bench) {
    let table = bench.table().await;
    bench.store.update(write(&table, 1)).await.expect("a write");
    let both =
        update(&table, key("a", 1), "ADD {_beldi_log} {:0} DELETE {_beldi_log} {:1}", None, [entry(2), entry(1)]);
    assert_error!(bench.store.update(both), StoreError::Invalid { .. });
}
