//! Keys: which Rust values make a key, and which DynamoDB type they have.
//!
//! DynamoDB knows three key types: string, number and binary. Which of them a Rust type becomes is asked
//! of serde (see [`KeyTypes`]), so that dates, ids and newtypes need nothing of ours.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue;

mod probe;

pub use probe::{KeyTypeError, ScalarType};

/// The layout of an item's key: [`Partition`] or [`Composite`].
pub trait KeyLayout: 'static {
    /// The Rust type of the partition key.
    type Partition;
    /// The Rust type of the sort key, `()` without one.
    type Sort;

    /// The DynamoDB types of the key attributes.
    #[doc(hidden)]
    fn types() -> KeyTypes;
}

/// A key that is a partition key of type `P`.
pub struct Partition<P>(PhantomData<fn() -> P>);

/// A key that is a partition key of type `P` and a sort key of type `S`.
pub struct Composite<P, S>(PhantomData<fn() -> (P, S)>);

impl<P: DeserializeOwned + 'static> KeyLayout for Partition<P> {
    type Partition = P;
    type Sort = ();

    fn types() -> KeyTypes {
        KeyTypes::of::<P, ()>()
    }
}

impl<P: DeserializeOwned + 'static, S: DeserializeOwned + 'static> KeyLayout for Composite<P, S> {
    type Partition = P;
    type Sort = S;

    fn types() -> KeyTypes {
        KeyTypes::of::<P, S>()
    }
}

/// The DynamoDB types of a partition key and a sort key, or why a Rust type is none.
#[derive(Debug, Clone)]
pub struct KeyTypes {
    pub(crate) partition: Result<ScalarType, KeyTypeError>,
    /// Meaningless where the key has no sort key.
    pub(crate) sort: Result<ScalarType, KeyTypeError>,
}

impl KeyTypes {
    /// The types of a partition key `P` and a sort key `S`.
    pub(crate) fn of<P: DeserializeOwned, S: DeserializeOwned>() -> Self {
        Self { partition: probe::scalar_type::<P>(), sort: probe::scalar_type::<S>() }
    }
}

/// A value that can stand where a key of type `T` is wanted: a `T`, a `&T`, or a `&str` for a `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of type `{T}`",
    label = "expected `{T}` or a reference to it"
)]
pub trait KeyValue<T> {
    /// The key as an attribute, or why it is none.
    #[doc(hidden)]
    fn into_value(self) -> Result<AttributeValue, KeyError>;
}

impl<T: Serialize> KeyValue<T> for T {
    fn into_value(self) -> Result<AttributeValue, KeyError> {
        key_value(&self)
    }
}

impl<T: Serialize> KeyValue<T> for &T {
    fn into_value(self) -> Result<AttributeValue, KeyError> {
        key_value(self)
    }
}

impl KeyValue<String> for &str {
    fn into_value(self) -> Result<AttributeValue, KeyError> {
        key_value(&self)
    }
}

/// A value that names one row: the partition key, or a pair of partition key and sort key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a row of this table",
    label = "not the table's key",
    note = "a table with a partition key takes that key, one with a sort key takes the pair `(partition key, sort key)`"
)]
pub trait IntoKey<K> {
    /// The key as attributes, or why it is none.
    #[doc(hidden)]
    fn into_key(self) -> Result<ItemKey, KeyError>;
}

#[diagnostic::do_not_recommend]
impl<P, V: KeyValue<P>> IntoKey<Partition<P>> for V {
    fn into_key(self) -> Result<ItemKey, KeyError> {
        Ok(ItemKey { partition: self.into_value()?, sort: None })
    }
}

#[diagnostic::do_not_recommend]
impl<P, S, V: KeyValue<P>, W: KeyValue<S>> IntoKey<Composite<P, S>> for (V, W) {
    fn into_key(self) -> Result<ItemKey, KeyError> {
        Ok(ItemKey { partition: self.0.into_value()?, sort: Some(check_sort(self.1.into_value()?)?) })
    }
}

/// The key of one row.
#[derive(Debug, Clone)]
pub struct ItemKey {
    pub(crate) partition: AttributeValue,
    pub(crate) sort: Option<AttributeValue>,
}

/// A value cannot be a key in DynamoDB.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The value is neither a string, nor a number, nor binary.
    #[error("a key of type `{type_name}` is stored as {stored_as}: DynamoDB keys are strings, numbers or binary")]
    Type {
        /// The Rust type of the value.
        type_name: &'static str,
        /// What serde makes of it.
        stored_as: &'static str,
    },
    /// DynamoDB refuses empty keys.
    #[error("a key of type `{type_name}` is empty: DynamoDB refuses empty keys")]
    Empty {
        /// The Rust type of the value.
        type_name: &'static str,
    },
    /// Partition keys hold at most 2048 bytes, sort keys 1024.
    #[error("a key of {bytes} bytes: DynamoDB allows 2048 for a partition key and 1024 for a sort key")]
    TooLong {
        /// The size of the key.
        bytes: usize,
    },
    /// DynamoDB has no such number: not a number, infinite, beyond its range or its 38 digits.
    #[error("a key of type `{type_name}` is {digits}: DynamoDB knows numbers of 38 digits up to 10^126")]
    Number {
        /// The Rust type of the value.
        type_name: &'static str,
        /// The number.
        digits: String,
    },
    /// serde refused the value.
    #[error("a key of type `{type_name}` cannot be stored: {message}")]
    Encoding {
        /// The Rust type of the value.
        type_name: &'static str,
        /// serde's message.
        message: String,
    },
}

const MAX_PARTITION_KEY_BYTES: usize = 2048;
const MAX_SORT_KEY_BYTES: usize = 1024;

fn key_value<T: Serialize>(value: &T) -> Result<AttributeValue, KeyError> {
    let type_name = std::any::type_name::<T>();
    let value: AttributeValue = serde_dynamo::to_attribute_value(value)
        .map_err(|error| KeyError::Encoding { type_name, message: error.to_string() })?;
    check(value, type_name)
}

/// The value, if it can be a key. Equal numbers become one text, as they are one key to DynamoDB: whatever goes
/// by the text of a key would take `-0` and `0` for two rows.
pub(crate) fn check(value: AttributeValue, type_name: &'static str) -> Result<AttributeValue, KeyError> {
    let value = match value {
        AttributeValue::N(digits) => match plain_number(&digits) {
            Some(plain) => AttributeValue::N(plain),
            None => return Err(KeyError::Number { type_name, digits }),
        },
        other => other,
    };
    match size(&value) {
        None => Err(KeyError::Type { type_name, stored_as: kind(&value) }),
        Some(0) => Err(KeyError::Empty { type_name }),
        Some(1..=MAX_PARTITION_KEY_BYTES) => Ok(value),
        Some(bytes) => Err(KeyError::TooLong { bytes }),
    }
}

/// The key, if it is short enough for a sort key.
pub(crate) fn check_sort(value: AttributeValue) -> Result<AttributeValue, KeyError> {
    match size(&value) {
        Some(bytes) if bytes > MAX_SORT_KEY_BYTES => Err(KeyError::TooLong { bytes }),
        _ => Ok(value),
    }
}

const MAX_DIGITS: usize = 38;
/// Numbers are below 10^126 and, but for 0, not below 10^-130.
const MAX_WHOLE_DIGITS: usize = 126;
const MAX_LEADING_ZEROS: usize = 129;

/// The shortest text of a number that Rust has written, if it is one of DynamoDB's.
pub(crate) fn plain_number(digits: &str) -> Option<String> {
    let (sign, magnitude) = digits.strip_prefix('-').map_or(("", digits), |magnitude| ("-", magnitude));
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let leading_zeros = if whole.is_empty() { fraction.len() - fraction.trim_start_matches('0').len() } else { 0 };
    let significant = format!("{whole}{fraction}").trim_matches('0').len();
    if significant > MAX_DIGITS || whole.len() > MAX_WHOLE_DIGITS || leading_zeros > MAX_LEADING_ZEROS {
        return None;
    }
    Some(match (whole, fraction) {
        ("", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        ("", fraction) => format!("{sign}0.{fraction}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    })
}

/// The bytes of a value that can be a key.
fn size(value: &AttributeValue) -> Option<usize> {
    match value {
        AttributeValue::S(text) => Some(text.len()),
        AttributeValue::N(digits) => Some(digits.len()),
        AttributeValue::B(bytes) => Some(bytes.len()),
        _ => None,
    }
}

fn kind(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::Bool(_) => "a boolean",
        AttributeValue::Null(_) => "null",
        AttributeValue::M(_) => "a map",
        AttributeValue::L(_) => "a list",
        AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_) => "a set",
        _ => "a scalar",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_one_key() {
        let key = |number: f64| match key_value(&number) {
            Ok(AttributeValue::N(digits)) => digits,
            other => panic!("{other:?}"),
        };
        assert_eq!([key(-0.0), key(0.0), key(1.0), key(-2.50), key(1e-3)], ["0", "0", "1", "-2.5", "0.001"]);
        assert_eq!(key(1e125).len(), 126);
        for (spelled, plain) in [("-0.00", "0"), ("007", "7"), ("-01.10", "-1.1"), ("100", "100")] {
            assert_eq!(plain_number(spelled).as_deref(), Some(plain));
        }
    }

    #[test]
    fn what_dynamodb_has_no_number_for_is_no_key() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e126, 1e-131] {
            assert!(matches!(key_value(&number), Err(KeyError::Number { .. })), "{number}");
        }
        assert_eq!(plain_number(&u128::MAX.to_string()), None, "39 digits");
        assert!(key_value(&1e-130).is_ok() && key_value(&u64::MAX).is_ok());
    }
}
