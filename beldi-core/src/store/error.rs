//! What can go wrong at the store.

use super::Attributes;

/// A request to the store that did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The condition of a write does not hold; nothing was changed.
    #[error("the condition of the request does not hold")]
    ConditionFailed {
        /// The item as it was, if there was one.
        item: Option<Attributes>,
    },
    /// The store asks for fewer requests, or another transaction holds the item; nothing was changed.
    #[error("throttled: {message}")]
    Throttled {
        /// The store's own words.
        message: String,
    },
    /// The store could not be reached, timed out, or failed inside. The change may have taken place.
    #[error("the store did not answer: {message}")]
    Transient {
        /// What happened.
        message: String,
    },
    /// There is no such table or index.
    #[error("there is no table `{table}`, or it lacks an index that a query names: {message}")]
    TableNotFound {
        /// The table that was named.
        table: String,
        /// The store's own words.
        message: String,
    },
    /// A table of this name exists.
    #[error("a table `{table}` exists")]
    TableExists {
        /// The table that was to be created.
        table: String,
    },
    /// The item would be larger than DynamoDB's limit of 400 KB; nothing was changed.
    #[error("an item of table `{table}` would exceed DynamoDB's limit of 400 KB")]
    ItemTooLarge {
        /// The table that was to be written.
        table: String,
    },
    /// The store refuses the request as it stands; nothing was changed.
    #[error("table `{table}` refuses the request: {message}")]
    Invalid {
        /// The table that was named.
        table: String,
        /// The store's own words.
        message: String,
    },
    /// A transactional write was cancelled; nothing was changed.
    #[error("the transactional write was cancelled: {reasons:?}")]
    TransactionCancelled {
        /// One code for each write, `None` where it was not the reason.
        reasons: Vec<Option<String>>,
    },
    /// The credentials do not allow the request; nothing was changed.
    #[error("access denied: {message}")]
    Denied {
        /// The store's own words.
        message: String,
    },
    /// The store cannot be used any more, or not at all: its file is damaged, held by another process or
    /// cannot be opened, or its engine panicked. The change may have taken place.
    #[error("the store cannot be used: {message}")]
    Unusable {
        /// What happened.
        message: String,
    },
}

impl StoreError {
    /// Whether the same request may succeed when it is sent again a little later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Transient { .. })
    }

    /// Whether every later attempt would fail here in the same way, so that retrying is of no use
    /// before somebody has changed the code, the table or the permissions.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::TableNotFound { .. } | Self::ItemTooLarge { .. } | Self::Invalid { .. })
    }
}
