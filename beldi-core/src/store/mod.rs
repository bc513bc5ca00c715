//! The store: one small trait at the level of DynamoDB's own API.
//!
//! The protocol is written once, against [`Store`]; Amazon DynamoDB and the embedded engine are
//! implementations, counting, faults, delays and retries are decorators of the same trait. So what is
//! tested locally is what runs in production.
//!
//! Architecture invariant: only `store/dynamodb` names the AWS SDK and only `store/embedded` names the
//! embedded engine.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

mod counting;
mod delayed;
#[cfg(feature = "aws")]
mod dynamodb;
#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod faulty;
mod random;
mod request;
mod retry;
mod schema;
pub mod tables;
#[cfg(any(feature = "aws", feature = "embedded"))]
mod translate;
mod words;

pub use serde_dynamo::AttributeValue;

pub use crate::key::ScalarType;

pub use counting::{Counting, Counts};
pub use delayed::Delayed;
#[cfg(feature = "aws")]
pub use dynamodb::DynamoDbStore;
#[cfg(feature = "aws")]
pub(crate) use dynamodb::{CONNECT_TIMEOUT, sdk_config};
#[cfg(feature = "embedded")]
pub use embedded::EmbeddedStore;
pub use error::StoreError;
pub use faulty::{Fault, FaultPlan, Faulty};
pub use request::{
    BatchGetItem, CreateTable, DeleteItem, DescribeTable, GetItem, Page, Placeholders, PutItem, QueryItems, Request,
    Response, ReturnValues, ScanItems, TransactWrite, UpdateItem, WriteItem,
};
pub use retry::{Retry, RetryBudget};
pub use schema::{IndexSchema, KeyAttribute, KeySchema, TableSchema};

/// The attributes of an item, by name.
pub type Attributes = HashMap<String, AttributeValue>;

/// A future that a store gives back.
pub type StoreFuture<'a> = Pin<Box<dyn Future<Output = Result<Response, StoreError>> + Send + 'a>>;

/// DynamoDB, as far as the protocol needs it.
///
/// True before: nothing; any request may be sent at any time and any number of times. True after: each
/// request took place entirely or not at all, single-item requests are linearizable, consistent reads
/// see every acknowledged write, and a condition and its change are one atomic step. An error says itself
/// whether the change can have taken place; after [`StoreError::Transient`] it can. Dropping the future
/// leaves it open as well.
pub trait Store: Send + Sync + 'static {
    /// Executes one request.
    fn execute(&self, request: Request) -> StoreFuture<'_>;

    /// Whether the store removes an item by itself some time after the second that the item's attribute
    /// [`TableSchema::expires`] names. Where it does not, the garbage collector does. A decorator says what the store
    /// behind it says.
    fn expires_items(&self) -> bool;
}

/// A shared store: what hosts and decorators hold.
pub type SharedStore = Arc<dyn Store>;

impl<S: Store + ?Sized> Store for Arc<S> {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        (**self).execute(request)
    }

    fn expires_items(&self) -> bool {
        (**self).expires_items()
    }
}

/// The requests by name, with the response that each has.
impl dyn Store + '_ {
    /// Reads one item. `None` where there is none.
    pub async fn get(&self, request: GetItem) -> Result<Option<Attributes>, StoreError> {
        self.execute(Request::Get(request)).await?.into_item()
    }

    /// Writes one whole item. Fails with [`StoreError::ConditionFailed`] and the old item.
    pub async fn put(&self, request: PutItem) -> Result<(), StoreError> {
        self.execute(Request::Put(request)).await.map(drop)
    }

    /// Changes one item in place and gives the attributes asked for. Fails with
    /// [`StoreError::ConditionFailed`] and the old item.
    pub async fn update(&self, request: UpdateItem) -> Result<Option<Attributes>, StoreError> {
        self.execute(Request::Update(request)).await?.into_item()
    }

    /// Removes one item. Fails with [`StoreError::ConditionFailed`] and the old item.
    pub async fn delete(&self, request: DeleteItem) -> Result<(), StoreError> {
        self.execute(Request::Delete(request)).await.map(drop)
    }

    /// Reads a page of one partition of a table or an index.
    pub async fn query(&self, request: QueryItems) -> Result<Page, StoreError> {
        self.execute(Request::Query(request)).await?.into_page()
    }

    /// Reads a page of a table.
    pub async fn scan(&self, request: ScanItems) -> Result<Page, StoreError> {
        self.execute(Request::Scan(request)).await?.into_page()
    }

    /// Reads up to 100 items: those found, and the keys that the store did not get to.
    pub async fn batch_get(&self, request: BatchGetItem) -> Result<(Vec<Attributes>, Vec<Attributes>), StoreError> {
        self.execute(Request::BatchGet(request)).await?.into_batch()
    }

    /// Writes up to 100 items in one atomic step.
    pub async fn transact_write(&self, request: TransactWrite) -> Result<(), StoreError> {
        self.execute(Request::TransactWrite(request)).await.map(drop)
    }

    /// Creates a table with its indexes and waits until they can be used. Fails with
    /// [`StoreError::TableExists`], also where somebody else is creating it at this moment.
    pub async fn create_table(&self, schema: TableSchema) -> Result<(), StoreError> {
        self.execute(Request::CreateTable(CreateTable { schema })).await.map(drop)
    }

    /// What a table looks like. `None` where there is none that can be used; an index that cannot be used
    /// yet is left out.
    pub async fn describe_table(&self, table: &str) -> Result<Option<TableSchema>, StoreError> {
        let request = DescribeTable { table: table.to_owned() };
        self.execute(Request::DescribeTable(request)).await?.into_table()
    }
}

impl fmt::Debug for dyn Store + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}
