//! How transactions look in journal records.
//!
//! | attribute | in the record of | what |
//! |---|---|---|
//! | `decision` | the coordinator | how a try ended, and all that follows from it |
//! | `saved` | one that waits for a call | what it holds, for participants that call back |
//! | `prepared` | a participant | its result and what it holds, until it is told |
//! | `aborted` | a participant | it was told that the transaction is rolled back |

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue;

use super::acquire::limit;
use super::{HeldCall, Participant};
use crate::attempt::MAX_PART_BYTES;
use crate::attributes::{get_list, get_string, get_u64, number, size_of, string};
use crate::daal::{Difference, RowKey, row_name};
use crate::error::Fault;
use crate::garbage::Told;
use crate::ids::StepPath;
use crate::intent::ANSWERED;
use crate::store::Attributes;

/// A row that a transaction holds: how to take the lock off, and what a commit changes with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeldRow {
    pub(crate) table: String,
    pub(crate) key: Attributes,
    /// The entries of the acquisitions.
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) change: Option<Difference>,
    /// The epoch at which the row was taken.
    pub(crate) epoch: u64,
    /// Whether there was no such row when it was taken.
    pub(crate) absent: bool,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The body gave `Ok`.
    Committed,
    /// The body gave `Err`.
    RolledBack,
    /// The body met an older holder: another try follows.
    Died,
    /// The body could not go on: the attempt ends, and a later one tries again.
    Failed,
}

/// The decision of one try: one record of the coordinator.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) outcome: Outcome,
    pub(crate) rows: Vec<HeldRow>,
    /// On commit all participants, in the order of the program; otherwise those that the coordinator has called.
    pub(crate) participants: Vec<Participant>,
    /// On commit those below blocks that were rolled back, wherever these blocks were.
    pub(crate) rolled_back: Vec<Participant>,
    pub(crate) detached: Vec<HeldCall>,
}

impl Decision {
    /// Whether nothing follows from it.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.participants.is_empty() && self.rolled_back.is_empty() && self.detached.is_empty()
    }
}

/// What a participant has done, and keeps until it is told.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) result: String,
    pub(crate) rows: Vec<HeldRow>,
    /// The participants below it.
    pub(crate) participants: Vec<Participant>,
    /// Those below blocks that were rolled back. The coordinator tells them, after everybody who has committed.
    pub(crate) rolled_back: Vec<Participant>,
    pub(crate) detached: Vec<HeldCall>,
}

/// The part of a journal record that is about a transaction.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// Of the try at this path.
    Decision(StepPath, Decision),
    /// For the call at this path.
    Saved(StepPath, Vec<HeldRow>),
    Prepared(Prepared),
    Aborted,
}

impl Prepared {
    /// What is left of it when it is done, and only record 0 is there.
    pub(crate) fn told(&self) -> Told {
        let below: Vec<_> = self.participants.iter().chain(&self.rolled_back).collect();
        Told::Prepared(serde_json::to_string(&below).expect("names and numbers are always JSON"))
    }

    /// What a done participant had prepared, as far as record 0 tells: its result and the participants below it.
    pub(crate) fn answered(intent: &Attributes) -> Option<Self> {
        let participants = serde_json::from_str(get_string(intent, ANSWERED)?).ok()?;
        let result = get_string(intent, "result")?.to_owned();
        Some(Self { result, rows: Vec::new(), participants, rolled_back: Vec::new(), detached: Vec::new() })
    }
}

impl Outcome {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Committed, "committed"),
        (Self::RolledBack, "rolled back"),
        (Self::Died, "died"),
        (Self::Failed, "failed"),
    ];

    /// Whether another try, or another attempt, is to follow.
    pub(crate) fn gives_up(self) -> bool {
        matches!(self, Self::Died | Self::Failed)
    }

    /// The outcome as a word.
    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, _)| *outcome == self).map_or("", |(_, word)| word)
    }
}

impl HeldRow {
    /// The name of the row.
    pub(crate) fn name(&self) -> String {
        row_name(&self.table, &self.key)
    }

    /// The row.
    pub(crate) fn row(&self) -> RowKey {
        RowKey { table: self.table.clone(), key: self.key.clone() }
    }

    pub(super) fn to_attribute(&self) -> AttributeValue {
        let mut map = Attributes::from([
            ("table".to_owned(), string(&self.table)),
            ("key".to_owned(), AttributeValue::M(self.key.clone())),
            ("entries".to_owned(), AttributeValue::L(self.entries.iter().cloned().map(AttributeValue::B).collect())),
            ("epoch".to_owned(), number(self.epoch)),
        ]);
        if self.absent {
            map.insert("absent".to_owned(), AttributeValue::Bool(true));
        }
        if let Some(change) = &self.change {
            let (set, gone): (Vec<_>, Vec<_>) = change.attributes.iter().partition(|(_, value)| value.is_some());
            let set = set.into_iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
            let gone = gone.into_iter().map(|(name, _)| string(name));
            map.insert("set".to_owned(), AttributeValue::M(set.collect()));
            map.insert("remove".to_owned(), AttributeValue::L(gone.collect()));
            map.insert("deletes".to_owned(), AttributeValue::Bool(change.deletes));
        }
        AttributeValue::M(map)
    }

    pub(super) fn from_attribute(value: &AttributeValue) -> Option<Self> {
        let AttributeValue::M(map) = value else { return None };
        let Some(AttributeValue::M(key)) = map.get("key") else { return None };
        let entries = get_list(map, "entries").iter().map(|entry| match entry {
            AttributeValue::B(bytes) => Some(bytes.clone()),
            _ => None,
        });
        let change = match (map.get("set"), map.get("deletes")) {
            (Some(AttributeValue::M(set)), Some(AttributeValue::Bool(deletes))) => {
                let gone = get_list(map, "remove").iter().filter_map(|name| match name {
                    AttributeValue::S(name) => Some((name.clone(), None)),
                    _ => None,
                });
                let set = set.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
                let attributes: BTreeMap<_, _> = set.chain(gone).collect();
                Some(Difference { attributes, deletes: *deletes })
            }
            _ => None,
        };
        Some(Self {
            table: get_string(map, "table")?.to_owned(),
            key: key.clone(),
            entries: entries.collect::<Option<Vec<_>>>().filter(|entries| !entries.is_empty())?,
            change,
            epoch: get_u64(map, "epoch")?,
            absent: map.contains_key("absent"),
        })
    }
}

impl Part {
    /// Adds the part to the attributes of a record.
    pub(crate) fn write(&self, attributes: &mut Attributes) {
        let (name, value) = self.to_attribute();
        attributes.insert(name.to_owned(), value);
    }

    /// Refuses what fits into no record, before anything is put.
    pub(super) fn check(self) -> Result<Self, Fault> {
        let remedy = "write less, or in several transactions: all that it leaves in rows and detached calls counts";
        match self.size() > MAX_PART_BYTES {
            true => Err(limit("bytes to be committed", MAX_PART_BYTES, remedy)),
            false => Ok(self),
        }
    }

    /// The bytes that it adds to a record.
    pub(crate) fn size(&self) -> usize {
        size_of(&self.to_attribute().1)
    }

    fn to_attribute(&self) -> (&'static str, AttributeValue) {
        match self {
            Self::Decision(path, decision) => {
                let mut map = Attributes::from([
                    ("path".to_owned(), string(path.to_string())),
                    ("outcome".to_owned(), string(decision.outcome.word())),
                    ("rows".to_owned(), rows(&decision.rows)),
                ]);
                insert(&mut map, "participants", &decision.participants);
                insert(&mut map, "rolled_back", &decision.rolled_back);
                insert(&mut map, "detached", &decision.detached);
                ("decision", AttributeValue::M(map))
            }
            Self::Saved(path, held) => {
                let path = ("path".to_owned(), string(path.to_string()));
                ("saved", AttributeValue::M(Attributes::from([path, ("rows".to_owned(), rows(held))])))
            }
            Self::Prepared(prepared) => {
                let mut map = Attributes::from([
                    ("result".to_owned(), string(&prepared.result)),
                    ("rows".to_owned(), rows(&prepared.rows)),
                ]);
                insert(&mut map, "participants", &prepared.participants);
                insert(&mut map, "rolled_back", &prepared.rolled_back);
                insert(&mut map, "detached", &prepared.detached);
                ("prepared", AttributeValue::M(map))
            }
            Self::Aborted => ("aborted", AttributeValue::Bool(true)),
        }
    }

    /// The part of a record, if it has one. An `Err` names the attribute that is none of this version's.
    pub(crate) fn read(attributes: &Attributes) -> Result<Option<Self>, &'static str> {
        let map = |name: &str| match attributes.get(name) {
            Some(AttributeValue::M(map)) => Some(map),
            _ => None,
        };
        if attributes.contains_key("aborted") {
            return Ok(Some(Self::Aborted));
        }
        if let Some(map) = map("decision") {
            return decision(map).map(Some).ok_or("decision");
        }
        if let Some(map) = map("saved") {
            let saved = path(map).and_then(|path| Some(Self::Saved(path, held_rows(map)?)));
            return saved.map(Some).ok_or("saved");
        }
        if let Some(map) = map("prepared") {
            return prepared(map).map(Some).ok_or("prepared");
        }
        Ok(None)
    }
}

fn decision(map: &Attributes) -> Option<Part> {
    let word = get_string(map, "outcome")?;
    let decision = Decision {
        outcome: Outcome::ALL.iter().find(|(_, known)| *known == word)?.0,
        rows: held_rows(map)?,
        participants: list(map, "participants")?,
        rolled_back: list(map, "rolled_back")?,
        detached: list(map, "detached")?,
    };
    Some(Part::Decision(path(map)?, decision))
}

fn prepared(map: &Attributes) -> Option<Part> {
    Some(Part::Prepared(Prepared {
        result: get_string(map, "result")?.to_owned(),
        rows: held_rows(map)?,
        participants: list(map, "participants")?,
        rolled_back: list(map, "rolled_back")?,
        detached: list(map, "detached")?,
    }))
}

fn path(map: &Attributes) -> Option<StepPath> {
    get_string(map, "path")?.parse().ok()
}

fn rows(rows: &[HeldRow]) -> AttributeValue {
    AttributeValue::L(rows.iter().map(HeldRow::to_attribute).collect())
}

fn held_rows(map: &Attributes) -> Option<Vec<HeldRow>> {
    get_list(map, "rows").iter().map(HeldRow::from_attribute).collect()
}

/// Inserts a list as JSON, unless it is empty.
fn insert<T: Serialize>(map: &mut Attributes, name: &str, list: &[T]) {
    if !list.is_empty() {
        let json = serde_json::to_string(list).expect("names and texts are always JSON");
        map.insert(name.to_owned(), string(json));
    }
}

fn list<T: DeserializeOwned>(map: &Attributes, name: &str) -> Option<Vec<T>> {
    match get_string(map, name) {
        None => Some(Vec::new()),
        Some(json) => serde_json::from_str(json).ok(),
    }
}
