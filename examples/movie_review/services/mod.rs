//! The services of the movie review application, after DeathStarBench's media service. Each owns its tables;
//! to the others it is its functions.
//!
//! A review is composed like this; what is `read_only` leaves no trace, what is detached follows the answer:
//!
//! ```text
//! frontend ─┬─ unique-id       read_only     a name for the review
//!           ├─ user            read_only     who writes it
//!           ├─ movie-id        read_only     which film it is about
//!           ├─ text            read_only     what it says
//!           └─ compose-review ─┬─ review-storage
//!                              ├─ user-review    detached
//!                              ├─ movie-review   detached
//!                              └─ rating         detached
//! ```
//!
//! A film's page is read from movie-info, cast-info, plot, rating and movie-review, all `read_only`.
//!
//! DeathStarBench has the parts of a review meet in compose-review, one upload each, and the last one to arrive
//! composes it. Here the frontend waits for them with `beldi::join!`, which needs no table for halves of reviews.

use beldi::prelude::*;
use beldi::{PageToken, ResultPage};

pub mod cast_info;
pub mod compose_review;
pub mod frontend;
pub mod movie_id;
pub mod movie_info;
pub mod movie_review;
pub mod page;
pub mod plot;
pub mod rating;
pub mod review_storage;
pub mod text;
pub mod unique_id;
pub mod user;
pub mod user_review;

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
const ROWS_OF_A_LISTING: u32 = 500;

/// Whether a name that somebody typed can be the key of a row. DynamoDB has no empty keys and no endless ones;
/// a name that cannot be a key is one that nobody has.
fn can_be_key(name: &str) -> bool {
    (1..=200).contains(&name.len())
}
