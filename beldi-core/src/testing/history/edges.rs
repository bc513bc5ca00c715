//! The graph of dependencies.

use std::collections::HashSet;

use super::Transaction;
use super::anomaly::{Dependency, DependencyKind, shown};
use super::versions::{Place, Version, Versions};

/// Why one transaction comes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge<'a> {
    pub(super) to: Place,
    pub(super) kind: DependencyKind,
    /// The version that was written or read by the first, and the one that the second wrote over it; neither
    /// for real time.
    version: Option<(Version<'a>, &'a str)>,
}

/// The dependencies of all transactions, by the one that comes first.
pub(super) struct Edges<'a> {
    from: Vec<Vec<Edge<'a>>>,
}

impl<'a> Edges<'a> {
    pub(super) fn of(transactions: &'a [Transaction], versions: &Versions<'a>) -> Self {
        let mut edges = Self { from: vec![Vec::new(); transactions.len()] };
        for (version, (to, value)) in versions.pairs() {
            if let Some(from) = versions.writer(version) {
                edges.add(from, Edge { to, kind: DependencyKind::WriteWrite, version: Some((version, value)) });
            }
        }
        let mut known = HashSet::new();
        for read in versions.reads() {
            // A row that is read again and again gives each dependency once.
            if !known.insert((read.reader, read.version)) {
                continue;
            }
            if let Some(from) = versions.writer(read.version) {
                let version = Some((read.version, ""));
                edges.add(from, Edge { to: read.reader, kind: DependencyKind::WriteRead, version });
            }
            if let Some((to, value)) = versions.next(read.version) {
                let version = Some((read.version, value));
                edges.add(read.reader, Edge { to, kind: DependencyKind::ReadWrite, version });
            }
        }
        edges.add_real_time(transactions);
        edges.add_stale_reads(transactions, versions);
        // The order of a hash map must not decide which of several cycles is shown.
        edges.from.iter_mut().for_each(|edges| edges.sort_by_key(|edge| (edge.to, edge.kind.to_string())));
        edges
    }

    /// The dependencies of others on a transaction.
    pub(super) fn on(&self, place: Place) -> &[Edge<'a>] {
        &self.from[place]
    }

    pub(super) fn len(&self) -> usize {
        self.from.len()
    }

    pub(super) fn count(&self, kind: DependencyKind) -> usize {
        self.from.iter().flatten().filter(|edge| edge.kind == kind).count()
    }

    fn add(&mut self, from: Place, edge: Edge<'a>) {
        if from != edge.to {
            self.from[from].push(edge);
        }
    }

    /// Goes through time with the transactions that have ended and that no later beginning and end together
    /// have made superfluous: whoever begins after the end of one that began after the end of another follows
    /// the other too.
    fn add_real_time(&mut self, transactions: &[Transaction]) {
        let mut moments: Vec<(u64, bool, Place)> = Vec::new();
        for (place, transaction) in transactions.iter().enumerate().filter(|(_, one)| !one.is_plain_read()) {
            moments.extend(transaction.began.map(|began| (began, false, place)));
            moments.extend(transaction.ended.map(|ended| (ended, true, place)));
        }
        // At one moment beginnings come first: what ends as another begins may have been at the same time.
        moments.sort_unstable();
        let mut ended: Vec<Place> = Vec::new();
        let mut before: Vec<Vec<Place>> = vec![Vec::new(); transactions.len()];
        for (_, is_end, place) in moments {
            if is_end {
                ended.retain(|earlier| !before[place].contains(earlier));
                ended.push(place);
            } else {
                before[place].clone_from(&ended);
            }
        }
        for (to, before) in before.into_iter().enumerate() {
            for from in before {
                self.add(from, Edge { to, kind: DependencyKind::RealTime, version: None });
            }
        }
    }

    /// A plain read follows those that wrote its keys, and not whoever may have seen their writes. So there is an edge
    /// only from one that has written over what it saw, and had ended before it began.
    fn add_stale_reads(&mut self, transactions: &[Transaction], versions: &Versions<'a>) {
        for read in versions.reads() {
            let reader = &transactions[read.reader];
            let Some(began) = reader.began.filter(|_| reader.is_plain_read()) else { continue };
            let mut version = read.version;
            // As many steps as there are versions: their order may be a circle, which is told as such.
            for _ in 0..versions.count() {
                let Some((writer, value)) = versions.next(version) else { break };
                if transactions[writer].ended.is_some_and(|ended| ended < began) {
                    self.add(writer, Edge { to: read.reader, kind: DependencyKind::RealTime, version: None });
                    break;
                }
                version = (version.0, Some(value));
            }
        }
    }
}

impl Edge<'_> {
    /// The dependency with names and a reason.
    pub(super) fn told(&self, transactions: &[Transaction], from: Place) -> Dependency {
        let (first, second) = (&transactions[from].id, &transactions[self.to].id);
        let key = self.version.map(|((key, _), _)| key);
        let (name, old, new) = match self.version {
            Some(((key, old), new)) => (key, shown(old), new),
            None => ("", "", ""),
        };
        let reason = match self.kind {
            DependencyKind::WriteWrite => format!("{first} wrote {name} = {old}, over which {second} wrote {new}"),
            DependencyKind::WriteRead => format!("{first} wrote {name} = {old}, which {second} read"),
            DependencyKind::ReadWrite => format!("{first} read {name} = {old}, over which {second} wrote {new}"),
            DependencyKind::RealTime => {
                let ended = transactions[from].ended.unwrap_or_default();
                let began = transactions[self.to].began.unwrap_or_default();
                format!("{first} had ended, at {ended}, before {second} began, at {began}")
            }
        };
        let (from, to, key) = (first.clone(), second.clone(), key.map(ToOwned::to_owned));
        Dependency { from, to, kind: self.kind, key, reason }
    }
}
