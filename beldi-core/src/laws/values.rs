//! Values of any shape, as the laws take them.

use proptest::collection::{btree_set, hash_map, vec};
use proptest::prelude::*;
use serde_dynamo::AttributeValue;

use crate::ids::{InstanceId, StepPath};
use crate::store::Attributes;

pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,8}", "\\PC{0,4}"]
}

/// A decimal number in a spelling that the store gives back as it is.
pub(super) fn digits() -> impl Strategy<Value = String> {
    prop_oneof![any::<i64>().prop_map(|n| n.to_string()), (1..999_i32, 1..9_u8).prop_map(|(w, f)| format!("{w}.{f}"))]
}

pub(super) fn value() -> impl Strategy<Value = AttributeValue> {
    let leaf = prop_oneof![
        text().prop_map(AttributeValue::S),
        digits().prop_map(AttributeValue::N),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null(true)),
        vec(any::<u8>(), 0..6).prop_map(AttributeValue::B),
        btree_set(text(), 1..4).prop_map(|set| AttributeValue::Ss(set.into_iter().collect())),
        btree_set(any::<i32>(), 1..4)
            .prop_map(|set| AttributeValue::Ns(set.into_iter().map(|n| n.to_string()).collect())),
        btree_set(vec(any::<u8>(), 1..4), 1..4).prop_map(|set| AttributeValue::Bs(set.into_iter().collect())),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            hash_map(text(), inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

pub(super) fn attributes() -> impl Strategy<Value = Attributes> {
    hash_map("[a-z]{1,6}", value(), 0..5)
}

pub(super) fn key() -> impl Strategy<Value = Attributes> {
    let scalar = prop_oneof![text().prop_map(AttributeValue::S), digits().prop_map(AttributeValue::N)];
    hash_map("[a-z]{1,4}", scalar, 1..3)
}

pub(super) fn path() -> impl Strategy<Value = StepPath> {
    let number = prop_oneof![0..4_u32, 120..140_u32, any::<u32>()];
    vec(number, 1..6).prop_map(StepPath::of)
}

pub(super) fn instance() -> impl Strategy<Value = InstanceId> {
    prop_oneof![0..3_u128, any::<u128>()].prop_map(InstanceId::from_u128)
}

/// The same value, with everything that has no order in another order.
pub(super) fn reversed(value: &AttributeValue, lists_too: bool) -> AttributeValue {
    let again = |value: &AttributeValue| reversed(value, lists_too);
    match value {
        AttributeValue::L(list) if lists_too => AttributeValue::L(list.iter().rev().map(again).collect()),
        AttributeValue::L(list) => AttributeValue::L(list.iter().map(again).collect()),
        AttributeValue::M(map) => {
            let mut entries: Vec<_> = map.iter().map(|(name, value)| (name.clone(), again(value))).collect();
            entries.reverse();
            AttributeValue::M(entries.into_iter().collect())
        }
        AttributeValue::Ss(set) => AttributeValue::Ss(set.iter().rev().cloned().collect()),
        AttributeValue::Ns(set) => AttributeValue::Ns(set.iter().rev().cloned().collect()),
        AttributeValue::Bs(set) => AttributeValue::Bs(set.iter().rev().cloned().collect()),
        other => other.clone(),
    }
}
