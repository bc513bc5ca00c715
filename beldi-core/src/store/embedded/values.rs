//! Attribute values, ours and the engine's.

use dynoxide::AttributeValue as EngineValue;
use serde_dynamo::AttributeValue;

use crate::store::{Attributes, Placeholders};

pub(super) type EngineItem = dynoxide::Item;

pub(super) fn to_engine(attributes: Attributes) -> EngineItem {
    attributes.into_iter().map(|(name, value)| (name, value_to_engine(value))).collect()
}

pub(super) fn from_engine(item: EngineItem) -> Attributes {
    item.into_iter().map(|(name, value)| (name, value_from_engine(value))).collect()
}

/// Names and values of expressions; the engine, like DynamoDB, refuses maps without an entry.
pub(super) fn placeholders(placeholders: Placeholders) -> (Option<Names>, Option<EngineItem>) {
    let names: Names = placeholders.names.into_iter().collect();
    let values: EngineItem =
        placeholders.values.into_iter().map(|(placeholder, value)| (placeholder, value_to_engine(value))).collect();
    (Some(names).filter(|names| !names.is_empty()), Some(values).filter(|values| !values.is_empty()))
}

type Names = std::collections::HashMap<String, String>;

fn value_to_engine(value: AttributeValue) -> EngineValue {
    match value {
        AttributeValue::S(text) => EngineValue::S(text),
        AttributeValue::N(digits) => EngineValue::N(digits),
        AttributeValue::B(bytes) => EngineValue::B(bytes),
        AttributeValue::Bool(truth) => EngineValue::BOOL(truth),
        AttributeValue::Null(null) => EngineValue::NULL(null),
        AttributeValue::Ss(set) => EngineValue::SS(set),
        AttributeValue::Ns(set) => EngineValue::NS(set),
        AttributeValue::Bs(set) => EngineValue::BS(set),
        AttributeValue::L(list) => EngineValue::L(list.into_iter().map(value_to_engine).collect()),
        AttributeValue::M(map) => EngineValue::M(to_engine(map)),
    }
}

fn value_from_engine(value: EngineValue) -> AttributeValue {
    match value {
        EngineValue::S(text) => AttributeValue::S(text),
        EngineValue::N(digits) => AttributeValue::N(digits),
        EngineValue::B(bytes) => AttributeValue::B(bytes),
        EngineValue::BOOL(truth) => AttributeValue::Bool(truth),
        EngineValue::NULL(null) => AttributeValue::Null(null),
        EngineValue::SS(set) => AttributeValue::Ss(set),
        EngineValue::NS(set) => AttributeValue::Ns(set),
        EngineValue::BS(set) => AttributeValue::Bs(set),
        EngineValue::L(list) => AttributeValue::L(list.into_iter().map(value_from_engine).collect()),
        EngineValue::M(map) => AttributeValue::M(from_engine(map)),
    }
}
