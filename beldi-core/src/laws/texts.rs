//! Canonical spellings, which fingerprints and checksums are made of: what they ignore, and that they ignore nothing else.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_dynamo::AttributeValue;
use serde_json::{Map, Value, json};

use super::values::{attributes, reversed, text, value};
use crate::attributes::{canonical, canonical_entries};
use crate::checksum::{sealed, verify};
use crate::data::{self, Lists};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((text(), inner), 0..3).prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn bytes(value: &AttributeValue, lists: Lists) -> Vec<u8> {
    let (name, mut bytes) = (String::new(), Vec::new());
    match lists {
        Lists::Unordered => canonical(value, &mut bytes),
        Lists::Ordered => canonical_entries(vec![(&name, value)], lists, &mut bytes),
    }
    bytes
}

proptest! {
    /// The order of maps and sets never counts; that of lists counts in checksums, and not in fingerprints.
    #[test]
    fn order_counts_where_it_must(value in value()) {
        prop_assert_eq!(bytes(&value, Lists::Unordered), bytes(&reversed(&value, true), Lists::Unordered));
        prop_assert_eq!(bytes(&value, Lists::Ordered), bytes(&reversed(&value, false), Lists::Ordered));
    }

    /// Values that differ in more than the order of maps and sets have other bytes.
    #[test]
    fn nothing_else_is_ignored(one in value(), other in value()) {
        prop_assert_eq!(bytes(&one, Lists::Ordered) == bytes(&other, Lists::Ordered), one == other);
        if let (AttributeValue::L(list), AttributeValue::L(_)) = (&one, &other) {
            let swapped = AttributeValue::L(list.iter().rev().cloned().collect());
            prop_assert_eq!(bytes(&one, Lists::Ordered) == bytes(&swapped, Lists::Ordered), one == swapped);
        }
    }

    /// A value says where it ends: two in a row are not taken for two others.
    #[test]
    fn values_in_a_row_are_told_apart(one in (value(), value()), other in (value(), value())) {
        let row = |(first, second): &(AttributeValue, AttributeValue)| {
            [bytes(first, Lists::Ordered), bytes(second, Lists::Ordered)].concat()
        };
        prop_assert_eq!(row(&one) == row(&other), one == other);
    }

    /// Equal numbers have the same bytes, however the store spells them.
    #[test]
    fn numbers_are_numbers(whole in any::<i32>(), zeros in 1..4_usize) {
        let plain = AttributeValue::N(whole.to_string());
        for spelled in [format!("{whole}.{}", "0".repeat(zeros)), format!("{whole}{}E-{zeros}", "0".repeat(zeros))] {
            prop_assert_eq!(bytes(&AttributeValue::N(spelled), Lists::Ordered), bytes(&plain, Lists::Ordered));
        }
    }

    /// What is sealed is intact, and is not with any one attribute changed, added or removed.
    #[test]
    fn a_checksum_is_of_everything(item in attributes(), name in "[a-z]{1,6}", other in value()) {
        let intact = sealed(item.clone());
        prop_assert_eq!(verify(&intact), Ok(()));
        for gone in item.keys().filter(|name| !["due", "shard", "error", "parked"].contains(&name.as_str())) {
            let mut damaged = intact.clone();
            damaged.remove(gone);
            prop_assert!(verify(&damaged).is_err());
        }
        let mut damaged = intact.clone();
        damaged.insert(name.clone(), other.clone());
        let counts = !["due", "shard", "error", "parked"].contains(&name.as_str());
        prop_assert_eq!(verify(&damaged).is_err(), counts && item.get(&name) != Some(&other));
    }

    /// JSON has one canonical spelling, which means the same; texts that mean something else have another.
    #[test]
    fn json_has_one_spelling(one in json_value(), other in json_value()) {
        let spelled = data::canonical(&serde_json::to_string_pretty(&one).expect("JSON"), Lists::Ordered);
        prop_assert_eq!(data::canonical(&one.to_string(), Lists::Ordered), spelled.clone());
        prop_assert_eq!(serde_json::from_str::<Value>(&spelled).ok(), Some(one.clone()));
        prop_assert_eq!(data::canonical(&other.to_string(), Lists::Ordered) == spelled, one == other);
    }

    /// Between functions a list is compared as the set that it may be; its values all count.
    #[test]
    fn lists_of_functions_may_be_sets(values in vec(json_value(), 0..4), more in json_value()) {
        let spelled = |values: &[Value]| data::canonical(&json!(values).to_string(), Lists::Unordered);
        let reversed: Vec<_> = values.iter().rev().cloned().collect();
        prop_assert_eq!(spelled(&values), spelled(&reversed));
        let longer = [values.clone(), vec![more]].concat();
        prop_assert_ne!(spelled(&values), spelled(&longer));
    }

    /// What crosses a boundary comes back as it was.
    #[test]
    fn data_comes_back(value in json_value(), texts in vec(text(), 0..4), number in any::<u128>()) {
        let all = (value, texts, number, number as i64);
        let json = data::encode(&all).expect("JSON");
        prop_assert_eq!(data::decode::<(Value, Vec<String>, u128, i64)>(&json).ok(), Some(all));
    }
}
