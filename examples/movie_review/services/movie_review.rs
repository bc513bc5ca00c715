//! Movie review: which reviews there are of a film.

use super::Listing;
use super::review_storage::{self, Review};
use beldi::PageToken;
use beldi::prelude::*;
use uuid::Uuid;

beldi::service! {
    /// Keeps a list of reviews for each film.
    pub MovieReview = "movie-review";
}

/// How many reviews a page has.
const REVIEWS_OF_A_PAGE: u32 = 10;

/// One line of a film's list.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = MovieReview, table = "reviews_by_film")]
pub struct ByFilm {
    /// The film's id.
    #[beldi(partition_key)]
    pub film: String,
    /// The review.
    #[beldi(sort_key)]
    pub review: Uuid,
}

/// Adds a review to a film's list.
#[beldi::function(service = MovieReview)]
pub async fn add(film: String, review: Uuid) {
    ByFilm { film, review }.put().await;
}

/// The reviews of a film, the latest first.
#[beldi::function(service = MovieReview, read_only)]
pub async fn latest(film: String, page: Option<PageToken>) -> Listing<Review> {
    let lines = ByFilm::query(&film).descending().limit(REVIEWS_OF_A_PAGE).page(page).await;
    let ids = lines.items.iter().map(|line| line.review).collect();
    Listing { items: review_storage::read(ids).await, next: lines.next }
}

/// The lines of all lists, a page at a time.
#[beldi::function(service = MovieReview, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<ByFilm> {
    ByFilm::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
