//! The write of one row by one step: append to the log, or roll it.
//!
//! | what the failed condition's row shows | what follows |
//! |---|---|
//! | an entry of the step | done, with that entry's outcome |
//! | another epoch than expected | one query of the segments between; then done, or again at that epoch |
//! | a full log | the segment is put, then a roll that carries the change |
//! | none of these | the user's condition does not hold: *false* is recorded in the same way |

use serde_dynamo::AttributeValue;

use super::log::start_of;
use super::{Action, DELETED, EPOCH, EntryKey, FIRST, LOG, RowChange, RowState, row_name, user_attributes};
use crate::attempt::MAX_VALUE_BYTES;
use crate::attributes::{number, size_of, string};
use crate::environment::Environment;
use crate::error::Fault;
use crate::store::{Attributes, Placeholders, PutItem, QueryItems, ReturnValues, StoreError, UpdateItem};

/// What became of a write.
#[derive(Debug)]
pub(crate) enum Written {
    /// The change is made.
    Changed,
    /// The user's condition did not hold; the row as it was when that was seen.
    Refused(Option<Attributes>),
}

/// Writes one row for one step.
pub(crate) struct RowWriter<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) change: &'a RowChange,
    pub(crate) entry: EntryKey,
    /// Entries of instances that started before this second are of no use to anybody any more.
    pub(crate) watermark_s: u32,
}

/// Where the entry goes, and what must hold of the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Into the log of a row without live segments.
    AppendAlone,
    /// Into the log of a row at this epoch.
    AppendAt(u64),
    /// Into a new log: the row at epoch `from` goes to epoch `to`, and `first` is its first live epoch
    /// from then on. `full` is the number of entries that were seen, so none that came later is lost.
    Roll { from: u64, to: u64, first: u64, full: usize },
}

/// How often a write looks again, before it leaves a contended row to a later attempt.
const MAX_LOOKS: u32 = 64;

impl RowWriter<'_> {
    /// Makes the change once, whoever has tried before. `witness` is the epoch at which an earlier step of
    /// this instance saw the row.
    pub(crate) async fn write(&self, witness: Option<u64>) -> Result<Written, Fault> {
        let mut place = witness.map_or(Place::AppendAlone, Place::AppendAt);
        let mut outcome = true;
        let mut present = true;
        for _ in 0..MAX_LOOKS {
            let old = match self.send(place, outcome, present).await {
                Ok(old) if !outcome => return Ok(Written::Refused(old)),
                Ok(_) => return Ok(Written::Changed),
                Err(StoreError::ConditionFailed { item }) => item,
                Err(error) => return Err(error.into()),
            };
            let row = RowState::of(old.as_ref());
            if let Some(outcome) = self.entry.find(&row.log) {
                return Ok(written(outcome, old));
            }
            present = row.present;
            let (expected, from) = place.expects(&row);
            if !expected {
                if let Some(outcome) = self.find_in_segments(from, row.epoch).await? {
                    return Ok(written(outcome, old));
                }
                place = Place::AppendAt(row.epoch);
            } else if row.log.len() >= self.environment.settings.log_entries && !place.rolls(row.log.len()) {
                place = self.prepare_roll(&row).await?;
            } else if self.change.condition.is_some() {
                if outcome {
                    self.check_conflict(old.as_ref())?;
                }
                outcome = !outcome;
            }
        }
        let message = format!("a row of `{}` is written by too many others at once", self.change.table);
        Err(StoreError::Transient { message }.into())
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

    /// Puts the segment, unless nobody needs its entries, and gives the roll that is to follow.
    async fn prepare_roll(&self, row: &RowState) -> Result<Place, Fault> {
        let to = (row.epoch + 1).max(self.environment.world.now_ms());
        let full = row.log.len();
        let disposable = row.log.iter().all(|entry| start_of(entry) < self.watermark_s);
        if disposable {
            let first = if row.first == row.epoch { to } else { row.first };
            return Ok(Place::Roll { from: row.epoch, to, first, full });
        }
        // A segment with fewer entries was put before the log went on to grow, under a larger limit.
        let mut placeholders = Placeholders::default();
        let (instance, log) = (placeholders.name("instance"), placeholders.name("log"));
        let seen = placeholders.value(number(full));
        let condition = Some(format!("attribute_not_exists({instance}) OR size({log}) < {seen}"));
        let item = Attributes::from([
            ("instance".to_owned(), string(self.row_name())),
            ("record".to_owned(), number(row.epoch)),
            ("log".to_owned(), AttributeValue::Bs(row.log.clone())),
        ]);
        let put = PutItem { table: self.change.journal.clone(), item, condition, placeholders };
        match self.environment.store.put(put).await {
            // A log of this size at this epoch is one and the same, so the segment already there is it.
            Ok(()) | Err(StoreError::ConditionFailed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Place::Roll { from: row.epoch, to, first: row.first, full })
    }

    /// The outcome of the step, if a segment from epoch `from` to before epoch `to` has its entry.
    async fn find_in_segments(&self, from: u64, to: u64) -> Result<Option<bool>, Fault> {
        if from >= to {
            return Ok(None);
        }
        let mut placeholders = Placeholders::default();
        let (instance, record) = (placeholders.name("instance"), placeholders.name("record"));
        let row = placeholders.value(string(self.row_name()));
        let (from, last) = (placeholders.value(number(from)), placeholders.value(number(to - 1)));
        let mut query = QueryItems {
            table: self.change.journal.clone(),
            index: None,
            key_condition: format!("{instance} = {row} AND {record} BETWEEN {from} AND {last}"),
            filter: None,
            placeholders,
            forward: false,
            limit: None,
            start: None,
            consistent: true,
        };
        loop {
            let page = self.environment.store.query(query.clone()).await?;
            for segment in &page.items {
                if let Some(AttributeValue::Bs(log)) = segment.get("log")
                    && let Some(outcome) = self.entry.find(log)
                {
                    return Ok(Some(outcome));
                }
            }
            match page.next {
                Some(next) => query.start = Some(next),
                None => return Ok(None),
            }
        }
    }

    fn row_name(&self) -> String {
        row_name(&self.change.table, &self.change.key)
    }

    /// One update: the change, or nothing but the outcome *false*, with its entry.
    async fn send(&self, place: Place, outcome: bool, present: bool) -> Result<Option<Attributes>, StoreError> {
        let mut update = Update::default();
        update.guard(place, &self.entry, self.change.condition.is_some(), self.environment.settings.log_entries);
        update.log(place, self.entry.entry(outcome));
        if outcome {
            update.change(self.change);
        } else {
            update.refuse(present, self.change);
        }
        let request = UpdateItem {
            table: self.change.table.clone(),
            key: self.change.key.clone(),
            update: update.expression(),
            condition: Some(update.condition.join(" AND ")),
            placeholders: update.placeholders,
            return_values: if outcome { ReturnValues::None } else { ReturnValues::AllOld },
        };
        self.environment.store.update(request).await
    }
}

fn written(outcome: bool, row: Option<Attributes>) -> Written {
    if outcome { Written::Changed } else { Written::Refused(row) }
}

impl Place {
    /// Whether the row is at the epoch that was expected, and from which epoch on segments must be searched
    /// if not.
    fn expects(self, row: &RowState) -> (bool, u64) {
        match self {
            Self::AppendAlone => (row.epoch == row.first, row.first),
            Self::AppendAt(epoch) | Self::Roll { from: epoch, .. } => (row.epoch == epoch, epoch.max(row.first)),
        }
    }

    /// Whether this was the roll of a log with so many entries.
    fn rolls(self, entries: usize) -> bool {
        matches!(self, Self::Roll { full, .. } if full == entries)
    }
}

/// The parts of an update expression and its condition.
#[derive(Default)]
struct Update {
    placeholders: Placeholders,
    condition: Vec<String>,
    set: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
}

impl Update {
    /// The protocol's condition.
    fn guard(&mut self, place: Place, entry: &EntryKey, conditional: bool, log_entries: usize) {
        let (log, epoch) = (self.placeholders.name(LOG), self.placeholders.name(EPOCH));
        let limit = if let Place::Roll { full, .. } = place { full } else { log_entries };
        let size = self.placeholders.value(number(limit));
        match place {
            Place::Roll { from, .. } => {
                self.at_epoch(&epoch, from);
                // The log was seen at this size without the entry; so it is still without it.
                self.condition.push(format!("size({log}) = {size}"));
                return;
            }
            Place::AppendAlone => {
                let first = self.placeholders.name(FIRST);
                self.condition.push(format!("(attribute_not_exists({epoch}) OR {epoch} = {first})"));
            }
            Place::AppendAt(seen) => self.at_epoch(&epoch, seen),
        }
        self.condition.push(format!("(attribute_not_exists({log}) OR size({log}) < {size})"));
        let outcomes: &[bool] = if conditional { &[true, false] } else { &[true] };
        for outcome in outcomes {
            let value = self.placeholders.value(AttributeValue::B(entry.entry(*outcome)));
            self.condition.push(format!("NOT contains({log}, {value})"));
        }
    }

    fn at_epoch(&mut self, epoch: &str, seen: u64) {
        if seen == 0 {
            self.condition.push(format!("attribute_not_exists({epoch})"));
        } else {
            let value = self.placeholders.value(number(seen));
            self.condition.push(format!("{epoch} = {value}"));
        }
    }

    /// The entry, and the epochs of a roll.
    fn log(&mut self, place: Place, entry: Vec<u8>) {
        let log = self.placeholders.name(LOG);
        let entries = self.placeholders.value(AttributeValue::Bs(vec![entry]));
        let Place::Roll { to, first, .. } = place else {
            self.add.push(format!("{log} {entries}"));
            return;
        };
        self.set.push(format!("{log} = {entries}"));
        for (name, value) in [(EPOCH, to), (FIRST, first)] {
            let (name, value) = (self.placeholders.name(name), self.placeholders.value(number(value)));
            self.set.push(format!("{name} = {value}"));
        }
    }

    /// The user's change, on the user's condition.
    fn change(&mut self, change: &RowChange) {
        for action in &change.actions {
            self.action(action);
        }
        let deleted = self.placeholders.name(DELETED);
        if change.deletes {
            let mark = self.placeholders.value(AttributeValue::Bool(true));
            self.set.push(format!("{deleted} = {mark}"));
        } else {
            self.remove.push(deleted);
        }
        if let Some(condition) = &change.condition {
            let rendered = condition.render(&mut self.placeholders);
            self.condition.push(rendered);
        }
    }

    /// The outcome *false*, on the condition that the user's condition still does not hold. A row that did
    /// not exist becomes a tombstone.
    fn refuse(&mut self, present: bool, change: &RowChange) {
        let key = change.key.keys().next().map(String::as_str).unwrap_or_default();
        let key = self.placeholders.name(key);
        if present {
            self.condition.push(format!("attribute_exists({key})"));
        } else {
            self.condition.push(format!("attribute_not_exists({key})"));
            let (deleted, mark) =
                (self.placeholders.name(DELETED), self.placeholders.value(AttributeValue::Bool(true)));
            self.set.push(format!("{deleted} = {mark}"));
        }
        if let Some(condition) = &change.condition {
            let rendered = condition.render(&mut self.placeholders);
            self.condition.push(format!("NOT {rendered}"));
        }
    }

    fn action(&mut self, action: &Action) {
        let placeholders = &mut self.placeholders;
        match action {
            Action::Set(name, value) => {
                let (name, value) = (placeholders.name(name), placeholders.value(value.clone()));
                self.set.push(format!("{name} = {value}"));
            }
            Action::SetIfNotExists(name, value) => {
                let (name, value) = (placeholders.name(name), placeholders.value(value.clone()));
                self.set.push(format!("{name} = if_not_exists({name}, {value})"));
            }
            Action::Append(name, values) => {
                let (name, values) = (placeholders.name(name), placeholders.value(values.clone()));
                let empty = placeholders.value(AttributeValue::L(Vec::new()));
                self.set.push(format!("{name} = list_append(if_not_exists({name}, {empty}), {values})"));
            }
            Action::Add(name, value) => {
                let (name, value) = (placeholders.name(name), placeholders.value(value.clone()));
                self.add.push(format!("{name} {value}"));
            }
            Action::Remove(name) => self.remove.push(placeholders.name(name)),
        }
    }

    fn expression(&self) -> String {
        let clauses = [("SET", &self.set), ("ADD", &self.add), ("REMOVE", &self.remove)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(word, parts)| format!("{word} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }
}
