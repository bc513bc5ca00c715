//! Why an attempt ended without a result, and what its caller is told.
//!
//! A handler never sees any of this: the attempt ends and another follows (protocol, section 3).

use std::fmt;

use crate::checksum::Damage;
use crate::data::DataError;
use crate::ids::{InstanceId, StepPath};
use crate::key::KeyError;
pub use crate::problem::{InvokeError, Problem, ProblemKind};
use crate::store::StoreError;

/// Why an attempt could not go on. Not `Clone`, not visible to handlers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Another attempt of the instance put the next journal record first; this one goes on in replay.
    #[error("another attempt of this instance is ahead")]
    Superseded,
    /// The store failed beyond what retrying mends.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A write would leave what DynamoDB cannot hold. Found here, before the store is asked.
    #[error(transparent)]
    Unstorable(StoreError),
    /// The handler asks for something else than what an earlier attempt recorded.
    #[error(transparent)]
    Diverged(#[from] Divergence),
    /// A key that DynamoDB cannot hold.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A value that cannot be encoded, or stored data that is not what the code expects.
    #[error(transparent)]
    Data(#[from] DataError),
    /// What beldi itself has stored is not as it was written. Nothing is done by it.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A row of a table does not fit the item type.
    #[error("a row of table `{table}` is no `{item}`: {message}")]
    Item {
        /// The table.
        table: &'static str,
        /// The Rust type.
        item: &'static str,
        /// What serde says.
        message: String,
    },
    /// Something is larger than what one journal record, result or payload can hold.
    #[error("{what} has {bytes} bytes, and at most {limit} fit: {remedy}")]
    TooLarge {
        /// What it is.
        what: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
        /// The way out.
        remedy: &'static str,
    },
    /// A called function has no result to give.
    #[error("the call of {service}/{function} failed: {error}")]
    Call {
        /// The callee's service.
        service: String,
        /// The callee.
        function: String,
        /// What the callee's host said.
        #[source]
        error: InvokeError,
    },
    /// A called function has given a result that is none of the type which the caller expects.
    #[error("the result of {service}/{function} instance {instance} is not what the caller expects: {error}")]
    UnexpectedResult {
        /// The callee's service.
        service: &'static str,
        /// The callee.
        function: &'static str,
        /// Its instance.
        instance: InstanceId,
        /// What serde says.
        #[source]
        error: Box<DataError>,
    },
    /// The handler panicked.
    #[error("the handler panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// A transaction asks for what it cannot have.
    #[error(transparent)]
    Transaction(#[from] TransactionFault),
    /// A row stayed locked for as long as the attempt could wait.
    #[error("the row `{row}` is held by {holder}, and the attempt has no time left to wait")]
    Locked {
        /// The row.
        row: String,
        /// Who holds it.
        holder: String,
    },
    /// All tries of a transaction met older ones.
    #[error("the transaction met older ones in {tries} tries; the last was {holder}, which holds `{row}`")]
    Contended {
        /// How many tries there were.
        tries: u32,
        /// The row of the last conflict.
        row: String,
        /// Who held it.
        holder: String,
    },
    /// One try of a transaction met an older one, and dies; another try follows.
    #[error("the row `{row}` is held by {holder}, which is older")]
    Died {
        /// The row.
        row: String,
        /// Who holds it.
        holder: String,
    },
    /// A step of a try that is over: nothing follows it.
    #[error("the transaction is over")]
    Over,
    /// A decision or a detached call could not be delivered; a later attempt delivers it again.
    #[error("{service}/{function} could not be told: {error}")]
    Undelivered {
        /// The service.
        service: String,
        /// The function.
        function: String,
        /// What its host said.
        #[source]
        error: InvokeError,
    },
    /// An operator ended the instance's transaction.
    #[error(
        "an operator has the transaction of this instance {outcome}; the instance itself goes on when it is restarted"
    )]
    Resolved {
        /// What became of it.
        outcome: &'static str,
    },
}

/// What a transaction cannot have (protocol, section 6). It is rolled back with all its participants, and the
/// coordinator is parked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionFault {
    /// More than a transaction may have. Found before the row is locked or the call is made that would exceed it.
    #[error("a transaction has at most {limit} {what} in one function: {remedy}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// The way out.
        remedy: &'static str,
    },
    /// An operation that has no place in a transaction.
    #[error("{what} has no place in a transaction, and this function was called in one: do it before or after")]
    NotAllowed {
        /// The operation.
        what: &'static str,
    },
    /// Two branches of a `join!` in one transaction use one row, and at least one of them writes it.
    #[error(
        "two branches of a `join!` in one transaction use the row `{row}`, so that none sees what the other does: make one come after the other"
    )]
    Branches {
        /// The row.
        row: String,
    },
    /// The instance has locked the row with `beldi::lock`, and would wait for itself: in a transaction, or to lock it again.
    #[error("the row `{row}` is locked by this instance itself, with `beldi::lock`: unlock it first")]
    OwnLock {
        /// The row.
        row: String,
    },
    /// A row that a decided transaction holds was taken from it. This is no mistake of the user.
    #[error(
        "the lock of row `{row}` is gone although its transaction is not carried out: somebody has changed attributes `_beldi_*` by hand"
    )]
    LockLost {
        /// The row.
        row: String,
    },
}

impl Fault {
    /// Whether every later attempt would end here in the same way.
    pub(crate) fn is_permanent(&self) -> bool {
        match self {
            Self::Superseded | Self::Panicked { .. } => false,
            Self::Locked { .. } | Self::Contended { .. } | Self::Died { .. } | Self::Over => false,
            Self::Undelivered { .. } | Self::Resolved { .. } => false,
            Self::Transaction(_) => true,
            Self::Store(error) => error.is_permanent(),
            Self::Unstorable(_) => true,
            Self::Call { error, .. } => {
                let is_lasting =
                    |kind: ProblemKind| kind.is_callers_mistake() || kind == ProblemKind::TransactionRefused;
                matches!(error, InvokeError::Refused(problem) if is_lasting(problem.kind))
            }
            Self::Diverged(_) | Self::Damaged(_) | Self::Key(_) | Self::Data(_) => true,
            Self::Item { .. } | Self::TooLarge { .. } | Self::UnexpectedResult { .. } => true,
        }
    }

    /// Whether whoever asked is told, in place of asking again: what is asked for again at once would end here too. A
    /// collector makes later attempts, which may do better.
    pub(crate) fn is_told(&self) -> bool {
        match self {
            Self::Panicked { .. } | Self::Call { error: InvokeError::Refused(_), .. } => true,
            _ => self.is_permanent(),
        }
    }

    /// Whether a try of a transaction cannot go on after it, in this attempt or in any other.
    pub(crate) fn ends_a_try(&self) -> bool {
        match self {
            Self::Died { .. } => true,
            // What a participant refuses, its coordinator rolls back.
            Self::Call { error: InvokeError::Refused(_), .. } => true,
            _ => self.is_permanent(),
        }
    }

    /// Whether a walk that meets it at a step has not seen whether another attempt has come past that step.
    pub(crate) fn hides_what_is_behind(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Damaged(_) | Self::Diverged(_)) || !self.ends_a_try()
    }

    /// Whether a step that meets it may have been passed by another attempt of the try: as a refusal, which is a matter of
    /// the order of its branches, and what damage or another program hides.
    pub(crate) fn may_be_passed(&self) -> bool {
        matches!(self, Self::Transaction(_) | Self::Damaged(_) | Self::Diverged(_))
    }

    fn kind(&self) -> ProblemKind {
        match self {
            Self::Transaction(TransactionFault::Limit { .. }) => ProblemKind::TooLarge,
            Self::Transaction(_) => ProblemKind::TransactionRefused,
            Self::Locked { .. } | Self::Contended { .. } | Self::Died { .. } | Self::Over | Self::Resolved { .. } => {
                ProblemKind::Unavailable
            }
            Self::Diverged(_) => ProblemKind::Diverged,
            Self::Damaged(_) => ProblemKind::Damaged,
            Self::Key(_) => ProblemKind::InvalidKey,
            Self::Data(_) | Self::Item { .. } | Self::UnexpectedResult { .. } => ProblemKind::InvalidData,
            Self::TooLarge { .. } => ProblemKind::TooLarge,
            Self::Store(StoreError::ItemTooLarge { .. }) | Self::Unstorable(StoreError::ItemTooLarge { .. }) => {
                ProblemKind::TooLarge
            }
            Self::Unstorable(_)
            | Self::Store(StoreError::TableNotFound { .. } | StoreError::Invalid { .. } | StoreError::Denied { .. }) => {
                ProblemKind::StoreRefused
            }
            Self::Call { .. } | Self::Undelivered { .. } => ProblemKind::CalleeFailed,
            Self::Panicked { .. } => ProblemKind::Panicked,
            Self::Superseded | Self::Store(_) => ProblemKind::Unavailable,
        }
    }
}

/// A replay asked for another step than the one that was recorded (protocol, section 3).
#[derive(Debug, thiserror::Error)]
#[error(
    "the replay diverged: recorded was {recorded}, but the handler asks for {asked}; the code is not deterministic or was changed while the instance ran"
)]
pub struct Divergence {
    /// What the journal holds.
    pub recorded: String,
    /// What the handler asks for.
    pub asked: String,
}

/// A fault with the function, the instance and the step where it happened.
#[derive(Debug, thiserror::Error)]
pub struct AttemptError {
    pub(crate) service: &'static str,
    pub(crate) function: &'static str,
    pub(crate) instance: InstanceId,
    pub(crate) step: Option<(StepPath, &'static std::panic::Location<'static>)>,
    #[source]
    pub(crate) fault: Fault,
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} instance {}", self.service, self.function, self.instance)?;
        if let Some((path, location)) = &self.step {
            write!(f, " step {path} at {}:{}", location.file(), location.line())?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl AttemptError {
    /// What the caller is told.
    pub(crate) fn problem(&self) -> Problem {
        Problem {
            kind: self.fault.kind(),
            detail: self.to_string(),
            service: self.service.to_owned(),
            function: self.function.to_owned(),
            instance: Some(self.instance),
            step: self.step.as_ref().map(|(path, _)| path.to_string()),
        }
    }
}
