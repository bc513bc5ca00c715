//! Operations: plain values that describe a step. Inside a beldi function, `.await` executes one.
//!
//! Architecture invariant: an operation is no future. It cannot be executed anywhere but as a step, so
//! there is no second, unsafe way to do it.

use std::future::Future;

mod ambient;
mod call;
mod external;
mod helper;
mod query;
mod read;
mod write;

use crate::attempt::Step;
use crate::error::Fault;
use crate::service::Scope;

pub use ambient::{Now, Random, RandomBelow, Uuid, now, random, random_below, uuid};
pub use call::{Call, Detached, call};
pub use external::{External, ExternalError, RetryPolicy, external};
pub use helper::{Effects, Helper, Observes};
pub use query::{PageToken, Query, ResultPage, Scan};
pub use read::{BatchGet, Get};
pub use write::{Conflict, Delete, Numeric, Put, RowWrite, Update, When};

/// A durable operation: something that a beldi function can await.
#[diagnostic::on_unimplemented(
    message = "BELDI001: `{Self}` is no durable operation, so a beldi function cannot await it",
    label = "not a step that can be recorded and replayed",
    note = "wrap work that is no step of beldi's in `beldi::external(\"name\", |key| ..)`; wait for several operations with `beldi::join!`; mark an async fn of your own that has steps as `#[beldi::helper]`"
)]
pub trait Operation: Send + Sized {
    /// What the step gives.
    type Output: Send;
    /// The service whose tables it touches, or [`AnyService`](crate::AnyService).
    type Owner;
    /// Whether it is executed as one step, and not by steps of its own.
    #[doc(hidden)]
    const IS_ONE_STEP: bool = true;

    /// Leaves in the binary what deployment tools must know of a step in `S` that does this.
    #[doc(hidden)]
    fn mark<S: Scope>() {}

    /// Executes the operation as one step.
    #[doc(hidden)]
    fn perform(self, step: Step) -> impl Future<Output = Result<Self::Output, Fault>> + Send;
}

/// An operation that changes nothing: a step of `read_only` functions.
#[diagnostic::on_unimplemented(
    message = "BELDI010: `{Self}` is an effect, and this code is `read_only`",
    label = "this changes something",
    note = "drop `read_only` from the function, or do this in a function of its own that is not `read_only`"
)]
pub trait Observation: Operation {}
