//! Queries and scans: pages of rows.
//!
//! They give heads only, skip tombstones, and are observations. A page that is too large for a journal
//! record is refused in functions that journal (protocol, section 4): ask for smaller pages.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;

use super::read::decode_item;
use super::{Observation, Operation};
use crate::attempt::{Step, What};
use crate::attributes::{canonical, canonical_all, is_empty_range};
use crate::daal::{DELETED, user_attributes};
use crate::error::Fault;
use crate::item::Item;
use crate::key::{KeyError, KeyValue};
use crate::store::{Attributes, Page, Placeholders, QueryItems, ScanItems, StoreError};

/// A page of rows.
#[derive(Debug, Clone)]
pub struct ResultPage<I> {
    /// The rows.
    pub items: Vec<I>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<PageToken>,
}

/// Where a page of a query or a scan starts. Can be stored and passed on, also to strangers: what comes back as
/// an argument and is no token does not fit the argument.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageToken(String);

impl<I> IntoIterator for ResultPage<I> {
    type Item = I;
    type IntoIter = std::vec::IntoIter<I>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// Reads rows of one partition: see [`Item::query`] and [`Item::query_index`]. `S` is the type of the sort key.
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Query<I, S> {
    index: Option<&'static str>,
    partition_key: &'static str,
    sort_key: Option<&'static str>,
    partition: Result<AttributeValue, KeyError>,
    range: Option<(Range, Result<Vec<AttributeValue>, KeyError>)>,
    forward: bool,
    limit: Option<u32>,
    start: Option<PageToken>,
    types: PhantomData<fn() -> (I, S)>,
}

#[derive(Debug, Clone, Copy)]
enum Range {
    Compare(&'static str),
    Between,
    BeginsWith,
}

impl<I: Item, S> Query<I, S> {
    pub(crate) fn table(partition: Result<AttributeValue, KeyError>) -> Self {
        Self::new(None, I::SCHEMA.partition_key, I::SCHEMA.sort_key, partition)
    }

    pub(crate) fn index(
        index: &'static str,
        partition_key: &'static str,
        sort_key: Option<&'static str>,
        partition: Result<AttributeValue, KeyError>,
    ) -> Self {
        Self::new(Some(index), partition_key, sort_key, partition)
    }

    fn new(
        index: Option<&'static str>,
        partition_key: &'static str,
        sort_key: Option<&'static str>,
        partition: Result<AttributeValue, KeyError>,
    ) -> Self {
        let (range, limit, start) = (None, None, None);
        Self { index, partition_key, sort_key, partition, range, forward: true, limit, start, types: PhantomData }
    }

    /// Only rows whose sort key equals `value`.
    pub fn equal_to(self, value: impl KeyValue<S>) -> Self {
        self.range(Range::Compare("="), value.into_value().map(|value| vec![value]))
    }

    /// Only rows whose sort key is less than `value`.
    pub fn less_than(self, value: impl KeyValue<S>) -> Self {
        self.range(Range::Compare("<"), value.into_value().map(|value| vec![value]))
    }

    /// Only rows whose sort key is at most `value`.
    pub fn at_most(self, value: impl KeyValue<S>) -> Self {
        self.range(Range::Compare("<="), value.into_value().map(|value| vec![value]))
    }

    /// Only rows whose sort key is greater than `value`.
    pub fn greater_than(self, value: impl KeyValue<S>) -> Self {
        self.range(Range::Compare(">"), value.into_value().map(|value| vec![value]))
    }

    /// Only rows whose sort key is at least `value`.
    pub fn at_least(self, value: impl KeyValue<S>) -> Self {
        self.range(Range::Compare(">="), value.into_value().map(|value| vec![value]))
    }

    /// Only rows whose sort key is at least `low` and at most `high`; none, without a request, where `low` is
    /// greater.
    pub fn between(self, low: impl KeyValue<S>, high: impl KeyValue<S>) -> Self {
        let values = low.into_value().and_then(|low| Ok(vec![low, high.into_value()?]));
        self.range(Range::Between, values)
    }

    /// Only rows whose sort key, a string, begins with `prefix`.
    pub fn begins_with(self, prefix: impl KeyValue<S>) -> Self {
        self.range(Range::BeginsWith, prefix.into_value().map(|value| vec![value]))
    }

    /// Descending by the sort key.
    pub fn descending(mut self) -> Self {
        self.forward = false;
        self
    }

    /// At most this many rows in the page. Without a limit a page ends at DynamoDB's 1 MB.
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows.max(1));
        self
    }

    /// The page that starts at `token`, or the first for `None`.
    pub fn page(mut self, token: Option<PageToken>) -> Self {
        self.start = token;
        self
    }

    /// DynamoDB takes one condition on the sort key; a later one replaces an earlier.
    fn range(mut self, range: Range, values: Result<Vec<AttributeValue>, KeyError>) -> Self {
        self.range = Some((range, values));
        self
    }

    fn request(self) -> Result<QueryItems, Fault> {
        let mut placeholders = Placeholders::default();
        let partition_key = placeholders.name(self.partition_key);
        let mut key_condition = format!("{partition_key} = {}", placeholders.value(self.partition?));
        if let (Some(name), Some((range, values))) = (self.sort_key, self.range) {
            let name = placeholders.name(name);
            let values: Vec<_> = values?.into_iter().map(|value| placeholders.value(value)).collect();
            key_condition.push_str(&match range {
                Range::Compare(operator) => format!(" AND {name} {operator} {}", values[0]),
                Range::Between => format!(" AND {name} BETWEEN {} AND {}", values[0], values[1]),
                Range::BeginsWith => format!(" AND begins_with({name}, {})", values[0]),
            });
        }
        let filter = Some(format!("attribute_not_exists({})", placeholders.name(DELETED)));
        Ok(QueryItems {
            table: I::TABLE.to_owned(),
            index: self.index.map(str::to_owned),
            key_condition,
            filter,
            placeholders,
            forward: self.forward,
            limit: self.limit,
            start: self.start.map(|token| token.decode()).transpose()?,
            consistent: self.index.is_none(),
        })
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item, S> Operation for Query<I, S> {
    type Output = ResultPage<I>;
    type Owner = I::Service;

    async fn perform(self, step: Step) -> Result<Self::Output, Fault> {
        step.outside_transactions("a query")?;
        let target = self.index.map_or_else(|| I::TABLE.to_owned(), |index| format!("{}.{index}", I::TABLE));
        if let Some((Range::Between, Ok(bounds))) = &self.range
            && is_empty_range(&bounds[0], &bounds[1])
        {
            return Ok(ResultPage { items: Vec::new(), next: None });
        }
        let request = self.request()?;
        let mut content = request.key_condition.clone().into_bytes();
        request.placeholders.values().for_each(|(_, value)| canonical(value, &mut content));
        request.start.iter().for_each(|start| content.extend(canonical_all(start)));
        content.extend_from_slice(format!("{:?} {}", request.limit, request.forward).as_bytes());
        let what = What::new("query", &target, String::new(), &content);
        let limit = request.limit;
        let page = step.observe(what, async {
            let mut page = Page::default();
            let mut request = request;
            loop {
                let next = step.environment().store.query(request.clone()).await?;
                page.items.extend(next.items);
                page.next = next.next;
                // The limit counts rows before the filter; go on until there are as many as were asked for.
                let missing = limit.map_or(0, |limit| limit.saturating_sub(count(&page.items)));
                let (true, Some(start)) = (missing > 0, page.next.clone()) else { break };
                request = QueryItems { limit: Some(missing), start: Some(start), ..request };
            }
            recorded(page)
        });
        result_page(page.await?)
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item, S> Observation for Query<I, S> {}

fn count(items: &[Attributes]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

/// Reads pages of a table: see [`Item::scan`].
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Scan<I> {
    limit: Option<u32>,
    start: Option<PageToken>,
    item: PhantomData<fn() -> I>,
}

impl<I: Item> Scan<I> {
    pub(crate) fn new() -> Self {
        Self { limit: None, start: None, item: PhantomData }
    }

    /// Looks at no more than this many rows; tombstones among them are left out of the page.
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows.max(1));
        self
    }

    /// The page that starts at `token`, or the first for `None`.
    pub fn page(mut self, token: Option<PageToken>) -> Self {
        self.start = token;
        self
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item> Operation for Scan<I> {
    type Output = ResultPage<I>;
    type Owner = I::Service;

    async fn perform(self, step: Step) -> Result<Self::Output, Fault> {
        step.outside_transactions("a scan")?;
        let content = format!("{:?} {:?}", self.limit, self.start);
        let what = What::new("scan", I::TABLE, String::new(), content.as_bytes());
        let mut placeholders = Placeholders::default();
        let filter = Some(format!("attribute_not_exists({})", placeholders.name(DELETED)));
        let start = self.start.map(|token| token.decode()).transpose()?;
        let (table, limit) = (I::TABLE.to_owned(), self.limit);
        let request = ScanItems { table, filter, placeholders, limit, start, consistent: true };
        let page = step.observe(what, async { recorded(step.environment().store.scan(request).await?) });
        result_page(page.await?)
    }
}

#[diagnostic::do_not_recommend]
impl<I: Item> Observation for Scan<I> {}

/// What a page records: the users' attributes, and the token of the next page.
fn recorded(page: Page) -> Result<AttributeValue, Fault> {
    let rows = page.items.into_iter().filter_map(|item| user_attributes(Some(item)));
    let rows = AttributeValue::L(rows.map(AttributeValue::M).collect());
    let mut recorded = Attributes::from([("rows".to_owned(), rows)]);
    if let Some(next) = &page.next {
        recorded.insert("next".to_owned(), AttributeValue::S(PageToken::encode(next)?.0));
    }
    Ok(AttributeValue::M(recorded))
}

fn result_page<I: Item>(recorded: AttributeValue) -> Result<ResultPage<I>, Fault> {
    let AttributeValue::M(mut recorded) = recorded else {
        return Err(Fault::Item { table: I::TABLE, item: std::any::type_name::<I>(), message: "no page".to_owned() });
    };
    let next = match recorded.remove("next") {
        Some(AttributeValue::S(token)) => Some(PageToken(token)),
        _ => None,
    };
    let rows = match recorded.remove("rows") {
        Some(AttributeValue::L(rows)) => rows,
        _ => Vec::new(),
    };
    let items = rows.into_iter().filter_map(|row| match row {
        AttributeValue::M(attributes) => Some(decode_item(attributes)),
        _ => None,
    });
    Ok(ResultPage { items: items.collect::<Result<_, _>>()?, next })
}

impl PageToken {
    fn encode(key: &Attributes) -> Result<Self, Fault> {
        let sorted: std::collections::BTreeMap<_, _> = key.iter().collect();
        Ok(Self(crate::data::encode(&sorted)?))
    }

    fn decode(&self) -> Result<Attributes, Fault> {
        let invalid = |_| StoreError::Invalid { table: String::new(), message: "this is no page token".to_owned() };
        Ok(serde_json::from_str(&self.0).map_err(invalid)?)
    }
}

impl<'de> Deserialize<'de> for PageToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = Self(String::deserialize(deserializer)?);
        let is_token = token.decode().is_ok();
        is_token.then_some(token).ok_or_else(|| serde::de::Error::custom("this is no page token"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_token_is_refused_where_it_comes_in() {
        let key = Attributes::from([("night".to_owned(), AttributeValue::N("3".to_owned()))]);
        let token = PageToken::encode(&key).expect("a token");
        let json = serde_json::to_string(&token).expect("JSON");
        assert_eq!(serde_json::from_str::<PageToken>(&json).expect("the token"), token);
        for other in ["\"\"", "\"next\"", "\"[3]\"", "3"] {
            assert!(serde_json::from_str::<PageToken>(other).is_err(), "{other}");
        }
    }
}
