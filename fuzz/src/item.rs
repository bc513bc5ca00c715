//! Rows that are decoded into a user's type.
//!
//! Law: what was decoded and encoded decodes to the same.

use std::collections::{BTreeMap, BTreeSet};

use beldi::prelude::*;

use super::Found;

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Kind {
    Plain,
    Suite { rooms: u8 },
    Named(String),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Room {
    hotel: String,
    night: i64,
    free: Option<u32>,
    price: f64,
    tags: BTreeSet<String>,
    notes: BTreeMap<String, Vec<i16>>,
    kind: Kind,
    open: bool,
    pair: (u64, char),
}

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let Some(item) = super::attributes(data) else { return Found::new() };
    let Ok(room) = beldi_core::fuzzing::decode_item::<Room>(item) else { return Found::new() };
    let encoded = beldi_core::fuzzing::encode_item(&room).expect("what was decoded can be encoded");
    let again = beldi_core::fuzzing::decode_item::<Room>(encoded).expect("what was encoded can be decoded");
    assert!(again == room || room.price.is_nan(), "{room:?} became {again:?}");
    vec!["item"]
}
