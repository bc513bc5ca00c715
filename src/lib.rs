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
//! - [`remote!`] declares functions of other programs by contract: they are called alike, and none of their code is
//!   linked.
//! - A [`txn!`] is serializable, over rows and functions of several services: what it reads stays as it was read,
//!   what it writes becomes visible together, and functions that it calls take part. Conflicts are tried again
//!   where no handler sees it.
//! - What a replay could not repeat (clocks, random numbers, threads, futures of other libraries) does not
//!   compile in a function. The message has a code, and the code a page in the book.
//! - A function never sees an error of the machinery. The attempt ends, and another one follows.
//! - A [`macro@test`] runs a scenario in virtual time, crashes it at every point, shuffles its messages, and audits
//!   whether its functions are deterministic.
//!
//! # What it is not
//!
//! - No isolation where it was not asked for. Outside of a [`txn!`] a read followed by a write is two steps, and
//!   another instance can come between them. Use updates and conditions ([`Update`], [`When`]) on single rows that
//!   are shared, and transactions for all else. A transaction is short: its rows are locked until it ends.
//! - No exactly-once for the world outside. An [`external`] action runs at least once until its result is
//!   recorded, and is given a key to make it idempotent.
//! - No workflow server, no queue, no scheduler. A function lives at most as long as its timeout.
//! - No abstraction over databases. It is DynamoDB, with its keys, its limits and its prices.
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `aws` | yes | `DynamoDbStore` and `LambdaHost`: Amazon DynamoDB and AWS Lambda through the AWS SDK |
//! | `embedded` | yes | `EmbeddedStore`, a DynamoDB engine in this process, on a file or in memory; `testing`, which runs on it; with `aws` also `ProcessHost` |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(inline)]
pub use beldi_core::*;
#[doc(inline)]
pub use beldi_macros::{Item, function, helper, join, remote, service, test, txn};

#[doc(hidden)]
pub use beldi_core::__private;

/// What a program with beldi functions needs: `use beldi::prelude::*;`.
pub mod prelude {
    pub use beldi_core::{Conflict, Data, Function, Item, Service};
    pub use beldi_macros::Item;
    pub use serde::{Deserialize, Serialize};
}
