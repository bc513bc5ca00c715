//! Attribute values, ours and the SDK's.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use crate::store::{Attributes, Placeholders};

pub(super) type SdkItem = HashMap<String, SdkValue>;

pub(super) fn to_sdk(attributes: Attributes) -> SdkItem {
    attributes.into_iter().map(|(name, value)| (name, value.into())).collect()
}

pub(super) fn from_sdk(item: SdkItem) -> Attributes {
    item.into_iter().map(|(name, value)| (name, value.into())).collect()
}

pub(super) fn items_from(items: Vec<SdkItem>) -> Vec<Attributes> {
    items.into_iter().map(from_sdk).collect()
}

/// Names and values of expressions; DynamoDB refuses maps without an entry.
pub(super) fn placeholders(placeholders: Placeholders) -> (Option<HashMap<String, String>>, Option<SdkItem>) {
    let names: HashMap<_, _> = placeholders.names.into_iter().collect();
    let values: SdkItem =
        placeholders.values.into_iter().map(|(placeholder, value)| (placeholder, value.into())).collect();
    (Some(names).filter(|names| !names.is_empty()), Some(values).filter(|values| !values.is_empty()))
}
