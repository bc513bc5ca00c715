//! What an invocation says of the instance that it is about.

use crate::data::{Lists, canonical};
use crate::function::FunctionEntry;
use crate::ids::{InstanceId, digest};
use crate::txn::TransactionContext;

/// The instance that an attempt executes, as its invocation names it.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) function: &'static FunctionEntry,
    pub(crate) instance: InstanceId,
    pub(crate) own_id: bool,
    pub(crate) arguments: String,
    pub(crate) caller: Option<String>,
    /// When this attempt must have ended, in milliseconds since 1970.
    pub(crate) deadline_ms: u64,
    /// The transaction that the call joins.
    pub(crate) transaction: Option<TransactionContext>,
    /// Whether an operator wants an undecided transaction to be rolled back.
    pub(crate) roll_back: bool,
}

impl Identity {
    /// A hash of the arguments that stays when they are removed from a done intent. How their JSON is
    /// spelled does not matter: callers that send the same arguments again need not write them alike.
    /// A caller that is a function itself may have sent a `HashSet`, whose order its next attempt changes.
    pub(crate) fn arguments_hash(&self) -> String {
        let lists = if self.caller.is_some() { Lists::Unordered } else { Lists::Ordered };
        format!("{:032x}", digest(&[canonical(&self.arguments, lists).as_bytes()]))
    }
}
