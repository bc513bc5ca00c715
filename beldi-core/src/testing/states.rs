//! What makes two prefixes of interleavings the same, so that only one of them has to be gone on with.
//!
//! The state of a run is what every attempt has asked and been answered, what has been changed in the store in which
//! order for each item, and who has begun in which order. Two prefixes that differ only in the order of requests that
//! do not concern each other come to the same state, and whatever follows from one follows from the other. States
//! are compared by digests of 128 bits.
//!
//! With [`Ticks`] time passes only when an attempt begins, and when the scenario lets it. How much has passed belongs to
//! what an attempt has seen, because it may have looked at its clock with any request.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_dynamo::AttributeValue;

use super::scheduler::{Elapsed, Scheduler};
use crate::attempt::CurrentStep;
use crate::attributes::{canonical, canonical_all};
use crate::ids::{InstanceId, digest};
use crate::store::{
    Attributes, Placeholders, QueryItems, Request, Response, SharedStore, Store, StoreError, StoreFuture, WriteItem,
};
use crate::world::{VirtualWorld, World};

/// The states that an exploration has come to.
#[derive(Default)]
pub(super) struct States {
    /// With how many interruptions to spare each was come to, at most.
    known: HashMap<u128, usize>,
}

/// The state of one run.
#[derive(Default)]
pub(super) struct State {
    /// What each attempt has asked and been answered, and its last exchange.
    attempts: BTreeMap<u64, (u128, u128)>,
    /// What has been changed of each item.
    items: BTreeMap<u128, u128>,
    /// How much time the scenario has let pass.
    passed_ms: u64,
}

impl States {
    /// Notes a state; gives whether it is new, or is come to with more interruptions to spare than before.
    pub(super) fn add(&mut self, state: u128, spare: usize) -> bool {
        match self.known.get_mut(&state) {
            Some(before) if *before >= spare => false,
            Some(before) => {
                *before = spare;
                true
            }
            None => {
                self.known.insert(state, spare);
                true
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

impl State {
    /// An attempt that comes to its first request is a part of the state from then on.
    pub(super) fn begins(&mut self, attempt: u64) {
        self.attempts.entry(attempt).or_insert((u128::from(self.passed_ms), 0));
    }

    /// So much time has passed since the run began.
    pub(super) fn passed(&mut self, passed_ms: u64) {
        self.passed_ms = passed_ms;
    }

    /// What `attempt` has asked in which step, and what it was answered. One that `may_wait`, asks the same again and is
    /// answered the same is as it was.
    fn exchanged(
        &mut self,
        (attempt, may_wait): (u64, bool),
        (step, asked): (&[u8], &[u8]),
        changes: &[u128],
        answer: &[u8],
    ) {
        for item in changes {
            let before = self.items.entry(*item).or_default();
            *before = digest(&[b"item", &before.to_be_bytes(), asked]);
        }
        let (history, last) = self.attempts.entry(attempt).or_default();
        let exchange = digest(&[step, asked, answer, &self.passed_ms.to_be_bytes()]);
        if !may_wait || exchange != *last || !changes.is_empty() {
            *history = digest(&[b"attempt", &history.to_be_bytes(), &exchange.to_be_bytes()]);
            *last = exchange;
        }
    }

    /// The digest of the state, with what else decides how it goes on.
    pub(super) fn digest(&self, waiting: &[u8]) -> u128 {
        let mut bytes = waiting.to_vec();
        bytes.extend_from_slice(&self.passed_ms.to_be_bytes());
        for (attempt, (history, _)) in &self.attempts {
            bytes.extend_from_slice(&attempt.to_be_bytes());
            bytes.extend_from_slice(&history.to_be_bytes());
        }
        for (item, changes) in &self.items {
            bytes.extend_from_slice(&item.to_be_bytes());
            bytes.extend_from_slice(&changes.to_be_bytes());
        }
        digest(&[b"state", &bytes])
    }
}

/// A store that tells the scheduler what was asked and answered.
pub(super) struct Watched {
    pub(super) inner: SharedStore,
    pub(super) scheduler: Arc<Scheduler>,
}

impl Store for Watched {
    fn expires_items(&self) -> bool {
        self.inner.expires_items()
    }

    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(async move {
            let step = CurrentStep::get().map(|step| step.path.to_bytes()).unwrap_or_default();
            let (asked, items) = (bytes_of(&request), items_of(&request));
            let answer = self.inner.execute(request).await;
            let changed = if answer.is_ok() { items } else { Vec::new() };
            let answered = answer_bytes(&answer);
            self.scheduler.exchanged(!changed.is_empty(), |state, attempt, may_wait| {
                state.exchanged((attempt, may_wait), (&step, &asked), &changed, &answered);
            });
            answer
        })
    }
}

/// A clock that advances by one millisecond when an attempt begins and when the scenario lets time pass, and otherwise
/// stands still.
pub(super) struct Ticks {
    pub(super) inner: VirtualWorld,
    pub(super) begin_ms: u64,
    pub(super) elapsed: Arc<Elapsed>,
}

impl World for Ticks {
    fn now_ms(&self) -> u64 {
        self.begin_ms + self.elapsed.ms()
    }

    fn fresh_id(&self) -> InstanceId {
        self.inner.fresh_id()
    }
}

/// The items that a request changes if it succeeds.
fn items_of(request: &Request) -> Vec<u128> {
    let item = |table: &str, key: &Attributes| digest(&[table.as_bytes(), &canonical_all(key)]);
    // The key of what is put is not told apart from the rest; journals are all that is put.
    let put = |table: &str, item_put: &Attributes| {
        let is_key = |name: &String| name == "instance" || name == "record";
        let key = item_put.iter().filter(|(name, _)| is_key(name));
        item(table, &key.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    match request {
        Request::Put(request) => vec![put(&request.table, &request.item)],
        Request::Update(request) => vec![item(&request.table, &request.key)],
        Request::Delete(request) => vec![item(&request.table, &request.key)],
        Request::TransactWrite(request) => {
            let writes = request.writes.iter().map(|write| match write {
                WriteItem::Put(write) => put(&write.table, &write.item),
                WriteItem::Update(write) => item(&write.table, &write.key),
                WriteItem::Delete(write) => item(&write.table, &write.key),
            });
            writes.collect()
        }
        _ => Vec::new(),
    }
}

/// A request as bytes, the same for the same request.
fn bytes_of(request: &Request) -> Vec<u8> {
    let mut bytes = format!("{} {} ", request.operation(), request.table()).into_bytes();
    let mut add = |texts: &[&str], maps: &[&Attributes], placeholders: Option<&Placeholders>| {
        texts.iter().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
        maps.iter().for_each(|map| bytes.extend(canonical_all(map)));
        for (name, value) in placeholders.iter().flat_map(|placeholders| &placeholders.values) {
            bytes.extend_from_slice(name.as_bytes());
            canonical(value, &mut bytes);
        }
        for (name, value) in placeholders.iter().flat_map(|placeholders| &placeholders.names) {
            bytes.extend_from_slice(format!("{name}={value} ").as_bytes());
        }
    };
    match request {
        Request::Get(get) => add(&[], &[&get.key], None),
        Request::Put(put) => {
            add(&[put.condition.as_deref().unwrap_or_default()], &[&put.item], Some(&put.placeholders));
        }
        Request::Update(update) => {
            let condition = update.condition.as_deref().unwrap_or_default();
            add(&[&update.update, condition], &[&update.key], Some(&update.placeholders));
        }
        Request::Delete(delete) => {
            add(&[delete.condition.as_deref().unwrap_or_default()], &[&delete.key], Some(&delete.placeholders));
        }
        Request::Query(query) => {
            let QueryItems { index, filter, forward, limit, consistent, .. } = query;
            let how = format!("{index:?} {filter:?} {forward} {limit:?} {consistent}");
            let start: Vec<_> = query.start.iter().collect();
            add(&[&query.key_condition, &how], &start, Some(&query.placeholders));
        }
        other => add(&[&format!("{other:?}")], &[], None),
    }
    bytes
}

/// An answer as bytes, the same for the same answer.
fn answer_bytes(answer: &Result<Response, StoreError>) -> Vec<u8> {
    let map = |item: &Attributes| canonical_all(item);
    match answer {
        Ok(Response::Item(item)) => item.as_ref().map(map).unwrap_or_default(),
        Ok(Response::Page(page)) => page.items.iter().chain(&page.next).flat_map(map).collect(),
        Ok(Response::Batch { items, .. }) => {
            let mut bytes = Vec::new();
            canonical(&AttributeValue::L(items.iter().cloned().map(AttributeValue::M).collect()), &mut bytes);
            bytes
        }
        Ok(_) => b"done".to_vec(),
        Err(StoreError::ConditionFailed { item }) => {
            let mut bytes = b"refused".to_vec();
            bytes.extend(item.iter().flat_map(map));
            bytes
        }
        Err(error) => error.to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use serde_dynamo::AttributeValue;

    use super::*;

    /// Two attempts that ask for different pages, or for the same one in another way, are not in the same state.
    #[test]
    fn each_field_of_a_query_counts() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let query = || QueryItems {
            table: "table".to_owned(),
            index: None,
            key_condition: "a = :a".to_owned(),
            filter: None,
            placeholders: Placeholders::default(),
            forward: true,
            limit: None,
            start: None,
            consistent: true,
        };
        let mut placeholders = Placeholders::default();
        placeholders.value(text("other"));
        let queries = [
            query(),
            QueryItems { table: "other".to_owned(), ..query() },
            QueryItems { index: Some("index".to_owned()), ..query() },
            QueryItems { key_condition: "b = :a".to_owned(), ..query() },
            QueryItems { filter: Some("b = :a".to_owned()), ..query() },
            QueryItems { placeholders, ..query() },
            QueryItems { forward: false, ..query() },
            QueryItems { limit: Some(1), ..query() },
            QueryItems { start: Some(Attributes::from([("a".to_owned(), text("first"))])), ..query() },
            QueryItems { start: Some(Attributes::from([("a".to_owned(), text("second"))])), ..query() },
            QueryItems { consistent: false, ..query() },
        ];
        let states: std::collections::HashSet<_> =
            queries.iter().map(|query| bytes_of(&Request::Query(query.clone()))).collect();
        assert_eq!(states.len(), queries.len());
    }
}
