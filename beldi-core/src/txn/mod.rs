//! Transactions over rows and functions that own them (protocol, section 6).
//!
//! Invariants kept here: *two-phase locking* (a row that a transaction read or wrote is held until the decision is
//! durable; the decision is one record, put once); *agreement* (what a body saw is in the decision record; the rows
//! that it saw were held); nothing that an attempt took is left behind, whichever attempt decided; *opacity* (no body
//! sees a state that no serial order gives, not even in a try that dies).
//!
//! | file | what |
//! |---|---|
//! | `id.rs` | the names of transactions, and their age |
//! | `view.rs`, `evaluate.rs` | what a transaction sees of rows: held values, with its own writes |
//! | `attempt.rs` | one try: its steps, and how it is stopped |
//! | `acquire.rs`, `patience.rs` | taking rows; wait-die, waiting |
//! | `handover.rs` | rows that one part takes over from another |
//! | `call.rs` | calls that join the transaction |
//! | `coordinator.rs` | `txn!`: tries, decision, what follows it |
//! | `participant.rs`, `told.rs` | a function that was called in a transaction: prepare; commit and abort |
//! | `settle.rs` | a decision carried out: rows, participants, detached calls |
//! | `record.rs` | how all that looks in journal records |
//! | `guard.rs` | `beldi::lock`: mutual exclusion without a transaction |
//! | `operator.rs` | what an operator can do with a coordinator that does not go on |
//! | `statistics.rs` | how transactions ended, counted |

use serde::{Deserialize, Serialize};

mod acquire;
mod attempt;
mod call;
mod coordinator;
mod each;
mod evaluate;
mod guard;
mod handover;
mod id;
mod operator;
mod participant;
mod patience;
mod record;
mod settle;
mod statistics;
mod told;
mod view;

use crate::contract::Contract;
use crate::ids::InstanceId;

pub use coordinator::{Fallible, Transaction, TransactionOptions, transaction};
pub use guard::{Lock, LockGuard, Unlock, lock};
pub use participant::InDoubt;
pub use statistics::{Tallies, TransactionStatistics};

pub(crate) use attempt::{Stop, Try};
pub(crate) use call::Callee;
pub(crate) use each::each;
pub(crate) use evaluate::holds;
pub(crate) use guard::Guards;
pub(crate) use id::{TransactionId, holder_text};
pub(crate) use operator::roll_back;
pub(crate) use participant::{handle, in_doubt};
pub(crate) use patience::Patience;
#[cfg(test)]
pub(crate) use record::Outcome;
pub(crate) use record::{Decision, HeldRow, Part, Prepared};

/// The most rows that one function may touch in one transaction.
pub(crate) const MAX_ROWS: usize = 100;
/// The most bytes that one function may write in one transaction.
pub(crate) const MAX_WRITE_BYTES: usize = 256 * 1024;
/// The most calls of one function in one transaction.
pub(crate) const MAX_CALLS: usize = 25;

/// The transaction that a call joins, as it travels with the call (protocol, section 6): the name of the try, how long
/// to wait for a row, and the parts of the transaction that the callee may take rows over from.
///
/// Hosts pass it on as it is. Nothing in it is for users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionContext {
    pub(crate) id: TransactionId,
    /// The longest time to wait for a lock, in milliseconds.
    pub(crate) max_wait_ms: u64,
    /// The parts of the transaction that come before this call in the program: those that are prepared, and those
    /// that wait for it and have saved what they hold. With a commit: those of the service that were rolled back.
    pub(crate) known: Vec<Participant>,
    /// With a decision: whether an earlier attempt may have told it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) repeats: bool,
    /// With a rollback: whether who tells it tells those below too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) tells_below: bool,
}

/// A function that takes part in a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Participant {
    pub(crate) service: String,
    pub(crate) function: String,
    pub(crate) instance: InstanceId,
    /// For one that waits for a call: the step at which it has saved what it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) saved_at: Option<Vec<u32>>,
    /// Whether the block that called it was rolled back, so that nothing of it counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) rolled_back: bool,
}

/// A detached call that is held back until the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldCall {
    pub(crate) service: String,
    pub(crate) function: String,
    pub(crate) instance: InstanceId,
    pub(crate) arguments: String,
    pub(crate) caller: String,
    /// How long the callee keeps its result, in milliseconds.
    pub(crate) kept_ms: u64,
    /// What the caller takes for granted, by which the arguments were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contract: Option<Contract>,
}

/// What a participant answers to a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It has run, and keeps what it holds until it is told. `participants` are those below it, in the order of the
    /// program, with those that are rolled back whatever is decided, and itself.
    Prepared { result: String, participants: Vec<Participant> },
    /// It met an older holder of a row that it needs.
    Died { row: String, holder: String },
    /// It was told before that the transaction is rolled back.
    Aborted,
}
