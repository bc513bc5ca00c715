//! What the sender of an invocation is told when there is no result.

use serde::{Deserialize, Serialize};

use crate::ids::InstanceId;

/// Why an invocation gave no result.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub enum InvokeError {
    /// The attempt died or could not start; the instance may or may not have begun. Asking again with
    /// the same instance id is safe and is what to do.
    #[error("{0}")]
    Unavailable(String),
    /// The function has no result to give, and asking again at once will not change that.
    #[error("{0}")]
    Refused(Box<Problem>),
}

/// A typed answer to something that went wrong, made for people and programs: the body of an
/// `application/problem+json` response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{detail}")]
pub struct Problem {
    /// What went wrong, as a word for programs.
    pub kind: ProblemKind,
    /// What went wrong, as a sentence for people.
    pub detail: String,
    /// The service.
    pub service: String,
    /// The function.
    pub function: String,
    /// The instance, where there is one.
    pub instance: Option<InstanceId>,
    /// The step, where it went wrong in one.
    pub step: Option<String>,
}

/// The kinds of [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// A transaction asks for what it cannot have; it is rolled back.
    TransactionRefused,
    /// There is no such function.
    UnknownFunction,
    /// The arguments are no JSON, or not what the function takes. Nothing was done.
    InvalidArguments,
    /// The caller takes something else for granted than what the function is: another signature, or results that are
    /// kept for longer. Nothing was done; new code on either side mends it.
    ContractMismatch,
    /// The arguments are over their limit. Nothing was done.
    ArgumentsTooLarge,
    /// A result, an item or a journal record is over its limit.
    TooLarge,
    /// The idempotency key was used before with other arguments. Nothing was done.
    IdempotencyKeyReused,
    /// A key that DynamoDB cannot hold.
    InvalidKey,
    /// A value that cannot be encoded, or a row that is not what the code expects.
    InvalidData,
    /// A replay asked for another step than the recorded one; the instance is parked.
    Diverged,
    /// A journal record, a segment or a row is not as beldi wrote it; the instance is parked.
    Damaged,
    /// The instance failed too often or in a way that retrying does not mend; an operator restarts it.
    Parked,
    /// A table is missing, or refuses the request.
    StoreRefused,
    /// A called function has no result to give. The instance is tried again later, unless it is parked.
    CalleeFailed,
    /// The handler panicked. An instance that has left anything in its journal is tried again later, and is parked after
    /// [`Settings::max_attempts`](crate::Settings::max_attempts).
    Panicked,
    /// There is no such instance.
    UnknownInstance,
    /// The function could not be run now; the same request may succeed later.
    Unavailable,
}

impl ProblemKind {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownFunction => "unknown-function",
            Self::InvalidArguments => "invalid-arguments",
            Self::ContractMismatch => "contract-mismatch",
            Self::ArgumentsTooLarge => "arguments-too-large",
            Self::TooLarge => "too-large",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::InvalidKey => "invalid-key",
            Self::InvalidData => "invalid-data",
            Self::Diverged => "diverged",
            Self::Damaged => "damaged",
            Self::Parked => "parked",
            Self::StoreRefused => "store-refused",
            Self::CalleeFailed => "callee-failed",
            Self::Panicked => "panicked",
            Self::UnknownInstance => "unknown-instance",
            Self::Unavailable => "unavailable",
            Self::TransactionRefused => "transaction-refused",
        }
    }

    /// Whether the caller must change the request; everything else may pass, or be mended at the callee.
    pub fn is_callers_mistake(self) -> bool {
        matches!(
            self,
            Self::InvalidArguments
                | Self::ArgumentsTooLarge
                | Self::TooLarge
                | Self::IdempotencyKeyReused
                | Self::UnknownInstance
        )
    }
}
