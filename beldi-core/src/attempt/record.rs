//! Journal records: how observations, effects and results look in the journal table.
//!
//! | attribute | in | what |
//! |---|---|---|
//! | `instance`, `record` | all | the key: the instance id and the number of the record |
//! | `function`, `arguments`, `arguments_hash`, `caller`, `start`, `code`, `attempts`, `due`, `shard` | record 0 | the intent |
//! | `observations` | all | path, fingerprint and value of each observation since the record before |
//! | `outcomes` | later records | the same of each effect acknowledged since the record before |
//! | `effect` | all | path and fingerprint of the effect that the record was written for |
//! | `result` | the last, or record 0 when done | the JSON of what the handler returned |
//! | `done` | record 0 | when the instance was done, in milliseconds since 1970 |
//! | `reclaim`, `reclaim_from`, `expires` | record 0 | its place in garbage collection: see `garbage/index.rs` |
//! | `tombstones` | the one with the result, or record 0 when done | the rows that the instance has left as tombstones |
//! | `records`, `answered` | record 0 when done | how many records there are; what a participant had answered |
//! | `transaction` | record 0 | the transaction that the call joins |
//! | `decision`, `saved`, `prepared`, `aborted` | one each | see `txn/record.rs` |
//! | `checksum`, or `result_checksum` once it is marked as done | all | see `checksum.rs` |
//! | `error`, `parked` | record 0 | why the last attempt failed, and when the instance was parked |

use std::collections::HashMap;

use serde_dynamo::AttributeValue;

use super::fingerprint::{Fingerprint, What};
use crate::attributes::{get_list, get_string, size_of, string};
use crate::checksum::Damage;
use crate::daal::RowKey;
use crate::error::Fault;
use crate::garbage::{TOMBSTONES, listed};
use crate::ids::StepPath;
use crate::storable::{MAX_NESTING, is_too_deep};
use crate::store::{Attributes, StoreError};
use crate::txn::{Decision, HeldRow, Part, Prepared};

/// A step with what it asked for and what it got.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: StepPath,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) value: AttributeValue,
}

impl Entry {
    /// Refuses a value that no journal record can hold.
    pub(super) fn fits(&self) -> Result<(), Fault> {
        let What { kind, target, .. } = &self.fingerprint.what;
        let (what, bytes) = (format!("the result of `{kind} {target}`"), size_of(&self.value));
        if bytes > MAX_VALUE_BYTES {
            let remedy = "read fewer or smaller rows in one step (`.limit(..)`), or in a `read_only` function";
            return Err(too_large(&what, bytes, remedy));
        }
        // Rows in a list are two levels, or three on a page.
        if is_too_deep(&self.value, MAX_NESTING + 3) {
            let message = format!("{what} is nested deeper than {MAX_NESTING} levels, and cannot be journaled");
            return Err(Fault::Unstorable(StoreError::Invalid { table: target.clone(), message }));
        }
        Ok(())
    }

    /// Refuses an answer, with the rows that it hands over, that is more than one record.
    pub(crate) fn fits_alone(&self) -> Result<(), Fault> {
        let What { kind, target, .. } = &self.fingerprint.what;
        let (bytes, limit) = (self.size(), MAX_RECORD_BYTES);
        let remedy = "change less in functions of one service that call each other, or return less";
        match bytes > limit {
            true => Err(Fault::TooLarge { what: format!("the answer of `{kind} {target}`"), bytes, limit, remedy }),
            false => Ok(()),
        }
    }

    fn to_attribute(&self) -> AttributeValue {
        let map = Attributes::from([
            ("path".to_owned(), string(self.path.to_string())),
            ("fingerprint".to_owned(), self.fingerprint.to_attribute()),
            ("value".to_owned(), self.value.clone()),
        ]);
        AttributeValue::M(map)
    }

    fn from_attribute(value: &AttributeValue) -> Option<Self> {
        let AttributeValue::M(map) = value else { return None };
        let (path, fingerprint) = announced(value)?;
        Some(Self { path, fingerprint, value: map.get("value")?.clone() })
    }

    /// The size of the entry in a record.
    pub(crate) fn size(&self) -> usize {
        let Fingerprint { site, what, .. } = &self.fingerprint;
        let text = site.len() + what.kind.len() + what.target.len() + what.key.len();
        size_of(&self.value) + text + 80
    }
}

fn announced(value: &AttributeValue) -> Option<(StepPath, Fingerprint)> {
    let AttributeValue::M(map) = value else { return None };
    let path = get_string(map, "path")?.parse().ok()?;
    Some((path, Fingerprint::from_attribute(map.get("fingerprint")?)?))
}

/// What one record says, apart from the intent.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) observations: Vec<Entry>,
    pub(crate) outcomes: Vec<Entry>,
    pub(crate) effect: Option<(StepPath, Fingerprint)>,
    pub(crate) result: Option<String>,
    /// The rows that the instance has left as tombstones; beside the result.
    pub(crate) tombstones: Option<AttributeValue>,
    pub(crate) part: Option<Part>,
}

impl Record {
    /// Adds the record to the attributes of its item.
    pub(crate) fn write(&self, attributes: &mut Attributes) {
        let list = |entries: &[Entry]| AttributeValue::L(entries.iter().map(Entry::to_attribute).collect());
        if !self.observations.is_empty() {
            attributes.insert("observations".to_owned(), list(&self.observations));
        }
        if !self.outcomes.is_empty() {
            attributes.insert("outcomes".to_owned(), list(&self.outcomes));
        }
        if let Some((path, fingerprint)) = &self.effect {
            let map = Attributes::from([
                ("path".to_owned(), string(path.to_string())),
                ("fingerprint".to_owned(), fingerprint.to_attribute()),
            ]);
            attributes.insert("effect".to_owned(), AttributeValue::M(map));
        }
        if let Some(result) = &self.result {
            attributes.insert("result".to_owned(), string(result));
        }
        if let Some(tombstones) = &self.tombstones {
            attributes.insert(TOMBSTONES.to_owned(), tombstones.clone());
        }
        self.part.iter().for_each(|part| part.write(attributes));
    }
}

/// All that a journal says of an instance: what a replay goes by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorded {
    /// Observations, and effects known to be done, by their path.
    pub(crate) steps: HashMap<StepPath, Entry>,
    /// Effects that were about to be sent when a record was written.
    pub(crate) announced: HashMap<StepPath, Fingerprint>,
    /// The result, once it is determined.
    pub(crate) result: Option<String>,
    /// The rows that the instance has left as tombstones, as far as they are recorded with the result.
    pub(crate) tombstones: Vec<RowKey>,
    /// The decisions of tries, by their paths.
    pub(crate) decisions: HashMap<StepPath, Decision>,
    /// What was held when a call was made, by the path of the call.
    pub(crate) saved: HashMap<StepPath, Vec<HeldRow>>,
    /// What a participant has done.
    pub(crate) prepared: Option<Prepared>,
    /// Whether a participant was told that the transaction is rolled back.
    pub(crate) aborted: bool,
}

impl Recorded {
    /// Reads a record in.
    pub(crate) fn read(&mut self, attributes: &Attributes) -> Result<(), Damage> {
        let unreadable = |name| Damage::of(attributes, format!("attribute `{name}` is not as this version writes it"));
        for name in ["observations", "outcomes"] {
            for value in get_list(attributes, name) {
                let entry = Entry::from_attribute(value).ok_or_else(|| unreadable(name))?;
                self.steps.insert(entry.path.clone(), entry);
            }
        }
        if let Some(value) = attributes.get("effect") {
            let (path, fingerprint) = announced(value).ok_or_else(|| unreadable("effect"))?;
            self.announced.insert(path, fingerprint);
        }
        match Part::read(attributes).map_err(unreadable)? {
            Some(Part::Decision(path, decision)) => {
                let at = path.to_string();
                if self.decisions.insert(path, decision).is_some() {
                    return Err(Damage::of(attributes, format!("the try at step {at} was decided before")));
                }
            }
            Some(Part::Saved(path, rows)) => drop(self.saved.insert(path, rows)),
            Some(Part::Prepared(prepared)) => self.prepared = Some(prepared),
            Some(Part::Aborted) => self.aborted = true,
            None => {}
        }
        self.tombstones.extend(listed(attributes));
        self.result = get_string(attributes, "result").map(str::to_owned).or(self.result.take());
        Ok(())
    }
}

/// The most bytes that a record holds; DynamoDB allows 400 KB for an item, and names take some.
const MAX_RECORD_BYTES: usize = 384 * 1024;

/// The most bytes that one observation may have, or a result, or arguments.
pub(crate) const MAX_VALUE_BYTES: usize = 256 * 1024;

/// The most bytes of outcomes in one record: they are a shortcut for replay; where they do not fit, replay
/// asks again.
pub(crate) const MAX_OUTCOME_BYTES: usize = 64 * 1024;

/// The most bytes that a part about a transaction may have: it stands in one record, with outcomes beside it.
pub(crate) const MAX_PART_BYTES: usize = MAX_RECORD_BYTES - MAX_OUTCOME_BYTES;

/// Splits observations into runs that each fit into a record: the first beside `first_bytes` of something
/// else, the last beside `last_bytes`.
pub(crate) fn split(observations: Vec<Entry>, first_bytes: usize, last_bytes: usize) -> Vec<Vec<Entry>> {
    let mut used = first_bytes;
    let mut runs = vec![Vec::new()];
    for entry in observations {
        let size = entry.size();
        if used + size > MAX_RECORD_BYTES {
            runs.push(Vec::new());
            used = 0;
        }
        used += size;
        runs.last_mut().expect("there is always a run").push(entry);
    }
    if used + last_bytes > MAX_RECORD_BYTES {
        runs.push(Vec::new());
    }
    runs
}

/// The fault of a result or arguments over the limit of one journal record.
pub(crate) fn too_large(what: &str, bytes: usize, remedy: &'static str) -> Fault {
    Fault::TooLarge { what: what.to_owned(), bytes, limit: MAX_VALUE_BYTES, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::What;

    fn entry(bytes: usize) -> Entry {
        let fingerprint = Fingerprint { site: "f#1".into(), line: 1, what: What::new("get", "t", String::new(), &[]) };
        Entry { path: "1".parse().expect("a path"), fingerprint, value: string("x".repeat(bytes)) }
    }

    #[test]
    fn a_second_decision_of_one_try_is_damage() {
        let mut record = Attributes::new();
        let (outcome, rows, participants) = (crate::txn::Outcome::Failed, Vec::new(), Vec::new());
        let decision = Decision { outcome, rows, participants, rolled_back: Vec::new(), detached: Vec::new() };
        Part::Decision("1.1".parse().expect("a path"), decision).write(&mut record);
        let mut recorded = Recorded::default();
        recorded.read(&record).expect("the first decision");
        recorded.read(&record).expect_err("a second one");
    }

    #[test]
    fn no_record_is_larger_than_an_item_may_be() {
        let kib = 1024;
        let lengths = |runs: Vec<Vec<Entry>>| runs.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(split(Vec::new(), 100, 100)), [0]);
        assert_eq!(lengths(split(vec![entry(200 * kib), entry(100 * kib), entry(200 * kib)], 0, 0)), [2, 1]);
        assert_eq!(lengths(split(vec![entry(200 * kib)], 256 * kib, 0)), [0, 1], "beside large arguments");
        assert_eq!(lengths(split(vec![entry(200 * kib)], 0, 256 * kib)), [1, 0], "beside a large result");
    }
}
