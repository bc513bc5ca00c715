//! Tables in an account that are not what a program needs, and what is said of them.

use beldi_build::{Difference, LiveTable, TableManifest};
use serde_json::{Value, json};

fn rooms(holds: &str) -> TableManifest {
    let rooms = json!({
        "name": "rooms", "owner": "hotel", "holds": holds,
        "key": { "partition": { "name": "hotel", "type": "S" }, "sort": { "name": "night", "type": "N" } },
        "indexes": [{ "name": "by_city", "key": { "partition": { "name": "city", "type": "S" } } }]
    });
    serde_json::from_value(rooms).expect("a table")
}

/// What the AWS CLI says of that table, shortened.
fn described() -> Value {
    json!({
        "TableName": "rooms",
        "TableStatus": "ACTIVE",
        "AttributeDefinitions": [
            { "AttributeName": "night", "AttributeType": "N" },
            { "AttributeName": "hotel", "AttributeType": "S" },
            { "AttributeName": "city", "AttributeType": "S" }
        ],
        "KeySchema": [
            { "AttributeName": "hotel", "KeyType": "HASH" }, { "AttributeName": "night", "KeyType": "RANGE" }
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by_city",
                "KeySchema": [{ "AttributeName": "city", "KeyType": "HASH" }],
                "Projection": { "ProjectionType": "ALL" },
                "IndexStatus": "ACTIVE"
            }
        ]
    })
}

fn live(described: Value) -> LiveTable {
    let described = serde_json::from_value(described).expect("a description");
    LiveTable { described: Some(described), expires: Some("expires".to_owned()), restorable: Some(true) }
}

/// What is said of a table that was changed at one place.
fn said(at: &str, value: Value) -> Vec<String> {
    let mut described = described();
    *described.pointer_mut(at).expect("a place") = value;
    live(described).differs(&rooms("items"), false).iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_that_is_as_it_must_be_differs_in_nothing() {
    assert_eq!(live(described()).differs(&rooms("journal"), false), []);
}

#[test]
fn keys_are_compared_with_their_types() {
    let key = "its key is `hotel` (S), `night` (S) and must be `hotel` (S), `night` (N): give the table another name \
               in the program, or move its items";
    assert_eq!(said("/AttributeDefinitions/0/AttributeType", json!("S")), [key]);
    let said = said("/KeySchema", json!([{ "AttributeName": "hotel", "KeyType": "HASH" }]));
    assert!(said[0].starts_with("its key is `hotel` (S) and must be `hotel` (S), `night` (N)"), "{said:?}");
}

#[test]
fn indexes_are_compared() {
    assert_eq!(
        said("/GlobalSecondaryIndexes", json!([])),
        ["it has no index `by_city` with the key `city` (S): add it"]
    );
    assert_eq!(
        said("/GlobalSecondaryIndexes/0/Projection/ProjectionType", json!("KEYS_ONLY")),
        ["its index `by_city` does not hold all attributes: delete it and add it with the projection ALL"]
    );
    assert_eq!(
        said("/GlobalSecondaryIndexes/0/KeySchema/0/AttributeName", json!("night")),
        ["the key of its index `by_city` is `night` (N) and must be `city` (S): delete the index and add it again"]
    );
}

#[test]
fn items_of_a_journal_must_expire_and_those_of_users_must_not() {
    let never = LiveTable { expires: None, ..live(described()) };
    assert_eq!(never.differs(&rooms("items"), false), []);
    let by_another = LiveTable { expires: Some("ttl".to_owned()), ..live(described()) };
    for live in [never, by_another] {
        let [Difference::NotExpiring { attribute: "expires", .. }] = live.differs(&rooms("journal"), false)[..] else {
            panic!("it does not expire");
        };
    }
}

#[test]
fn what_is_created_must_be_restorable() {
    let table = |restorable| LiveTable { restorable, ..live(described()) };
    let name = "rooms".to_owned();
    assert_eq!(table(Some(false)).differs(&rooms("items"), false), [Difference::NotRestorable { table: name }]);
    assert_eq!(table(Some(false)).differs(&rooms("items"), true), []);
    assert_eq!(table(None).differs(&rooms("items"), false), []);
}
