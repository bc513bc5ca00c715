//! The write of one row by one step: append to the log, or roll it.
//!
//! | what the failed condition's row shows | what follows |
//! |---|---|
//! | an entry of the step | done, with that entry's outcome |
//! | another epoch than expected | one query of the segments between; then done, or again at that epoch |
//! | a lock of somebody else | the writer waits, and looks again at that epoch |
//! | a full log | the segment is put, then a roll that carries the change |
//! | none of these | the user's condition does not hold: *false* is recorded in the same way |

use super::lock::Busy;
use super::place::Place;
use super::segments::{Segments, since};
use super::update::Update;
use super::{EntryKey, RowChange, RowState, user_attributes};
use crate::attempt::MAX_VALUE_BYTES;
use crate::attributes::size_of;
use crate::environment::Environment;
use crate::error::Fault;
use crate::store::{Attributes, ReturnValues, StoreError};
use serde_dynamo::AttributeValue;

/// What became of a write.
#[derive(Debug)]
pub(crate) enum Written {
    /// The change is made.
    Changed,
    /// The user's condition did not hold; the row as it was when that was seen.
    Refused(Option<Attributes>),
    /// Nothing was changed: others hold the row.
    Locked(Busy),
}

/// Writes one row for one step.
pub(crate) struct RowWriter<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) change: &'a RowChange,
    pub(crate) entry: EntryKey,
    /// The lock that this instance may hold on the row, if it holds any.
    pub(crate) own_lock: Option<Vec<u8>>,
}

/// How often a request on a row looks again, before it leaves a contended row to a later attempt.
pub(super) const MAX_LOOKS: u32 = 64;

impl RowWriter<'_> {
    /// Makes the change once, whoever has tried before. `witness` is the epoch at which an earlier step of
    /// this instance saw the row.
    pub(crate) async fn write(&self, witness: Option<u64>) -> Result<Written, Fault> {
        let segments = self.segments();
        let since = since(self.environment, self.entry.start_s);
        let mut place = Place::after(witness, since);
        let mut outcome = true;
        let mut present = true;
        for _ in 0..MAX_LOOKS {
            let old = match self.send(&place, outcome, present).await {
                Ok(old) if !outcome => return Ok(Written::Refused(old)),
                Ok(_) => return Ok(Written::Changed),
                Err(StoreError::ConditionFailed { item }) => item,
                Err(error) => return Err(error.into()),
            };
            let row = RowState::of(old.as_ref())?;
            if let Some(outcome) = self.entry.find(&row.log) {
                return Ok(written(outcome, old));
            }
            present = row.present;
            // Before it is held by somebody: what this step has written may since be locked by a later step.
            let (expected, from) = place.expects(&row);
            if !expected {
                let found = segments.find(&row, from, since, |log| self.entry.find(log));
                if let Some(outcome) = found.await? {
                    return Ok(written(outcome, old));
                }
            }
            let holders = row.holders_but(self.own_lock.as_deref());
            if !holders.is_empty() {
                return Ok(Written::Locked(Busy { holders, epoch: row.epoch }));
            }
            if !expected {
                place = Place::AppendAt(row.epoch);
                continue;
            }
            if row.log.len() >= self.environment.settings.log_entries && !place.rolls(&row) {
                place = segments.prepare_roll(&row).await?;
            } else if place.is_outdated(&row) {
                place = Place::AppendAt(row.epoch);
            } else if self.change.condition.is_some() {
                if outcome {
                    self.check_conflict(old.as_ref())?;
                }
                outcome = !outcome;
            }
        }
        Err(contended(&self.change.table))
    }

    /// Refuses a conflict that no journal record could carry, as long as nothing says *false* yet: an operator
    /// can let the step be tried again when the row has become smaller.
    fn check_conflict(&self, row: Option<&Attributes>) -> Result<(), Fault> {
        let bytes = user_attributes(row.cloned()).map_or(0, |attributes| size_of(&AttributeValue::M(attributes)));
        if bytes <= MAX_VALUE_BYTES {
            return Ok(());
        }
        Err(Fault::TooLarge {
            what: format!("the row of `{}` for which a condition does not hold", self.change.table),
            bytes,
            limit: MAX_VALUE_BYTES,
            remedy: "keep rows that are written on conditions smaller, with what is large in rows of their own",
        })
    }

    fn segments(&self) -> Segments<'_> {
        let RowChange { table, journal, key, .. } = self.change;
        Segments { environment: self.environment, journal, table, key }
    }

    /// One update: the change, or nothing but the outcome *false*, with its entry.
    async fn send(&self, place: &Place, outcome: bool, present: bool) -> Result<Option<Attributes>, StoreError> {
        let mut update = Update::default();
        let outcomes: &[bool] = if self.change.condition.is_some() { &[true, false] } else { &[true] };
        let entries = outcomes.iter().map(|outcome| self.entry.entry(*outcome));
        update.guard(place, entries, self.environment.settings.log_entries);
        update.unlocked(self.own_lock.as_deref());
        update.log(place, vec![self.entry.entry(outcome)]);
        if outcome {
            update.change(self.change);
        } else {
            update.refuse(present, self.change);
        }
        let return_values = if outcome { ReturnValues::None } else { ReturnValues::AllOld };
        self.environment.store.update(update.request(&self.change.table, &self.change.key, return_values)).await
    }
}

/// The fault of a row that is changed by others as often as it is looked at.
pub(super) fn contended(table: &str) -> Fault {
    StoreError::Transient { message: format!("a row of `{table}` is written by too many others at once") }.into()
}

fn written(outcome: bool, row: Option<Attributes>) -> Written {
    if outcome { Written::Changed } else { Written::Refused(row) }
}
