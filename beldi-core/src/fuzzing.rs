//! What parses, for the fuzz targets in `fuzz/`. No part of the API.
//!
//! Architecture invariant: nothing here does anything but call what the library calls.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue;

use crate::attempt::read_records;
use crate::checksum;
use crate::daal::{self, RowState};
use crate::data::{self, Lists};
use crate::error::Fault;
use crate::host::LocalHost;
use crate::ids::StepPath;
use crate::intent;
use crate::key;
use crate::store::Attributes;
use crate::txn::{Answer, Part, TransactionContext, TransactionId};

/// The item with its checksum.
pub fn sealed(item: Attributes) -> Attributes {
    checksum::sealed(item)
}

/// Whether the item is as it was put.
pub fn is_intact(item: &Attributes) -> bool {
    checksum::verify(item).is_ok()
}

/// Reads a journal record.
pub fn read_record(item: &Attributes) -> Result<(), Fault> {
    read_records(std::slice::from_ref(item)).map(drop)
}

/// The part of a record that is about a transaction, read and written again.
pub fn part(item: &Attributes) -> Option<Attributes> {
    let part = Part::read(item).ok()??;
    let mut written = Attributes::new();
    part.write(&mut written);
    Some(written)
}

/// The transaction that an intent names.
pub fn transaction(item: &Attributes) -> Option<TransactionContext> {
    intent::transaction_of(item)
}

/// Reads what a row says besides the user's attributes. Gives its log.
pub fn read_row(item: &Attributes) -> Result<Vec<Vec<u8>>, Fault> {
    Ok(RowState::of(Some(item))?.log)
}

/// The user's attributes of a row.
pub fn user_attributes(item: Attributes) -> Option<Attributes> {
    daal::user_attributes(Some(item))
}

/// The name of a row.
pub fn row_name(table: &str, key: &Attributes) -> String {
    daal::row_name(table, key)
}

/// The start second of the instance of an entry.
pub fn start_of(entry: &[u8]) -> u32 {
    daal::start_of(entry)
}

/// The owner that stands in a lock, read and written again.
pub fn owner(lock: &[u8]) -> Option<Vec<u8>> {
    TransactionId::from_bytes(lock).map(|id| id.to_bytes())
}

/// The path that stands in an entry, read and written again.
pub fn path_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    StepPath::from_bytes(bytes).map(|path| path.to_bytes())
}

/// The answer of a participant, read and written again.
pub fn answer(json: &str) -> Option<String> {
    let answer: Answer = data::decode(json).ok()?;
    data::encode(&answer).ok()
}

/// The canonical spelling of a JSON text, with lists as they are or as sets.
pub fn canonical_json(json: &str, as_sets: bool) -> String {
    data::canonical(json, if as_sets { Lists::Unordered } else { Lists::Ordered })
}

/// The text of a number as a key.
pub fn number_key(digits: &str) -> Option<String> {
    match key::check(AttributeValue::N(digits.to_owned()), "number") {
        Ok(AttributeValue::N(plain)) => Some(plain),
        _ => None,
    }
}

/// The gateway of a host, without a connection.
pub fn gateway(host: &LocalHost) -> axum::Router {
    crate::host::router(host.front())
}

/// What an event of AWS Lambda asks for, in a word.
#[cfg(feature = "aws")]
pub fn event(event: &str) -> Result<&'static str, crate::host::LambdaError> {
    crate::host::kind_of_event(event)
}

/// The item of a user's type that a row is.
pub fn decode_item<T: DeserializeOwned>(item: Attributes) -> Result<T, serde_dynamo::Error> {
    serde_dynamo::from_item(item)
}

/// The row that an item of a user's type is stored as.
pub fn encode_item<T: Serialize>(item: &T) -> Result<Attributes, serde_dynamo::Error> {
    serde_dynamo::to_item(item)
}
