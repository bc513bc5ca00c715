//! Update expressions of the protocol: a change of a row, its entries, and the conditions on both.

use serde_dynamo::AttributeValue;

use super::place::{Place, Roll};
use super::{Action, DELETED, EPOCH, FIRST, HOLDER, HOLDS, LOCK, LOG, RowChange};
use crate::attributes::number;
use crate::store::{Attributes, Placeholders, ReturnValues, UpdateItem};

/// The parts of an update expression and its condition.
#[derive(Default)]
pub(super) struct Update {
    pub(super) placeholders: Placeholders,
    pub(super) condition: Vec<String>,
    set: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
    delete: Vec<String>,
}

impl Update {
    /// The condition on the epoch, so that no segment can hold the entry.
    pub(super) fn at_epoch_of(&mut self, place: &Place) {
        let epoch = self.placeholders.name(EPOCH);
        match place {
            Place::Roll(Roll { from: 0, .. }) | Place::AppendAt(0) => {
                self.condition.push(format!("attribute_not_exists({epoch})"));
            }
            Place::Roll(Roll { from: seen, .. }) | Place::AppendAt(seen) => {
                let value = self.placeholders.value(number(seen));
                self.condition.push(format!("{epoch} = {value}"));
            }
            Place::AppendSince(since) => {
                let (first, since) = (self.placeholders.name(FIRST), self.placeholders.value(number(since)));
                let alone = format!("attribute_not_exists({epoch}) OR {epoch} = {first}");
                self.condition.push(format!("({alone} OR {epoch} < {since})"));
            }
        }
    }

    /// The condition that the log has room, and that none of these entries is in it.
    pub(super) fn guard(&mut self, place: &Place, entries: impl IntoIterator<Item = Vec<u8>>, log_entries: usize) {
        self.at_epoch_of(place);
        if let Place::Roll(roll) = place {
            // The log was seen at this size without the entry; so it is still without it.
            self.log_is(roll.full, Some(&roll.entry));
            self.first_is(roll.first);
            return;
        }
        let log = self.placeholders.name(LOG);
        let size = self.placeholders.value(number(log_entries));
        self.condition.push(format!("(attribute_not_exists({log}) OR size({log}) < {size})"));
        self.without(entries);
    }

    /// The condition that the log is one that was seen: it had so many entries, of which `entry` is one.
    pub(super) fn log_is(&mut self, entries: usize, entry: Option<&[u8]>) {
        let log = self.placeholders.name(LOG);
        let Some(entry) = entry else {
            self.condition.push(format!("attribute_not_exists({log})"));
            return;
        };
        let (size, entry) = (number(entries), AttributeValue::B(entry.to_vec()));
        let (size, entry) = (self.placeholders.value(size), self.placeholders.value(entry));
        self.condition.push(format!("size({log}) = {size}"));
        self.condition.push(format!("contains({log}, {entry})"));
    }

    /// The condition on the first live epoch.
    pub(super) fn first_is(&mut self, seen: u64) {
        let (first, value) = (self.placeholders.name(FIRST), self.placeholders.value(number(seen)));
        self.condition.push(match seen {
            0 => format!("(attribute_not_exists({first}) OR {first} = {value})"),
            _ => format!("{first} = {value}"),
        });
    }

    /// The condition that none of these entries is in the log.
    pub(super) fn without(&mut self, entries: impl IntoIterator<Item = Vec<u8>>) {
        let log = self.placeholders.name(LOG);
        for entry in entries {
            let value = self.placeholders.value(AttributeValue::B(entry));
            self.condition.push(format!("NOT contains({log}, {value})"));
        }
    }

    /// The condition that nobody holds the row, or nobody but `own`.
    pub(super) fn unlocked(&mut self, own: Option<&[u8]>) {
        let (lock, holds) = (self.placeholders.name(LOCK), self.placeholders.name(HOLDS));
        let by_nobody = format!("attribute_not_exists({lock}) AND attribute_not_exists({holds})");
        match own {
            None => self.condition.push(by_nobody),
            Some(own) => {
                let own = self.placeholders.value(AttributeValue::B(own.to_vec()));
                self.condition.push(format!("(({by_nobody}) OR {lock} = {own})"));
            }
        }
    }

    /// The condition that an acquisition holds the row, or that it does not.
    pub(super) fn held_by(&mut self, acquisition: &[u8], held: bool) {
        let (holds, one) = (self.placeholders.name(HOLDS), AttributeValue::B(acquisition.to_vec()));
        let one = self.placeholders.value(one);
        self.condition.push(format!("{}contains({holds}, {one})", if held { "" } else { "NOT " }));
    }

    /// The condition that the row is there, or that it is not; what is not there becomes a tombstone.
    pub(super) fn present(&mut self, present: bool, key: &Attributes) {
        let key = self.placeholders.name(key.keys().next().map(String::as_str).unwrap_or_default());
        if present {
            self.condition.push(format!("attribute_exists({key})"));
        } else {
            self.condition.push(format!("attribute_not_exists({key})"));
            self.set(DELETED, AttributeValue::Bool(true));
        }
    }

    /// Adds the entries, and the epochs of a roll.
    pub(super) fn log(&mut self, place: &Place, entries: Vec<Vec<u8>>) {
        let Place::Roll(Roll { to, first_to, .. }) = place else {
            let (log, entries) = (self.placeholders.name(LOG), self.placeholders.value(AttributeValue::Bs(entries)));
            self.add.push(format!("{log} {entries}"));
            return;
        };
        self.set(LOG, AttributeValue::Bs(entries));
        self.set(EPOCH, number(to));
        self.set(FIRST, number(first_to));
    }

    /// Lets an acquisition hold the row.
    pub(super) fn hold(&mut self, acquisition: Vec<u8>) {
        let holds = self.placeholders.name(HOLDS);
        let one = self.placeholders.value(AttributeValue::Bs(vec![acquisition]));
        self.add.push(format!("{holds} {one}"));
    }

    /// Lets these acquisitions hold the row no more, and takes the lock off.
    pub(super) fn release(&mut self, acquisitions: Vec<Vec<u8>>) {
        self.remove(LOCK);
        self.remove(HOLDER);
        let holds = self.placeholders.name(HOLDS);
        let these = self.placeholders.value(AttributeValue::Bs(acquisitions));
        self.delete.push(format!("{holds} {these}"));
    }

    /// The user's change, on the user's condition.
    pub(super) fn change(&mut self, change: &RowChange) {
        for action in &change.actions {
            self.action(action);
        }
        self.mark(change.deletes);
        if let Some(condition) = &change.condition {
            let rendered = condition.render_on_row(&mut self.placeholders);
            self.condition.push(rendered);
        }
    }

    /// The tombstone mark, or none.
    pub(super) fn mark(&mut self, deleted: bool) {
        match deleted {
            true => self.set(DELETED, AttributeValue::Bool(true)),
            false => self.remove(DELETED),
        }
    }

    /// The outcome *false*, on the condition that the user's condition still does not hold. A row that did
    /// not exist becomes a tombstone.
    pub(super) fn refuse(&mut self, present: bool, change: &RowChange) {
        self.present(present, &change.key);
        if let Some(condition) = &change.condition {
            let rendered = condition.render_on_row(&mut self.placeholders);
            self.condition.push(format!("NOT {rendered}"));
        }
    }

    pub(super) fn set(&mut self, name: &str, value: AttributeValue) {
        let (name, value) = (self.placeholders.name(name), self.placeholders.value(value));
        self.set.push(format!("{name} = {value}"));
    }

    pub(super) fn remove(&mut self, name: &str) {
        let name = self.placeholders.name(name);
        self.remove.push(name);
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Set(name, value) => self.set(name, value.clone()),
            Action::SetIfNotExists(name, value) => {
                let (name, value) = (self.placeholders.name(name), self.placeholders.value(value.clone()));
                self.set.push(format!("{name} = if_not_exists({name}, {value})"));
            }
            Action::Append(name, values) => {
                let (name, values) = (self.placeholders.name(name), self.placeholders.value(values.clone()));
                let empty = self.placeholders.value(AttributeValue::L(Vec::new()));
                self.set.push(format!("{name} = list_append(if_not_exists({name}, {empty}), {values})"));
            }
            Action::Add(name, value) => {
                let (name, value) = (self.placeholders.name(name), self.placeholders.value(value.clone()));
                self.add.push(format!("{name} {value}"));
            }
            Action::Remove(name) => self.remove(name),
        }
    }

    /// The request.
    pub(super) fn request(self, table: &str, key: &Attributes, return_values: ReturnValues) -> UpdateItem {
        let clauses = [("SET", &self.set), ("ADD", &self.add), ("REMOVE", &self.remove), ("DELETE", &self.delete)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        UpdateItem {
            table: table.to_owned(),
            key: key.clone(),
            update: clauses.map(|(word, parts)| format!("{word} {}", parts.join(", "))).collect::<Vec<_>>().join(" "),
            condition: Some(self.condition.join(" AND ")),
            placeholders: self.placeholders,
            return_values,
        }
    }
}
