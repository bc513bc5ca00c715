//! What functions give that list a table.

use beldi::prelude::*;
use beldi::{PageToken, ResultPage};

/// A page of something, as functions give it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// What to ask for the page after it with; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<PageToken>,
}

impl<T> From<ResultPage<T>> for Listing<T> {
    fn from(page: ResultPage<T>) -> Self {
        Self { items: page.items, next: page.next }
    }
}

/// How many rows the functions that list a whole table give at once.
pub(super) const ROWS_OF_A_LISTING: u32 = 500;

/// Whether a name that somebody typed can be the key of a row. DynamoDB has no empty keys and no endless ones;
/// a name that cannot be a key is one that nobody has.
pub(super) fn can_be_key(name: &str) -> bool {
    (1..=200).contains(&name.len())
}
