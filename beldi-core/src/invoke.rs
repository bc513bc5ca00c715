//! Invocations: what a host delivers to a function, and the door through which functions call each other.

use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::contract::Contract;
use crate::error::InvokeError;
use crate::ids::InstanceId;
use crate::txn::TransactionContext;

/// One delivery of one instance to the host of its function. Everything in it is checked by the receiver.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invocation {
    /// The service.
    pub service: String,
    /// The function.
    pub function: String,
    /// The instance: deliveries of the same id are the same logical execution.
    pub instance: InstanceId,
    /// The arguments as JSON: an array with one value for each, `null` where there are none.
    pub arguments: String,
    /// Who calls, for people who look at the journal: `service/function instance step`.
    pub caller: Option<String>,
    /// What the receiver may rely on.
    pub delivery: Delivery,
    /// The transaction that the call joins, or whose decision is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<TransactionContext>,
    /// What the sender takes for granted about the function; absent within a service, and from who knows no types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
}

/// What the receiver of an [`Invocation`] may rely on, and what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// The id was made for this delivery alone: no other attempt can know it (an *own id*).
    OwnId,
    /// The first delivery, as far as the sender knows.
    First,
    /// There was a delivery before: load the journal first.
    Repeat,
    /// Make the intent durable, answer, and run the instance afterwards (a detached call).
    Accept,
    /// The intent was made durable at `start_ms` by [`Delivery::Accept`]; run the instance.
    Accepted {
        /// The instance's start, milliseconds since 1970.
        start_ms: u64,
    },
    /// The transaction is committed. The arguments are a list of the ids of all participants of this service, in
    /// the order of the program.
    Commit,
    /// The transaction is rolled back; the arguments are a list of the ids of participants.
    Abort,
    /// The transaction is rolled back, and somebody still looks for what its attempts hold: who has not prepared is told
    /// to abort; who has gives its answer again, and holds what it holds until [`Delivery::Abort`] follows.
    Fence,
    /// Somebody waits for what the instance holds: look whether it is due.
    Nudge,
    /// An operator wants the instance's undecided transaction rolled back, or its decided one completed.
    RollBack,
}

impl Delivery {
    /// Whether it runs the function, so that it waits for its turn. Everything else must not wait for runs, nor
    /// they for it.
    pub(crate) fn runs(self) -> bool {
        !self.decides() && !matches!(self, Self::Accept | Self::Nudge | Self::RollBack)
    }

    /// Whether it tells participants what was decided.
    #[must_use]
    pub fn decides(self) -> bool {
        matches!(self, Self::Commit | Self::Abort | Self::Fence)
    }
}

/// The future of an invocation's result, as JSON.
pub type InvokeFuture<'a> = Pin<Box<dyn Future<Output = Result<String, InvokeError>> + Send + 'a>>;

/// The future of an invocation whose result nobody waits for.
pub type TriggerFuture<'a> = Pin<Box<dyn Future<Output = Result<(), InvokeError>> + Send + 'a>>;

/// The door to other functions: a host implements it.
pub trait Invoker: Send + Sync + 'static {
    /// Delivers an invocation and waits for the result: the JSON of the function's output, or `null` for
    /// [`Delivery::Accept`]. `Unavailable` says nothing about whether the callee ran.
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_>;

    /// Delivers an invocation whose result nobody waits for. It may be lost: the collector finds what it was for. By
    /// default it is invoked and its result dropped; a host that can hand it over without waiting does.
    ///
    /// # Errors
    ///
    /// It was not taken, so that no attempt of it counts. That an attempt has failed is no error.
    fn trigger(&self, invocation: Invocation) -> TriggerFuture<'_> {
        Box::pin(async move {
            drop(self.invoke(invocation).await);
            Ok(())
        })
    }
}
