//! What a row says besides the user's attributes.

use std::collections::BTreeSet;

use serde_dynamo::AttributeValue;

use super::{DELETED, EPOCH, FIRST, HOLDER, HOLDS, LOCK, LOG};
use crate::attributes::{canonical_all, get_string, get_u64, key_text, string};
use crate::checksum::Damage;
use crate::ids::digest;
use crate::store::Attributes;

/// The protocol's part of a row, as a read or a failed condition shows it.
#[derive(Debug, Default, Clone)]
pub(crate) struct RowState {
    /// Whether there is an item at all, a tombstone included.
    pub(crate) present: bool,
    /// Whether it is a tombstone.
    pub(crate) tombstone: bool,
    /// The entries of the row log.
    pub(crate) log: Vec<Vec<u8>>,
    /// The epoch.
    pub(crate) epoch: u64,
    /// The first live epoch.
    pub(crate) first: u64,
    /// Who holds the row alone.
    pub(crate) lock: Option<Vec<u8>>,
    /// The instance that took the lock.
    pub(crate) holder: Option<Vec<u8>>,
    /// The acquisitions that hold the row: see [`acquisition`].
    pub(crate) holds: Vec<Vec<u8>>,
}

impl RowState {
    /// The state of a row; a row that does not exist is at epoch 0 with an empty log. What beldi cannot have written
    /// is damage.
    pub(crate) fn of(item: Option<&Attributes>) -> Result<Self, Damage> {
        let Some(item) = item else { return Ok(Self::default()) };
        let (epoch, first) = (epoch(item, EPOCH)?, epoch(item, FIRST)?);
        if first > epoch {
            return Err(Damage::of_row(format!("its first live epoch is {first}, after its epoch, which is {epoch}")));
        }
        let (log, holds) = (set(item, LOG)?, set(item, HOLDS)?);
        if holds.iter().any(|one| owner_of(one).is_none()) {
            return Err(Damage::of_row(format!("attribute `{HOLDS}` has what is no acquisition")));
        }
        let (lock, holder) = (bytes(item, LOCK)?, bytes(item, HOLDER)?);
        let tombstone = item.contains_key(DELETED);
        Ok(Self { present: true, tombstone, log, epoch, first, lock, holder, holds })
    }

    /// Who holds the row, apart from `own`.
    pub(crate) fn holders_but(&self, own: Option<&[u8]>) -> Vec<Vec<u8>> {
        let holders = self.lock.as_deref().into_iter().chain(self.holds.iter().filter_map(|one| owner_of(one)));
        let holders: BTreeSet<_> = holders.filter(|holder| own != Some(*holder)).collect();
        holders.into_iter().map(<[u8]>::to_vec).collect()
    }
}

/// What an acquisition is in a row that it holds: who holds the row, and the entry that is to end it.
pub(crate) fn acquisition(owner: &[u8], entry: &[u8]) -> Vec<u8> {
    let length = u16::try_from(owner.len()).expect("names of services and paths are short");
    [length.to_be_bytes().as_slice(), owner, entry].concat()
}

/// Whose acquisition it is.
fn owner_of(acquisition: &[u8]) -> Option<&[u8]> {
    let (length, rest) = acquisition.split_first_chunk::<2>()?;
    let (owner, entry) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    (!entry.is_empty()).then_some(owner)
}

/// The table and the key attributes of a row, which its name does not tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowKey {
    pub(crate) table: String,
    pub(crate) key: Attributes,
}

impl RowKey {
    /// The name of the row.
    pub(crate) fn name(&self) -> String {
        row_name(&self.table, &self.key)
    }

    /// Adds both to the attributes of an item about the row.
    pub(crate) fn write(self, item: &mut Attributes) {
        item.insert("table".to_owned(), string(self.table));
        item.insert("key".to_owned(), AttributeValue::M(self.key));
    }

    /// The row that an item is about.
    pub(crate) fn read(item: &Attributes) -> Option<Self> {
        let Some(AttributeValue::M(key)) = item.get("key") else { return None };
        Some(Self { table: get_string(item, "table")?.to_owned(), key: key.clone() })
    }
}

fn epoch(item: &Attributes, name: &str) -> Result<u64, Damage> {
    match (item.contains_key(name), get_u64(item, name)) {
        (true, None) => Err(wrong_type(name)),
        (_, epoch) => Ok(epoch.unwrap_or(0)),
    }
}

fn set(item: &Attributes, name: &str) -> Result<Vec<Vec<u8>>, Damage> {
    match item.get(name) {
        None => Ok(Vec::new()),
        Some(AttributeValue::Bs(entries)) => Ok(entries.clone()),
        Some(_) => Err(wrong_type(name)),
    }
}

fn bytes(item: &Attributes, name: &str) -> Result<Option<Vec<u8>>, Damage> {
    match item.get(name) {
        None => Ok(None),
        Some(AttributeValue::B(bytes)) => Ok(Some(bytes.clone())),
        Some(_) => Err(wrong_type(name)),
    }
}

fn wrong_type(name: &str) -> Damage {
    Damage::of_row(format!("attribute `{name}` has a type that beldi does not write"))
}

/// The user's attributes of a row; `None` for a row that does not exist or is a tombstone.
pub(crate) fn user_attributes(item: Option<Attributes>) -> Option<Attributes> {
    let mut item = item.filter(|item| !item.contains_key(DELETED))?;
    item.retain(|name, _| !name.starts_with("_beldi_"));
    Some(item)
}

/// The name of a row in the journal table: the partition of its segments, and in the memory of an attempt.
pub(crate) fn row_name(table: &str, key: &Attributes) -> String {
    let digest = digest(&[&canonical_all(key)]);
    format!("row/{table}/{digest:032x}/{}", key_text(key).chars().take(256).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::{number, string};

    /// A log of another type was taken for an empty one, an epoch of another type for 0, and an epoch that lies before
    /// the first live one was nothing but a panic in debug builds: a step whose entry could not be found was done again.
    #[test]
    fn what_beldi_cannot_have_written_is_damage() {
        let of = |attributes: &[(&str, AttributeValue)]| {
            let item = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            RowState::of(Some(&item)).map(|row| row.epoch)
        };
        assert_eq!(of(&[(EPOCH, number(7)), (FIRST, number(7))]), Ok(7));
        for damaged in [EPOCH, FIRST, LOG, LOCK, HOLDER, HOLDS] {
            let message = of(&[(damaged, string("7"))]).expect_err("damage").to_string();
            assert!(message.contains(damaged), "{message}");
        }
        let holds = AttributeValue::Bs(vec![acquisition(b"owner", b"entry"), vec![0, 9, 1]]);
        assert!(of(&[(HOLDS, holds)]).expect_err("damage").to_string().contains("no acquisition"));
        assert!(of(&[(FIRST, number(7))]).expect_err("damage").to_string().contains("its first live epoch is 7"));
    }
}
