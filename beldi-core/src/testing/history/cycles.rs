//! Cycles in the graph of dependencies, the simplest first.

use std::collections::VecDeque;

use super::Transaction;
use super::anomaly::{Cycle, CycleKind, DependencyKind};
use super::edges::{Edge, Edges};
use super::versions::Place;

use DependencyKind::{ReadWrite, RealTime, WriteRead, WriteWrite};

/// Edges with where they come from.
type Path<'a> = Vec<(Place, Edge<'a>)>;

/// The edges of some kinds among the transactions that can be in a cycle of them.
struct Part<'g, 'a> {
    edges: &'g Edges<'a>,
    kinds: &'static [DependencyKind],
    alive: Vec<bool>,
}

/// A shortest cycle of the simplest kind that there is.
pub(super) fn find(transactions: &[Transaction], edges: &Edges<'_>) -> Option<Cycle> {
    let part = |kinds| Part::of(edges, kinds);
    let told = |kind, path: Path<'_>| {
        let dependencies = path.iter().map(|(from, edge)| edge.told(transactions, *from)).collect();
        Cycle { kind, dependencies }
    };
    // With all kinds of edges there is nothing left of most graphs, and nothing more to do.
    let everything = part(&[WriteWrite, WriteRead, ReadWrite, RealTime]);
    if everything.is_empty() {
        return None;
    }
    if let Some(path) = part(&[WriteWrite]).shortest() {
        return Some(told(CycleKind::DirtyWrite, path));
    }
    let committed = part(&[WriteWrite, WriteRead]);
    if let Some(path) = committed.shortest() {
        return Some(told(CycleKind::DirtyRead, path));
    }
    let without_time = part(&[WriteWrite, WriteRead, ReadWrite]);
    if let Some(path) = without_time.shortest_with_one_read_write() {
        return Some(told(CycleKind::ReadSkew, path));
    }
    if let Some(path) = without_time.shortest() {
        let kind = if has_neighbours(&path) { CycleKind::WriteSkew } else { CycleKind::LongFork };
        return Some(told(kind, path));
    }
    everything.shortest().map(|path| told(CycleKind::RealTime, path))
}

/// Whether two `rw` follow each other.
fn has_neighbours(path: &Path<'_>) -> bool {
    let next = path.iter().cycle().skip(1);
    path.iter().zip(next).any(|((_, one), (_, other))| one.kind == ReadWrite && other.kind == ReadWrite)
}

impl<'g, 'a> Part<'g, 'a> {
    /// Takes away, again and again, what nothing comes before: what is left has a cycle, if anything is left.
    fn of(edges: &'g Edges<'a>, kinds: &'static [DependencyKind]) -> Self {
        let mut part = Self { edges, kinds, alive: vec![true; edges.len()] };
        let mut before = vec![0_usize; edges.len()];
        for place in 0..edges.len() {
            part.followers(place).for_each(|edge| before[edge.to] += 1);
        }
        let mut free: Vec<Place> = (0..edges.len()).filter(|place| before[*place] == 0).collect();
        while let Some(place) = free.pop() {
            for edge in part.followers(place) {
                before[edge.to] -= 1;
                if before[edge.to] == 0 {
                    free.push(edge.to);
                }
            }
            part.alive[place] = false;
        }
        part
    }

    fn is_empty(&self) -> bool {
        !self.alive.contains(&true)
    }

    /// The edges from a transaction to those that are left.
    fn followers(&self, place: Place) -> impl Iterator<Item = &'g Edge<'a>> {
        let edges = self.edges.on(place).iter();
        edges.filter(|edge| self.kinds.contains(&edge.kind) && self.alive[edge.to])
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        (0..self.alive.len()).filter(|place| self.alive[*place])
    }

    fn shortest(&self) -> Option<Path<'a>> {
        let cycles = self.places().filter_map(|place| self.path(place, place, self.kinds));
        cycles.min_by_key(Vec::len)
    }

    /// A shortest cycle of one `rw` and otherwise `ww` and `wr`.
    fn shortest_with_one_read_write(&self) -> Option<Path<'a>> {
        let starts = self.places().flat_map(|from| self.followers(from).map(move |edge| (from, *edge)));
        let cycles = starts.filter(|(_, edge)| edge.kind == ReadWrite).filter_map(|(from, edge)| {
            let mut path = vec![(from, edge)];
            path.extend(self.path(edge.to, from, &[WriteWrite, WriteRead])?);
            Some(path)
        });
        cycles.min_by_key(Vec::len)
    }

    /// A shortest path of at least one edge, breadth first.
    fn path(&self, start: Place, end: Place, kinds: &[DependencyKind]) -> Option<Path<'a>> {
        let mut came: Vec<Option<(Place, Edge<'a>)>> = vec![None; self.alive.len()];
        let mut next = VecDeque::from([start]);
        while let Some(place) = next.pop_front() {
            for edge in self.followers(place).filter(|edge| kinds.contains(&edge.kind)) {
                if came[edge.to].is_some() {
                    continue;
                }
                came[edge.to] = Some((place, *edge));
                if edge.to == end {
                    return Some(path_back(&came, start, end));
                }
                next.push_back(edge.to);
            }
        }
        None
    }
}

fn path_back<'a>(came: &[Option<(Place, Edge<'a>)>], start: Place, end: Place) -> Path<'a> {
    let mut path = Vec::new();
    let mut place = end;
    while let Some((before, edge)) = came[place] {
        path.push((before, edge));
        place = before;
        if place == start {
            break;
        }
    }
    path.reverse();
    path
}
