//! Requests and responses, in DynamoDB's vocabulary.

use std::collections::BTreeMap;

use serde_dynamo::AttributeValue;

use super::{Attributes, StoreError, TableSchema};

/// One request to a [`Store`](super::Store).
#[derive(Debug, Clone)]
pub enum Request {
    /// GetItem
    Get(GetItem),
    /// PutItem
    Put(PutItem),
    /// UpdateItem
    Update(UpdateItem),
    /// DeleteItem
    Delete(DeleteItem),
    /// Query
    Query(QueryItems),
    /// Scan
    Scan(ScanItems),
    /// BatchGetItem, of one table
    BatchGet(BatchGetItem),
    /// TransactWriteItems
    TransactWrite(TransactWrite),
    /// CreateTable
    CreateTable(CreateTable),
    /// DescribeTable
    DescribeTable(DescribeTable),
}

/// The names and values that an expression stands for: `#0` and `:0` and so on. Attribute names are
/// always placeholders, because many common words are reserved in expressions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placeholders {
    pub(crate) names: BTreeMap<String, String>,
    pub(crate) values: BTreeMap<String, AttributeValue>,
}

/// Reads one item.
#[derive(Debug, Clone)]
pub struct GetItem {
    /// The table.
    pub table: String,
    /// The key attributes.
    pub key: Attributes,
    /// Whether the read sees every acknowledged write.
    pub consistent: bool,
}

/// Writes one whole item.
#[derive(Debug, Clone)]
pub struct PutItem {
    /// The table.
    pub table: String,
    /// All attributes, key included.
    pub item: Attributes,
    /// The condition on the old item.
    pub condition: Option<String>,
    /// What the condition's placeholders stand for.
    pub placeholders: Placeholders,
}

/// Changes one item in place, or creates it.
#[derive(Debug, Clone)]
pub struct UpdateItem {
    /// The table.
    pub table: String,
    /// The key attributes.
    pub key: Attributes,
    /// The update expression.
    pub update: String,
    /// The condition on the old item.
    pub condition: Option<String>,
    /// What the placeholders of both expressions stand for.
    pub placeholders: Placeholders,
    /// Which attributes the response has.
    pub return_values: ReturnValues,
}

/// Which attributes the response to an update has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReturnValues {
    /// None.
    #[default]
    None,
    /// The whole item as it was.
    AllOld,
    /// The whole item as it is now.
    AllNew,
}

/// Removes one item.
#[derive(Debug, Clone)]
pub struct DeleteItem {
    /// The table.
    pub table: String,
    /// The key attributes.
    pub key: Attributes,
    /// The condition on the old item.
    pub condition: Option<String>,
    /// What the condition's placeholders stand for.
    pub placeholders: Placeholders,
}

/// Reads a page of one partition.
#[derive(Debug, Clone)]
pub struct QueryItems {
    /// The table.
    pub table: String,
    /// The index, if not the table itself.
    pub index: Option<String>,
    /// The key condition expression.
    pub key_condition: String,
    /// The filter expression, applied after the limit.
    pub filter: Option<String>,
    /// What the placeholders of both expressions stand for.
    pub placeholders: Placeholders,
    /// Whether the sort key ascends.
    pub forward: bool,
    /// The most items to evaluate.
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub start: Option<Attributes>,
    /// Whether the read sees every acknowledged write; indexes cannot.
    pub consistent: bool,
}

/// Reads a page of a table.
#[derive(Debug, Clone)]
pub struct ScanItems {
    /// The table.
    pub table: String,
    /// The filter expression, applied after the limit.
    pub filter: Option<String>,
    /// What the filter's placeholders stand for.
    pub placeholders: Placeholders,
    /// The most items to evaluate.
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub start: Option<Attributes>,
    /// Whether the read sees every acknowledged write.
    pub consistent: bool,
}

/// Reads up to 100 items of one table.
#[derive(Debug, Clone)]
pub struct BatchGetItem {
    /// The table.
    pub table: String,
    /// The keys, each once.
    pub keys: Vec<Attributes>,
    /// Whether the read sees every acknowledged write.
    pub consistent: bool,
}

/// Writes up to 100 items in one atomic step.
#[derive(Debug, Clone)]
pub struct TransactWrite {
    /// The writes, each of another item.
    pub writes: Vec<WriteItem>,
}

/// One write of a [`TransactWrite`].
#[derive(Debug, Clone)]
pub enum WriteItem {
    /// Writes a whole item.
    Put(PutItem),
    /// Changes an item in place; `return_values` has no meaning here.
    Update(UpdateItem),
    /// Removes an item.
    Delete(DeleteItem),
}

/// Creates a table.
#[derive(Debug, Clone)]
pub struct CreateTable {
    /// What the table is to look like.
    pub schema: TableSchema,
}

/// Asks what a table looks like.
#[derive(Debug, Clone)]
pub struct DescribeTable {
    /// The table.
    pub table: String,
}

/// A page of items.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The items, filtered.
    pub items: Vec<Attributes>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Attributes>,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone)]
pub enum Response {
    /// To get, and to update where attributes were asked for.
    Item(Option<Attributes>),
    /// To query and scan.
    Page(Page),
    /// To batch get.
    Batch {
        /// The items found, in no order.
        items: Vec<Attributes>,
        /// The keys that the store did not get to.
        unprocessed: Vec<Attributes>,
    },
    /// To describe table.
    Table(Option<TableSchema>),
    /// To everything else.
    Done,
}

impl Request {
    /// The table that the request is about; of a transactional write, that of its first write.
    pub fn table(&self) -> &str {
        match self {
            Self::Get(request) => &request.table,
            Self::Put(request) => &request.table,
            Self::Update(request) => &request.table,
            Self::Delete(request) => &request.table,
            Self::Query(request) => &request.table,
            Self::Scan(request) => &request.table,
            Self::BatchGet(request) => &request.table,
            Self::TransactWrite(request) => request.writes.first().map_or("", WriteItem::table),
            Self::CreateTable(request) => &request.schema.name,
            Self::DescribeTable(request) => &request.table,
        }
    }

    /// Replaces the name of every table in the request.
    pub fn map_tables(&mut self, map: impl Fn(&str) -> String) {
        let tables: Vec<&mut String> = match self {
            Self::Get(request) => vec![&mut request.table],
            Self::Put(request) => vec![&mut request.table],
            Self::Update(request) => vec![&mut request.table],
            Self::Delete(request) => vec![&mut request.table],
            Self::Query(request) => vec![&mut request.table],
            Self::Scan(request) => vec![&mut request.table],
            Self::BatchGet(request) => vec![&mut request.table],
            Self::TransactWrite(request) => request.writes.iter_mut().map(WriteItem::table_mut).collect(),
            Self::CreateTable(request) => vec![&mut request.schema.name],
            Self::DescribeTable(request) => vec![&mut request.table],
        };
        for table in tables {
            *table = map(table);
        }
    }

    /// The name of the operation in DynamoDB's API.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Get(_) => "GetItem",
            Self::Put(_) => "PutItem",
            Self::Update(_) => "UpdateItem",
            Self::Delete(_) => "DeleteItem",
            Self::Query(_) => "Query",
            Self::Scan(_) => "Scan",
            Self::BatchGet(_) => "BatchGetItem",
            Self::TransactWrite(_) => "TransactWriteItems",
            Self::CreateTable(_) => "CreateTable",
            Self::DescribeTable(_) => "DescribeTable",
        }
    }
}

impl WriteItem {
    fn table_mut(&mut self) -> &mut String {
        match self {
            Self::Put(request) => &mut request.table,
            Self::Update(request) => &mut request.table,
            Self::Delete(request) => &mut request.table,
        }
    }

    /// The table that is written.
    pub fn table(&self) -> &str {
        match self {
            Self::Put(request) => &request.table,
            Self::Update(request) => &request.table,
            Self::Delete(request) => &request.table,
        }
    }
}

impl Placeholders {
    /// The placeholder of an attribute name.
    pub fn name(&mut self, name: &str) -> String {
        let known = self.names.iter().find(|(_, known)| *known == name);
        if let Some((placeholder, _)) = known {
            return placeholder.clone();
        }
        let placeholder = format!("#{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// A placeholder of a value.
    pub fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Placeholder and attribute name of each name.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|(placeholder, name)| (placeholder.as_str(), name.as_str()))
    }

    /// Placeholder and value of each value.
    pub fn values(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        self.values.iter().map(|(placeholder, value)| (placeholder.as_str(), value))
    }
}

impl Response {
    pub(super) fn into_item(self) -> Result<Option<Attributes>, StoreError> {
        match self {
            Self::Item(item) => Ok(item),
            Self::Done => Ok(None),
            other => Err(other.mismatch("an item")),
        }
    }

    pub(super) fn into_page(self) -> Result<Page, StoreError> {
        match self {
            Self::Page(page) => Ok(page),
            other => Err(other.mismatch("a page")),
        }
    }

    pub(super) fn into_batch(self) -> Result<(Vec<Attributes>, Vec<Attributes>), StoreError> {
        match self {
            Self::Batch { items, unprocessed } => Ok((items, unprocessed)),
            other => Err(other.mismatch("a batch")),
        }
    }

    pub(super) fn into_table(self) -> Result<Option<TableSchema>, StoreError> {
        match self {
            Self::Table(table) => Ok(table),
            other => Err(other.mismatch("a table")),
        }
    }

    fn mismatch(&self, expected: &str) -> StoreError {
        StoreError::Transient { message: format!("the store answered {self:?} where {expected} was due") }
    }
}
