//! Small helpers on attribute values: sizes, canonical bytes, and the keys of rows as text.

use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde_dynamo::AttributeValue;

use crate::data::Lists;
use crate::store::Attributes;

/// A string attribute.
pub(crate) fn string(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The string of an attribute.
pub(crate) fn get_string<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    match attributes.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

/// The whole number of an attribute.
pub(crate) fn get_u64(attributes: &Attributes, name: &str) -> Option<u64> {
    match attributes.get(name) {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        _ => None,
    }
}

/// The list of an attribute; empty where there is none.
pub(crate) fn get_list<'a>(attributes: &'a Attributes, name: &str) -> &'a [AttributeValue] {
    match attributes.get(name) {
        Some(AttributeValue::L(values)) => values,
        _ => &[],
    }
}

/// The size of a value in bytes, as DynamoDB counts it, within a few bytes above.
pub(crate) fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::N(digits) => digits.len() / 2 + 3,
        AttributeValue::S(text) => text.len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::M(map) => 3 + size_of_all(map) + map.len(),
        AttributeValue::L(list) => 3 + list.iter().map(|value| size_of(value) + 1).sum::<usize>(),
        AttributeValue::Ss(set) | AttributeValue::Ns(set) => set.iter().map(String::len).sum(),
        AttributeValue::Bs(set) => set.iter().map(Vec::len).sum(),
    }
}

/// The size of attributes with their names.
pub(crate) fn size_of_all(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, value)| name.len() + size_of(value)).sum()
}

/// Bytes that are equal exactly when the values are, whatever the order of maps, sets and lists: a list may be
/// a `HashSet` of the user's, whose order is another one in each attempt.
pub(crate) fn canonical(value: &AttributeValue, bytes: &mut Vec<u8>) {
    canonical_in(value, Lists::Unordered, bytes);
}

fn canonical_in(value: &AttributeValue, lists: Lists, bytes: &mut Vec<u8>) {
    let mut scalar = |tag: u8, content: &[u8]| {
        bytes.push(tag);
        bytes.extend_from_slice(&(content.len() as u64).to_be_bytes());
        bytes.extend_from_slice(content);
    };
    match value {
        AttributeValue::N(digits) => scalar(b'N', canonical_number(digits).as_bytes()),
        AttributeValue::S(text) => scalar(b'S', text.as_bytes()),
        AttributeValue::Bool(flag) => scalar(b'T', &[u8::from(*flag)]),
        AttributeValue::Null(_) => scalar(b'0', &[]),
        AttributeValue::B(content) => scalar(b'B', content),
        AttributeValue::M(map) => {
            bytes.push(b'M');
            canonical_entries(map.iter().collect(), lists, bytes);
        }
        AttributeValue::L(list) => {
            scalar(b'L', &list.len().to_be_bytes());
            let mut values: Vec<_> = list.iter().map(|value| canonical_of(value, lists)).collect();
            if lists == Lists::Unordered {
                values.sort_unstable();
            }
            values.iter().for_each(|value| bytes.extend_from_slice(value));
        }
        AttributeValue::Ss(set) => canonical_set(b'1', set.iter().map(|text| text.as_bytes().to_vec()), bytes),
        AttributeValue::Ns(set) => canonical_set(b'2', set.iter().map(|n| canonical_number(n).into_bytes()), bytes),
        AttributeValue::Bs(set) => canonical_set(b'3', set.iter().cloned(), bytes),
    }
}

/// Canonical bytes of attributes, in the order of their names.
pub(crate) fn canonical_entries(mut entries: Vec<(&String, &AttributeValue)>, lists: Lists, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(entries.len() as u64).to_be_bytes());
    entries.sort_by_key(|(name, _)| *name);
    for (name, value) in entries {
        canonical_in(&string(name), lists, bytes);
        canonical_in(value, lists, bytes);
    }
}

/// One text for all spellings of a number: the store gives `1.50` back as `1.5`.
fn canonical_number(digits: &str) -> String {
    match BigDecimal::from_str(digits) {
        Ok(number) => {
            let (digits, scale) = number.normalized().into_bigint_and_exponent();
            format!("{digits}e{}", -i128::from(scale))
        }
        Err(_) => digits.to_owned(),
    }
}

fn canonical_of(value: &AttributeValue, lists: Lists) -> Vec<u8> {
    let mut bytes = Vec::new();
    canonical_in(value, lists, &mut bytes);
    bytes
}

fn canonical_set(tag: u8, set: impl Iterator<Item = Vec<u8>>, bytes: &mut Vec<u8>) {
    let mut entries: Vec<_> = set.collect();
    entries.sort_unstable();
    bytes.push(tag);
    bytes.extend_from_slice(&(entries.len() as u64).to_be_bytes());
    for entry in entries {
        bytes.extend_from_slice(&(entry.len() as u64).to_be_bytes());
        bytes.extend_from_slice(&entry);
    }
}

/// Canonical bytes of a list of attributes, sorted by name.
pub(crate) fn canonical_all(attributes: &Attributes) -> Vec<u8> {
    let mut bytes = Vec::new();
    canonical_entries(attributes.iter().collect(), Lists::Unordered, &mut bytes);
    bytes
}

/// Whether no value lies between the two: DynamoDB refuses to look.
pub(crate) fn is_empty_range(low: &AttributeValue, high: &AttributeValue) -> bool {
    match (low, high) {
        (AttributeValue::S(low), AttributeValue::S(high)) => low > high,
        (AttributeValue::B(low), AttributeValue::B(high)) => low > high,
        (AttributeValue::N(low), AttributeValue::N(high)) => match (low.parse::<i128>(), high.parse::<i128>()) {
            (Ok(low), Ok(high)) => low > high,
            _ => matches!((low.parse::<f64>(), high.parse::<f64>()), (Ok(low), Ok(high)) if low > high),
        },
        _ => false,
    }
}

/// A key as people write it: `hotel=Ritz night=3`.
pub(crate) fn key_text(key: &Attributes) -> String {
    let mut parts: Vec<_> = key.iter().map(|(name, value)| format!("{name}={}", scalar_text(value))).collect();
    parts.sort_unstable();
    parts.join(" ")
}

fn scalar_text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.chars().take(128).collect(),
        AttributeValue::B(bytes) => bytes.iter().take(64).map(|byte| format!("{byte:02x}")).collect(),
        _ => String::from("?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_bytes_ignore_the_order_of_maps_sets_and_lists_but_nothing_else() {
        let map = |names: [&str; 2]| {
            AttributeValue::M(names.into_iter().map(|name| (name.to_owned(), number(name.len()))).collect())
        };
        let bytes = |value: &AttributeValue| canonical_of(value, Lists::Unordered);
        assert_eq!(bytes(&map(["a", "bb"])), bytes(&map(["bb", "a"])));
        assert_ne!(bytes(&map(["a", "bb"])), bytes(&map(["a", "cc"])));
        let set = |first: &str, second: &str| AttributeValue::Ss(vec![first.into(), second.into()]);
        assert_eq!(bytes(&set("a", "b")), bytes(&set("b", "a")));
        assert_ne!(bytes(&set("ab", "c")), bytes(&set("a", "bc")));
        assert_ne!(bytes(&string("1")), bytes(&number(1)));
    }
}
