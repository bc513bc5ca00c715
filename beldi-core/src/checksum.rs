//! Checksums of what a journal table holds: records, and segments of row logs.
//!
//! Invariant: nothing is done by a record or a segment that is not as it was put. DynamoDB looks after its own
//! storage; this is about mistakes of other versions, of tools and of hands. So every item has a checksum of its
//! canonical content, key included, that is written with it and verified whenever it is loaded.
//!
//! What changes in record 0 while its instance is open is left out, so that changing it needs no look at the rest.
//! A mark as done replaces the checksum by one of the result, because all else loses its meaning with it.

use serde_dynamo::AttributeValue;

use crate::attributes::{canonical_entries, get_string, get_u64, number, string};
use crate::data::Lists;
use crate::error::{Problem, ProblemKind};
use crate::ids::{InstanceId, digest};
use crate::store::Attributes;

/// The checksum of all that was put.
pub(crate) const CHECKSUM: &str = "checksum";

/// The checksum of what a mark as done leaves of record 0, in place of the other.
pub(crate) const RESULT_CHECKSUM: &str = "result_checksum";

/// What says when an open instance is started again, and what became of its last attempt. No effect depends on it.
const CHANGING: [&str; 5] = ["due", "shard", "attempts", "error", "parked"];

/// What [`RESULT_CHECKSUM`] is of. Where record 0 stands in garbage collection changes after that.
const DETERMINED: [&str; 6] = ["instance", "record", "done", "result", "answered", "aborted"];

/// Something in a journal table, or what a row says besides the user's attributes, is not as beldi wrote it.
///
/// Nothing is done by it. The instance is parked: an operator restores the item, or gives the instance up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{item} is damaged: {how}")]
pub struct Damage {
    item: String,
    how: String,
}

impl Damage {
    /// Damage of an item of a journal table.
    pub(crate) fn of(item: &Attributes, how: impl Into<String>) -> Self {
        let partition = get_string(item, "instance").unwrap_or("without a name");
        let record = get_u64(item, "record").map_or_else(|| "without a number".to_owned(), |record| record.to_string());
        let item = match partition.strip_prefix("row/") {
            Some(row) => format!("the segment of row {row} at epoch {record}"),
            None => format!("journal record {record} of instance {partition}"),
        };
        Self { item, how: how.into() }
    }

    /// Damage of a row.
    pub(crate) fn of_row(how: impl Into<String>) -> Self {
        Self { item: "the row".to_owned(), how: how.into() }
    }

    /// A record that is not there, although later ones are.
    pub(crate) fn missing(instance: InstanceId, record: u64) -> Self {
        let item = format!("journal record {record} of instance {instance}");
        Self { item, how: "it is missing, and later records are there".to_owned() }
    }

    /// What a client is told.
    pub(crate) fn problem(&self, service: &str, function: &str, instance: InstanceId) -> Problem {
        Problem {
            kind: ProblemKind::Damaged,
            detail: format!("{service}/{function} instance {instance}: {self}"),
            service: service.to_owned(),
            function: function.to_owned(),
            instance: Some(instance),
            step: None,
        }
    }
}

/// The item with its checksum, ready to be put. Whatever is put into a journal table comes through here.
pub(crate) fn sealed(mut item: Attributes) -> Attributes {
    let checksum = of_all(&item);
    item.insert(CHECKSUM.to_owned(), checksum);
    item
}

/// The checksum that a mark as done, which sets these attributes, leaves in place of the other.
pub(crate) fn of_done(instance: InstanceId, determined: &[(&str, AttributeValue)]) -> AttributeValue {
    let mut item =
        Attributes::from([("instance".to_owned(), string(instance.to_string())), ("record".to_owned(), number(0))]);
    item.extend(determined.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    of_determined(&item)
}

/// Whether the item is as it was put, or as its mark as done has left it.
pub(crate) fn verify(item: &Attributes) -> Result<(), Damage> {
    let (found, expected) = match (item.get(CHECKSUM), item.get(RESULT_CHECKSUM)) {
        (Some(found), None) => (found, of_all(item)),
        (None, Some(found)) => (found, of_determined(item)),
        (None, None) => return Err(Damage::of(item, "it has no checksum")),
        (Some(_), Some(_)) => return Err(Damage::of(item, "it has two checksums")),
    };
    match *found == expected {
        true => Ok(()),
        false => Err(Damage::of(item, "its content is not what its checksum was made of")),
    }
}

fn of_all(item: &Attributes) -> AttributeValue {
    of_those(item, |name| name != CHECKSUM && name != RESULT_CHECKSUM && !CHANGING.contains(&name))
}

fn of_determined(item: &Attributes) -> AttributeValue {
    of_those(item, |name| DETERMINED.contains(&name))
}

fn of_those(item: &Attributes, counts: impl Fn(&str) -> bool) -> AttributeValue {
    let entries = item.iter().filter(|(name, _)| counts(name)).collect();
    let mut content = Vec::new();
    canonical_entries(entries, Lists::Ordered, &mut content);
    AttributeValue::B(((digest(&[&content]) >> 64) as u64).to_be_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Attributes {
        sealed(Attributes::from([
            ("instance".to_owned(), string("00ff")),
            ("record".to_owned(), number(1)),
            ("due".to_owned(), number(7)),
            ("observations".to_owned(), AttributeValue::L(vec![string("a"), string("b")])),
        ]))
    }

    fn with(name: &str, value: AttributeValue) -> Result<(), Damage> {
        let mut item = record();
        item.insert(name.to_owned(), value);
        verify(&item)
    }

    #[test]
    fn whatever_counts_is_noticed() {
        assert_eq!(verify(&record()), Ok(()));
        let swapped = AttributeValue::L(vec![string("b"), string("a")]);
        for (name, value) in [("observations", swapped), ("record", number(2)), ("instance", string("00fe"))] {
            assert!(with(name, value).is_err(), "{name}");
        }
        assert!(with("stranger", number(1)).is_err() && with(CHECKSUM, string("x")).is_err());
        let damage = with("more", number(1)).expect_err("damage").to_string();
        assert!(damage.starts_with("journal record 1 of instance 00ff is damaged: its content"), "{damage}");
    }

    #[test]
    fn what_changes_while_an_instance_is_open_does_not_count() {
        assert_eq!(with("due", number(8)), Ok(()));
        assert_eq!(with("parked", number(8)), Ok(()));
        assert_eq!(with("record", AttributeValue::N("1.0".to_owned())), Ok(()), "the same number");
    }

    #[test]
    fn a_done_record_has_the_checksum_of_its_result() {
        let instance = InstanceId::from_u128(255);
        let mut done = Attributes::from([
            ("instance".to_owned(), string(instance.to_string())),
            ("record".to_owned(), number(0)),
            ("function".to_owned(), string("reserve")),
            ("done".to_owned(), number(9)),
            ("result".to_owned(), string("true")),
            (RESULT_CHECKSUM.to_owned(), of_done(instance, &[("done", number(9)), ("result", string("true"))])),
        ]);
        assert_eq!(verify(&done), Ok(()));
        done.insert("result".to_owned(), string("false"));
        assert!(verify(&done).is_err());
        done.remove(RESULT_CHECKSUM);
        assert!(verify(&done).expect_err("damage").to_string().ends_with("it has no checksum"));
    }
}
