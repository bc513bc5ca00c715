//! Taking the lock of a row off, with the change that was made under it, and fencing acquisitions that must not
//! succeed any more (protocol, section 6).
//!
//! Invariants: an acquisition lets go of the row in the same update that adds its entry, so that no attempt that comes
//! late makes it again, and it lets go for itself only; a committed change is made in that update, only while the row is
//! held, and so once.

use std::collections::{BTreeMap, BTreeSet};

use serde_dynamo::AttributeValue;

use super::RowState;
use super::log::start_of;
use super::place::Place;
use super::row::acquisition;
use super::segments::{Segments, since};
use super::update::Update;
use super::write::{MAX_LOOKS, contended};
use crate::attributes::{canonical, key_text};
use crate::environment::Environment;
use crate::error::{Fault, TransactionFault};
use crate::store::{Attributes, GetItem, ReturnValues, StoreError};

/// What a transaction leaves in a row: the attributes that it sets, or removes where there is no value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Difference {
    pub(crate) attributes: BTreeMap<String, Option<AttributeValue>>,
    /// Whether the row is gone afterwards.
    pub(crate) deletes: bool,
}

/// As an attempt that repeats another one compares them: without any order, which a `HashSet` has anew each time, and
/// numbers by their value, which the store spells in its own way. All of a row that is gone is gone.
impl PartialEq for Difference {
    fn eq(&self, other: &Self) -> bool {
        let canonical = |difference: &Self| {
            let mut bytes = Vec::new();
            for (name, value) in &difference.attributes {
                canonical(&AttributeValue::S(name.clone()), &mut bytes);
                bytes.push(u8::from(value.is_some()));
                value.iter().for_each(|value| canonical(value, &mut bytes));
            }
            bytes
        };
        self.deletes == other.deletes && (self.deletes || canonical(self) == canonical(other))
    }
}

/// The end of acquisitions of one row by one owner.
pub(crate) struct RowRelease<'a> {
    pub(crate) environment: &'a Environment,
    /// The journal table of the row's service.
    pub(crate) journal: &'a str,
    pub(crate) table: &'a str,
    pub(crate) key: &'a Attributes,
    /// The entries of the acquisitions that end, at least one.
    pub(crate) entries: &'a [Vec<u8>],
    /// Who holds the row.
    pub(crate) owner: Vec<u8>,
    /// Whether there was no such row when it was taken: then it is a tombstone as long as nothing is written to it.
    pub(crate) absent: bool,
    /// What a commit changes.
    pub(crate) change: Option<&'a Difference>,
}

/// What was found where an acquisition was to be fenced.
#[derive(Debug)]
pub(crate) enum Fenced {
    /// The acquisition holds the row, which is this. Nothing was changed.
    Held(Attributes),
    /// The acquisition cannot succeed any more.
    Ended {
        /// Whether the row is a tombstone, or was when it was looked at.
        tombstone: bool,
    },
}

/// What one update does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Ends the acquisitions, of which the first holds the row. Others of the same owner keep it from being changed, and
    /// from being held alone, without a lock.
    Release,
    /// Adds the entries to a row that the first of them does not hold.
    Fence,
}

impl RowRelease<'_> {
    /// Ends the acquisitions and makes the change, once. An acquisition that never succeeded is fenced, unless there
    /// is a change: a commit knows that the row is held. Gives whether the row is left as a tombstone.
    pub(crate) async fn release(&self, witness: Option<u64>) -> Result<bool, Fault> {
        Ok(matches!(self.end(Part::Release, witness).await?, Fenced::Ended { tombstone: true }))
    }

    /// Sees to it that the acquisition cannot succeed any more, unless it has.
    pub(crate) async fn fence(&self, witness: Option<u64>) -> Result<Fenced, Fault> {
        self.end(Part::Fence, witness).await
    }

    /// Whether the acquisitions have ended, and then whether the row is a tombstone. `witness` is the epoch at which
    /// the row was taken.
    pub(crate) async fn is_done(&self, witness: u64) -> Result<Option<bool>, Fault> {
        let row = RowState::of(self.look().await?.as_ref())?;
        let ended = |log: &[Vec<u8>]| log.contains(&self.entries[0]).then_some(());
        let (segments, since) = (self.segments(), self.since());
        let done = ended(&row.log).is_some() || segments.find(&row, witness, since, ended).await?.is_some();
        Ok(done.then_some(row.tombstone))
    }

    async fn end(&self, first: Part, witness: Option<u64>) -> Result<Fenced, Fault> {
        let (mut part, mut place) = (first, Place::after(witness, self.since()));
        let (mut present, mut is_full) = (true, false);
        for _ in 0..MAX_LOOKS {
            let old = match self.send(part, &place, present).await {
                Ok(_) => return Ok(Fenced::Ended { tombstone: self.leaves_tombstone(part, present) }),
                Err(StoreError::ConditionFailed { item }) => item,
                // A shorter log makes room, once.
                Err(StoreError::ItemTooLarge { .. }) if !std::mem::replace(&mut is_full, true) => self.look().await?,
                Err(error) => return Err(error.into()),
            };
            let row = RowState::of(old.as_ref())?;
            let ended = |log: &[Vec<u8>]| log.contains(&self.entries[0]).then_some(());
            let tombstone = row.tombstone;
            if ended(&row.log).is_some() {
                return Ok(Fenced::Ended { tombstone });
            }
            present = row.present;
            let (expected, from) = place.expects(&row);
            if !expected {
                if self.segments().find(&row, from, self.since(), ended).await?.is_some() {
                    return Ok(Fenced::Ended { tombstone });
                }
                place = Place::AppendAt(row.epoch);
                continue;
            }
            match (first, row.holds.contains(&self.first())) {
                (Part::Fence, true) => return Ok(Fenced::Held(old.unwrap_or_default())),
                (_, true) => part = Part::Release,
                (Part::Release, false) if self.change.is_some() => return Err(self.lost()),
                (_, false) => part = Part::Fence,
            }
            let must_roll = row.log.len() >= self.environment.settings.log_entries || (is_full && !row.log.is_empty());
            if must_roll && !place.rolls(&row) {
                place = self.segments().prepare_roll(&row).await?;
            } else if place.is_outdated(&row) {
                place = Place::AppendAt(row.epoch);
            }
        }
        Err(contended(self.table))
    }

    async fn look(&self) -> Result<Option<Attributes>, StoreError> {
        let get = GetItem { table: self.table.to_owned(), key: self.key.clone(), consistent: true };
        self.environment.store.get(get).await
    }

    /// Whether an update of this kind has left a tombstone that nobody else knows of.
    fn leaves_tombstone(&self, part: Part, present: bool) -> bool {
        match (part, self.change) {
            (Part::Release, Some(change)) => change.deletes,
            (Part::Release, None) => self.absent,
            (Part::Fence, _) => self.absent || !present,
        }
    }

    async fn send(&self, part: Part, place: &Place, present: bool) -> Result<Option<Attributes>, StoreError> {
        let mut update = Update::default();
        update.guard(place, [self.entries[0].clone()], self.environment.settings.log_entries);
        // Parts of a transaction that have handed a row over name each other's entries, and a set has none twice.
        let entries: BTreeSet<_> = self.entries.iter().cloned().collect();
        let ended = entries.iter().map(|entry| acquisition(&self.owner, entry)).collect();
        update.log(place, entries.into_iter().collect());
        match part {
            Part::Release => {
                update.held_by(&self.first(), true);
                update.release(ended);
                self.change.into_iter().for_each(|change| change.apply(&mut update));
            }
            Part::Fence => {
                update.held_by(&self.first(), false);
                update.present(present, self.key);
            }
        }
        self.environment.store.update(update.request(self.table, self.key, ReturnValues::None)).await
    }

    /// The first of the acquisitions: where it goes, the others go.
    fn first(&self) -> Vec<u8> {
        acquisition(&self.owner, &self.entries[0])
    }

    fn segments(&self) -> Segments<'_> {
        Segments { environment: self.environment, journal: self.journal, table: self.table, key: self.key }
    }

    fn since(&self) -> u64 {
        since(self.environment, start_of(&self.entries[0]))
    }

    fn lost(&self) -> Fault {
        TransactionFault::LockLost { row: format!("{} {}", self.table, key_text(self.key)) }.into()
    }
}

impl Difference {
    /// Adds what comes after it.
    pub(crate) fn extend(&mut self, later: Self) {
        self.attributes.extend(later.attributes);
        self.deletes = later.deletes;
    }

    /// The row after the change; `None` if it is gone.
    pub(crate) fn over(&self, mut row: Attributes) -> Option<Attributes> {
        for (name, value) in &self.attributes {
            match value {
                Some(value) => row.insert(name.clone(), value.clone()),
                None => row.remove(name),
            };
        }
        (!self.deletes).then_some(row)
    }

    fn apply(&self, update: &mut Update) {
        for (name, value) in &self.attributes {
            match value {
                Some(value) => update.set(name, value.clone()),
                None => update.remove(name),
            }
        }
        update.mark(self.deletes);
    }
}
