//! Exactly-once, transactional, stateful serverless functions on AWS Lambda and DynamoDB, checked by the
//! compiler.
//!
//! Annotate async functions, keep your tables, and every read, write and call happens once, whatever
//! crashes, stalls or runs twice. What cannot be made safe does not compile.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(inline)]
pub use beldi_core::*;
pub use beldi_macros::{Item, function, helper, join, service};

#[doc(hidden)]
pub use beldi_core::__private;

/// What a program with beldi functions needs: `use beldi::prelude::*;`.
pub mod prelude {
    pub use beldi_core::{Conflict, Data, Function, Item, Service};
    pub use beldi_macros::Item;
    pub use serde::{Deserialize, Serialize};
}
