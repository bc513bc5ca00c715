//! Review storage: the reviews themselves.

use super::Listing;
use beldi::PageToken;
use beldi::prelude::*;
use uuid::Uuid;

beldi::service! {
    /// Keeps the reviews.
    pub ReviewStorage = "review-storage";
}

/// What one user says of one film.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = ReviewStorage, table = "reviews")]
pub struct Review {
    /// The review's id; ids sort by the time they were made.
    #[beldi(partition_key)]
    pub id: Uuid,
    /// Who wrote it.
    pub user: Uuid,
    /// The film's id.
    pub film: String,
    /// How many stars it gives.
    pub stars: u8,
    /// What it says.
    pub text: String,
    /// When it was composed, milliseconds since 1970.
    pub composed_ms: u64,
}

/// Stores a review.
#[beldi::function(service = ReviewStorage)]
pub async fn store(review: Review) {
    review.put().await;
}

/// The reviews with these ids, in their order.
#[beldi::function(service = ReviewStorage, read_only)]
pub async fn read(ids: Vec<Uuid>) -> Vec<Review> {
    Review::batch_get(ids).await.into_iter().flatten().collect()
}

/// All reviews, a page at a time.
#[beldi::function(service = ReviewStorage, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Review> {
    Review::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
