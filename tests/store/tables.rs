//! Creating tables, and comparing them with what they should be.

use std::sync::Arc;

use beldi::store::tables::{TableError, check, create_missing, journal};
use beldi::store::{IndexSchema, KeyAttribute, ScalarType, StoreError, TableSchema};

use crate::bench::{Bench, assert_error};

fn attribute(name: &str, scalar_type: ScalarType) -> KeyAttribute {
    KeyAttribute::new(name, scalar_type)
}

fn rooms(bench: &Bench) -> TableSchema {
    let night = attribute("night", ScalarType::Number);
    TableSchema::new(bench.name("rooms"), attribute("hotel", ScalarType::String), Some(night.clone()))
        .with_index(IndexSchema::new("by_city", attribute("city", ScalarType::String), Some(night)))
        .with_index(IndexSchema::new("by_hash", attribute("hash", ScalarType::Binary), None))
}

pub(crate) async fn a_created_table_is_described_as_declared(bench: Bench) {
    for schema in [rooms(&bench), journal(&bench.name("hotel"))] {
        let name = schema.name.clone();
        bench.store.create_table(schema.clone()).await.expect("a new table");
        let mut found = bench.store.describe_table(&name).await.expect("an answer").expect("the table");
        found.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        found.expires.clone_from(&schema.expires);
        assert_eq!(found, schema);
    }
}

pub(crate) async fn a_table_is_created_once(bench: Bench) {
    let schemas = [rooms(&bench), journal(&bench.name("hotel"))];
    let names = schemas.iter().map(|schema| schema.name.clone()).collect::<Vec<_>>();
    assert_eq!(create_missing(&*bench.store, &schemas).await.expect("new tables"), names);
    assert_eq!(create_missing(&*bench.store, &schemas).await.expect("the tables are there"), [""; 0]);
    let again = bench.store.create_table(schemas[0].clone());
    assert_error!(again, StoreError::TableExists { table } if table == names[0]);
}

pub(crate) async fn hosts_create_tables_at_the_same_time(bench: Bench) {
    let schemas = Arc::new([rooms(&bench), journal(&bench.name("hotel"))]);
    let hosts: Vec<_> = (0..4)
        .map(|_| {
            let (store, schemas) = (Arc::clone(&bench.store), Arc::clone(&schemas));
            tokio::spawn(async move { create_missing(&*store, schemas.as_slice()).await })
        })
        .collect();
    let mut created = Vec::new();
    for host in hosts {
        created.extend(host.await.expect("the host ends without a panic").expect("every host has its tables"));
    }
    assert_eq!(created.len(), 2, "each table is created by one of the hosts: {created:?}");
}

pub(crate) async fn every_difference_is_reported(bench: Bench) {
    let found = rooms(&bench);
    bench.store.create_table(found.clone()).await.expect("a new table");
    check(&*bench.store, std::slice::from_ref(&found)).await.expect("the table is as declared");

    let mut other_type = found.clone();
    other_type.key.sort = Some(attribute("night", ScalarType::String));
    let mut other_name = found.clone();
    other_name.key.partition.name = "inn".to_owned();
    let mut other_indexes = found.clone();
    other_indexes.indexes[0].key.sort = None;
    other_indexes.indexes[1].name = "by_colour".to_owned();
    let mut fewer_indexes = found.clone();
    fewer_indexes.indexes.clear();
    let missing = journal(&bench.name("hotel"));
    let expected = [other_type, other_name, other_indexes, fewer_indexes, missing];

    let errors = check(&*bench.store, &expected).await.expect_err("differences");
    let text = errors.to_string().replace(&found.name, "rooms").replace(&bench.name("hotel"), "hotel");
    assert_eq!(
        text,
        "5 problems with tables:\n\
         - table `rooms` has the key `hotel` (S), `night` (N); the item type expects `hotel` (S), `night` (S)\n\
         - table `rooms` has the key `hotel` (S), `night` (N); the item type expects `inn` (S), `night` (N)\n\
         - index `by_city` of table `rooms` has the key `city` (S), `night` (N); the item type expects `city` (S)\n\
         - table `rooms` has no index `by_colour`; it must have the key `hash` (B)\n\
         - there is no table `hotel-journal`; it must have the key `instance` (S), `record` (N)"
    );
    assert!(matches!(&errors.0[2], TableError::IndexKey { index, .. } if index == "by_city"));
    let errors = create_missing(&*bench.store, &expected[..1]).await.expect_err("a table with another key");
    assert!(matches!(errors.0.as_slice(), [TableError::Key { .. }]), "{errors}");
}
