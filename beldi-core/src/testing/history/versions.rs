//! Who wrote what, what each transaction saw of others, and in which order the versions of a key came.
//!
//! What is wrong without any look at cycles is found here.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::anomaly::Anomaly;
use super::{Access, Transaction};

/// The place of a transaction in the history.
pub(super) type Place = usize;

/// A key with one of its values; `None` before the first write.
pub(super) type Version<'a> = (&'a str, Option<&'a str>);

/// A read that saw what others wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read<'a> {
    pub(super) reader: Place,
    pub(super) version: Version<'a>,
}

/// The versions of all keys.
#[derive(Default)]
pub(super) struct Versions<'a> {
    /// Who wrote a value, and whether it was its last word on the key.
    writers: HashMap<(&'a str, &'a str), (Place, bool)>,
    /// What was written over a version, and by whom.
    next: HashMap<Version<'a>, (Place, &'a str)>,
    reads: Vec<Read<'a>>,
}

/// The committed writes of a transaction, each with the version that it had read.
struct Written<'a> {
    writer: Place,
    key: &'a str,
    value: &'a str,
    over: Option<Version<'a>>,
}

impl<'a> Versions<'a> {
    pub(super) fn of(
        transactions: &'a [Transaction],
        orders: &'a BTreeMap<String, Vec<String>>,
    ) -> Result<Self, Anomaly> {
        let mut versions = Self::default();
        let mut ids = HashSet::new();
        for (place, transaction) in transactions.iter().enumerate() {
            if !ids.insert(&transaction.id) {
                return Err(Anomaly::SameId { id: transaction.id.clone() });
            }
            versions.add_writes(transactions, place)?;
        }
        let mut written = Vec::new();
        for place in 0..transactions.len() {
            written.extend(versions.add_reads(transactions, place)?);
        }
        versions.add_order(transactions, orders, &written)?;
        Ok(versions)
    }

    /// Reads of other transactions' writes.
    pub(super) fn reads(&self) -> &[Read<'a>] {
        &self.reads
    }

    /// Who committed a version.
    pub(super) fn writer(&self, version: Version<'a>) -> Option<Place> {
        let (key, value) = version;
        self.writers.get(&(key, value?)).map(|(writer, _)| *writer)
    }

    /// What was written over a version, and by whom.
    pub(super) fn next(&self, version: Version<'a>) -> Option<(Place, &'a str)> {
        self.next.get(&version).copied()
    }

    /// All pairs of a version and the one that follows it.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Version<'a>, (Place, &'a str))> {
        self.next.iter().map(|(version, next)| (*version, *next))
    }

    /// How many versions were committed.
    pub(super) fn count(&self) -> usize {
        self.next.len()
    }

    fn add_writes(&mut self, transactions: &'a [Transaction], place: Place) -> Result<(), Anomaly> {
        let mut last: HashMap<&str, &str> = HashMap::new();
        for access in &transactions[place].accesses {
            let Access::Write { key, value } = access else { continue };
            if let Some((first, _)) = self.writers.insert((key, value), (place, true)) {
                let id = |place: Place| transactions[place].id.clone();
                let (first, second) = (id(first), id(place));
                return Err(Anomaly::WrittenTwice { key: key.clone(), value: value.clone(), first, second });
            }
            if let Some(earlier) = last.insert(key, value) {
                self.writers.insert((key, earlier), (place, false));
            }
        }
        Ok(())
    }

    /// Checks and notes what a transaction read; gives what it committed.
    fn add_reads(&mut self, transactions: &'a [Transaction], place: Place) -> Result<Vec<Written<'a>>, Anomaly> {
        let transaction = &transactions[place];
        let mut own: BTreeMap<&str, &str> = BTreeMap::new();
        let mut seen: HashMap<&str, Version<'a>> = HashMap::new();
        for access in &transaction.accesses {
            match access {
                Access::Write { key, value } => {
                    own.insert(key, value);
                }
                Access::Read { key, value } => match own.get(key.as_str()) {
                    Some(written) if value.as_deref() == Some(*written) => {}
                    Some(written) => {
                        let (reader, key, written) = (transaction.id.clone(), key.clone(), (*written).to_owned());
                        return Err(Anomaly::OwnWriteNotSeen { reader, key, value: value.clone(), written });
                    }
                    None => {
                        let version = (key.as_str(), value.as_deref());
                        self.check_read(transactions, place, version)?;
                        self.reads.push(Read { reader: place, version });
                        seen.insert(key, version);
                    }
                },
            }
        }
        let own = own.into_iter().filter(|_| transaction.committed);
        Ok(own.map(|(key, value)| Written { writer: place, key, value, over: seen.get(key).copied() }).collect())
    }

    fn check_read(&self, transactions: &[Transaction], reader: Place, version: Version<'_>) -> Result<(), Anomaly> {
        let (key, Some(value)) = version else { return Ok(()) };
        let id = |place: Place| transactions[place].id.clone();
        let (key, value) = (key.to_owned(), value.to_owned());
        // What a transaction writes later itself was not there when it read.
        let writer = self.writers.get(&(key.as_str(), value.as_str())).filter(|(writer, _)| *writer != reader);
        let reader = id(reader);
        match writer.copied() {
            None => Err(Anomaly::NobodyWrote { reader, key, value }),
            Some((writer, _)) if !transactions[writer].committed => {
                Err(Anomaly::AbortedRead { reader, key, value, writer: id(writer) })
            }
            Some((writer, false)) => Err(Anomaly::IntermediateRead { reader, key, value, writer: id(writer) }),
            Some(_) => Ok(()),
        }
    }

    fn add_order(
        &mut self,
        transactions: &'a [Transaction],
        orders: &'a BTreeMap<String, Vec<String>>,
        written: &[Written<'a>],
    ) -> Result<(), Anomaly> {
        let mut over: HashMap<Version<'a>, &Written<'a>> = HashMap::new();
        for write in written {
            let Some(version) = write.over else { continue };
            if let Some(first) = over.insert(version, write) {
                let id = |write: &Written<'_>| transactions[write.writer].id.clone();
                let (key, version) = (version.0.to_owned(), version.1.map(ToOwned::to_owned));
                return Err(Anomaly::LostUpdate { key, version, first: id(first), second: id(write) });
            }
        }
        for (key, values) in orders {
            let mut previous = None;
            for value in values {
                let writer = self.writer((key, Some(value))).filter(|writer| transactions[*writer].committed);
                let writer =
                    writer.ok_or_else(|| Anomaly::NeverCommitted { key: key.clone(), value: value.clone() })?;
                self.next.insert((key, previous), (writer, value));
                previous = Some(value);
            }
        }
        for Written { writer, key, value, over } in written {
            let names = || (transactions[*writer].id.clone(), (*key).to_owned(), (*value).to_owned());
            if let Some(order) = orders.get(*key) {
                if !order.iter().any(|version| version == value) {
                    let (writer, key, value) = names();
                    return Err(Anomaly::LostWrite { writer, key, value });
                }
                continue;
            }
            let (writer_id, key, unordered) = names();
            let version = over.ok_or(Anomaly::Unordered { writer: writer_id, key, value: unordered })?;
            self.next.insert(version, (*writer, *value));
        }
        Ok(())
    }
}
