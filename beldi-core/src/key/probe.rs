//! Finds the DynamoDB type of a Rust key type by asking its `Deserialize` what it wants to read.

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde_dynamo::AttributeValue;

/// The type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// `S`
    String,
    /// `N`
    Number,
    /// `B`
    Binary,
}

impl ScalarType {
    /// The type of a value, if it is one that a key can have.
    pub(crate) fn of(value: &AttributeValue) -> Option<Self> {
        match value {
            AttributeValue::S(_) => Some(Self::String),
            AttributeValue::N(_) => Some(Self::Number),
            AttributeValue::B(_) => Some(Self::Binary),
            _ => None,
        }
    }
}

/// A Rust type that is none of DynamoDB's key types.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{type_name}` cannot be a key: {found}; DynamoDB keys are strings, numbers or binary")]
pub struct KeyTypeError {
    type_name: &'static str,
    found: &'static str,
}

/// The type that a value of `T` has in DynamoDB.
pub(crate) fn scalar_type<T: DeserializeOwned>() -> Result<ScalarType, KeyTypeError> {
    let type_name = std::any::type_name::<T>();
    match T::deserialize(Probe) {
        Err(Found(Ok(scalar))) => Ok(scalar),
        Err(Found(Err(found))) => Err(KeyTypeError { type_name, found }),
        Ok(_) => Err(KeyTypeError { type_name, found: "it reads nothing" }),
    }
}

/// What the type asked for, carried out of `deserialize` as its error.
#[derive(Debug)]
struct Found(Result<ScalarType, &'static str>);

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Found {}

impl de::Error for Found {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(Err("its `Deserialize` fails without reading"))
    }
}

struct Probe;

macro_rules! answers {
    ($($answer:expr => $($method:ident)+;)+) => {$($(
        fn $method<V: Visitor<'static>>(self, _: V) -> Result<V::Value, Found> {
            Err(Found($answer))
        }
    )+)+};
}

impl Deserializer<'static> for Probe {
    type Error = Found;

    answers! {
        Ok(ScalarType::String) => deserialize_char deserialize_str deserialize_string deserialize_identifier;
        Ok(ScalarType::Number) => deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
            deserialize_f32 deserialize_f64;
        Ok(ScalarType::Binary) => deserialize_bytes deserialize_byte_buf;
        Err("it is a boolean") => deserialize_bool;
        Err("it is optional") => deserialize_option;
        Err("it is empty") => deserialize_unit deserialize_ignored_any;
        Err("it is a list") => deserialize_seq;
        Err("it is a map") => deserialize_map;
        Err("it reads any type") => deserialize_any;
    }

    fn deserialize_unit_struct<V: Visitor<'static>>(self, _: &'static str, _: V) -> Result<V::Value, Found> {
        Err(Found(Err("it is empty")))
    }

    fn deserialize_newtype_struct<V: Visitor<'static>>(self, _: &'static str, visitor: V) -> Result<V::Value, Found> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'static>>(self, _: usize, _: V) -> Result<V::Value, Found> {
        Err(Found(Err("it is a tuple")))
    }

    fn deserialize_tuple_struct<V: Visitor<'static>>(self, _: &'static str, _: usize, _: V) -> Result<V::Value, Found> {
        Err(Found(Err("it is a tuple")))
    }

    fn deserialize_struct<V: Visitor<'static>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Found> {
        Err(Found(Err("it is a struct")))
    }

    fn deserialize_enum<V: Visitor<'static>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Found> {
        Err(Found(Ok(ScalarType::String)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Name(#[expect(dead_code, reason = "only its type matters")] String);

    #[derive(Deserialize)]
    struct Pair(
        #[expect(dead_code, reason = "only its type matters")] u8,
        #[expect(dead_code, reason = "as above")] u8,
    );

    #[derive(Deserialize)]
    enum Genre {
        Drama,
    }

    #[test]
    fn serde_tells_the_type_of_a_key() {
        assert_eq!(scalar_type::<String>(), Ok(ScalarType::String));
        assert_eq!(scalar_type::<Name>(), Ok(ScalarType::String));
        assert_eq!(scalar_type::<uuid::Uuid>(), Ok(ScalarType::String));
        assert_eq!(scalar_type::<u64>(), Ok(ScalarType::Number));
        assert_eq!(scalar_type::<Genre>(), Ok(ScalarType::String));
        let _ = Genre::Drama;
        for refused in [
            scalar_type::<bool>().err(),
            scalar_type::<Option<String>>().err(),
            scalar_type::<Pair>().err(),
            scalar_type::<Vec<u8>>().err(),
        ] {
            assert!(refused.expect("no key type").to_string().contains("DynamoDB keys are strings"));
        }
    }
}
