//! Exactly-once, stateful serverless functions on DynamoDB, checked by the compiler.
//!
//! ```standalone_crate
//! use std::sync::Arc;
//!
//! use beldi::host::LocalHost;
//! use beldi::prelude::*;
//! use beldi::store::EmbeddedStore;
//!
//! beldi::service!(Hotel = "hotel");
//!
//! #[derive(Item, Serialize, Deserialize)]
//! #[beldi(service = Hotel, table = "rooms")]
//! struct Room {
//!     #[beldi(partition_key)]
//!     hotel: String,
//!     #[beldi(sort_key)]
//!     night: u32,
//!     free: u32,
//! }
//!
//! #[derive(Serialize, Deserialize, Debug, PartialEq)]
//! struct SoldOut;
//!
//! #[beldi::function(service = Hotel)]
//! async fn open(hotel: String, night: u32, rooms: u32) {
//!     Room { hotel, night, free: rooms }.put().await;
//! }
//!
//! #[beldi::function(service = Hotel)]
//! async fn reserve(hotel: String, night: u32) -> Result<String, SoldOut> {
//!     let one_less = Room::update((&hotel, night)).add(Room::FREE, -1);
//!     one_less.when(Room::FREE.ge(1u32)).await.map_err(|_| SoldOut)?;
//!     Ok(beldi::uuid().await.to_string())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Arc::new(EmbeddedStore::in_memory()?);
//! let host = LocalHost::builder(store).start().await?;
//! let client = host.client();
//! client.call(open("Ritz".into(), 3, 1)).await?;
//!
//! let confirmation = client.call(reserve("Ritz".into(), 3)).idempotency_key("order 17").await?;
//! assert!(confirmation.is_ok());
//! // The same key is the same execution: it gives the same answer, and takes no second room.
//! assert_eq!(client.call(reserve("Ritz".into(), 3)).idempotency_key("order 17").await?, confirmation);
//! assert_eq!(client.call(reserve("Ritz".into(), 3)).await?, Err(SoldOut));
//! # Ok(())
//! # }
//! ```
//!
//! # What it is
//!
//! A library for services that keep their state in DynamoDB tables and run as functions: short, many at once,
//! killed at any moment. Each `.await` in a [`function`] is a step that takes effect once, however often the
//! function is run again. Before each effect, what the function saw is written to a journal; with each write
//! of a row, the fact that it happened is written to the row itself, in the same request. So there is no server
//! beside the functions, and a function that only reads costs its reads.
//!
//! - A [`service!`] owns tables and functions. Code of another service that touches them does not compile.
//! - An [`Item`] is the type of a table's rows, in native DynamoDB attributes.
//! - Operations are values: [`Item::get`], [`Item::put`], [`Item::update`], [`Item::query`], a call of a
//!   function by its own name, [`now`], [`uuid`], [`external`]. Awaiting one makes it a step.
//! - What a replay could not repeat (clocks, random numbers, threads, futures of other libraries) does not
//!   compile in a function. The message has a code, and the code a page in the book.
//! - A function never sees an error of the machinery. The attempt ends, and another one follows.
//!
//! # What it is not
//!
//! - No isolation between instances, yet. A read followed by a write is two steps, and another instance can
//!   come between them. Use updates and conditions ([`Update`], [`When`]) on rows that are shared. Transactions
//!   come in a later version, as do garbage collection and the host for AWS Lambda.
//! - No exactly-once for the world outside. An [`external`] action runs at least once until its result is
//!   recorded, and is given a key to make it idempotent.
//! - No workflow server, no queue, no scheduler. A function lives at most as long as its timeout.
//! - No abstraction over databases. It is DynamoDB, with its keys, its limits and its prices.
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `aws` | yes | `DynamoDbStore`: Amazon DynamoDB through the AWS SDK |
//! | `embedded` | yes | `EmbeddedStore`: a DynamoDB engine in this process, on a file or in memory |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(inline)]
pub use beldi_core::*;

/// The type of the rows of a table: implements [`trait@Item`] for a struct.
///
/// ```
/// # use beldi::prelude::*;
/// # beldi::service!(Hotel = "hotel");
/// #[derive(Item, Serialize, Deserialize)]
/// #[beldi(service = Hotel, table = "rooms")]
/// #[beldi(index(name = "by_city", partition_key = city, sort_key = free))]
/// struct Room {
///     #[beldi(partition_key)]
///     hotel: String,
///     #[beldi(sort_key)]
///     night: u32,
///     city: String,
///     free: u32,
/// }
///
/// // A constant for each field and each index:
/// let _ = (Room::FREE, Room::BY_CITY);
/// ```
///
/// | option | on | what |
/// |---|---|---|
/// | `service = Type` | the struct | the service that owns the table; required |
/// | `table = "name"` | the struct | the name of the table; required. A table that exists can be adopted |
/// | `index(name = "..", partition_key = field, sort_key = field)` | the struct | a global secondary index; the sort key is optional |
/// | `partition_key` | a field | the partition key; required |
/// | `sort_key` | a field | the sort key |
///
/// Attributes have the names that serde gives the fields.
pub use beldi_macros::Item;

/// An exactly-once function of a service: each `.await` in it is a step.
///
/// ```
/// # use beldi::prelude::*;
/// # beldi::service!(Shop = "shop");
/// # #[derive(Item, Serialize, Deserialize)]
/// # #[beldi(service = Shop, table = "stock")]
/// # struct Stock { #[beldi(partition_key)] article: String, free: u32 }
/// #[beldi::function(service = Shop, read_only, timeout = "5s")]
/// async fn in_stock(article: String) -> bool {
///     Stock::get(&article).await.is_some_and(|stock| stock.free > 0)
/// }
/// ```
///
/// | option | what |
/// |---|---|
/// | `service = Type` | the service that the function belongs to; required |
/// | `read_only` | the function has no effect, which the compiler checks; it journals nothing |
/// | `timeout = "5s"` | how long one attempt may live, in `ms`, `s` or `m`; the host decides otherwise |
///
/// The function's name is then the typed way to call it: `in_stock(article)` is an operation.
pub use beldi_macros::function;

/// An async function that has steps and is a part of functions: it may be generic, and may borrow.
///
/// ```
/// # use beldi::prelude::*;
/// # beldi::service!(Shop = "shop");
/// # #[derive(Item, Serialize, Deserialize)]
/// # #[beldi(service = Shop, table = "stock")]
/// # struct Stock { #[beldi(partition_key)] article: String, free: u32 }
/// #[beldi::helper(service = Shop, read_only)]
/// async fn stock_of(article: &str) -> u32 {
///     Stock::get(article).await.map_or(0, |stock| stock.free)
/// }
///
/// #[beldi::function(service = Shop, read_only)]
/// async fn in_stock(article: String) -> bool {
///     stock_of(&article).await > 0
/// }
/// ```
///
/// | option | what |
/// |---|---|
/// | `service = Type` | the service whose tables the helper touches; a helper without one is for all services |
/// | `read_only` | the helper has no effect, so functions that are `read_only` can await it |
pub use beldi_macros::helper;

/// Runs several operations or `async` blocks at the same time and gives the tuple of their results.
///
/// ```
/// # use beldi::prelude::*;
/// # beldi::service!(Shop = "shop");
/// # #[beldi::function(service = Shop, read_only)]
/// # async fn price(article: String) -> u32 { article.len() as u32 }
/// #[beldi::function(service = Shop, read_only)]
/// async fn both(one: String, other: String) -> u32 {
///     let (one, other) = beldi::join!(price(one), async { price(other).await * 2 });
///     one + other
/// }
/// ```
///
/// Each branch numbers its own steps, so they have the same names whichever branch is faster.
pub use beldi_macros::join;

/// Declares a service: the owner of functions and tables, with one journal and one collector.
///
/// ```
/// beldi::service!(pub Hotel = "hotel");
/// ```
///
/// The name is lower-case letters, digits and hyphens. It is part of the journal's name.
pub use beldi_macros::service;

#[doc(hidden)]
pub use beldi_core::__private;

/// What a program with beldi functions needs: `use beldi::prelude::*;`.
pub mod prelude {
    pub use beldi_core::{Conflict, Data, Function, Item, Service};
    pub use beldi_macros::Item;
    pub use serde::{Deserialize, Serialize};
}
