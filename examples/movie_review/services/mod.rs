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

pub mod cast_info;
pub mod compose_review;
pub mod frontend;
#[path = "../../common/listing.rs"]
mod listing;
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

pub use listing::Listing;
use listing::{ROWS_OF_A_LISTING, can_be_key};
