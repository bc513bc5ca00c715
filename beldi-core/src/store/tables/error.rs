//! What can be wrong with tables.

use std::fmt;

use crate::key::KeyTypeError;
use crate::store::{KeySchema, StoreError};

/// Something is wrong with one table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// There is no such table, or it is not active yet.
    #[error("there is no table `{table}`; it must have the key {expected}")]
    Missing {
        /// The table.
        table: String,
        /// The key that it must have.
        expected: KeySchema,
    },
    /// The key of the table has another name or type.
    #[error("table `{table}` has the key {found}; the item type expects {expected}")]
    Key {
        /// The table.
        table: String,
        /// The key that it must have.
        expected: KeySchema,
        /// The key that it has.
        found: KeySchema,
    },
    /// The table lacks an index, or it is not active yet.
    #[error("table `{table}` has no index `{index}`; it must have the key {expected}")]
    IndexMissing {
        /// The table.
        table: String,
        /// The index.
        index: String,
        /// The key that the index must have.
        expected: KeySchema,
    },
    /// The key of an index has another name or type.
    #[error("index `{index}` of table `{table}` has the key {found}; the item type expects {expected}")]
    IndexKey {
        /// The table.
        table: String,
        /// The index.
        index: String,
        /// The key that the index must have.
        expected: KeySchema,
        /// The key that the index has.
        found: KeySchema,
    },
    /// The index does not hold whole items, so none can be read from it.
    #[error("index `{index}` of table `{table}` does not project all attributes; items cannot be read from it")]
    IndexProjection {
        /// The table.
        table: String,
        /// The index.
        index: String,
    },
    /// An item type has a key that DynamoDB does not allow.
    #[error("the item type `{item}` of table `{table}` ({place}): {error}")]
    KeyType {
        /// The table.
        table: String,
        /// The item type.
        item: &'static str,
        /// Where it is declared.
        place: String,
        /// What is wrong with the key.
        #[source]
        error: KeyTypeError,
    },
    /// Two declarations of one table contradict each other.
    #[error("the declarations of table `{table}` contradict each other: {first}, but {second}")]
    Contradiction {
        /// The table.
        table: String,
        /// What one says, and where.
        first: String,
        /// What the other says, and where.
        second: String,
    },
    /// The store did not tell what the table looks like, or did not create it.
    #[error("table `{table}`: {error}")]
    Store {
        /// The table.
        table: String,
        /// Why not.
        #[source]
        error: StoreError,
    },
}

/// Everything that is wrong with the tables of a program, found in one pass.
#[derive(Debug)]
pub struct TableErrors(pub Vec<TableError>);

impl TableErrors {
    pub(super) fn unless_empty(problems: Vec<TableError>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }
}

/// A single problem as it is, several as a list.
impl fmt::Display for TableErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.0.as_slice() {
            return problem.fmt(f);
        }
        write!(f, "{} problems with tables:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
    }
}

impl std::error::Error for TableErrors {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.first().and_then(std::error::Error::source)
    }
}
