//! User review: who has written which reviews.

use super::Listing;
use super::review_storage::{self, Review};
use beldi::PageToken;
use beldi::prelude::*;
use uuid::Uuid;

beldi::service! {
    /// Keeps a list of reviews for each user.
    pub UserReview = "user-review";
}

/// How many reviews a page has.
const REVIEWS_OF_A_PAGE: u32 = 10;

/// One line of a user's list. A list is a partition and not one long item: it has no largest length, and reviews
/// that arrive together do not wait for each other.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = UserReview, table = "reviews_by_user")]
pub struct ByUser {
    /// The user.
    #[beldi(partition_key)]
    pub user: Uuid,
    /// The review.
    #[beldi(sort_key)]
    pub review: Uuid,
}

/// Adds a review to a user's list.
#[beldi::function(service = UserReview)]
pub async fn add(user: Uuid, review: Uuid) {
    ByUser { user, review }.put().await;
}

/// A user's reviews, the latest first.
#[beldi::function(service = UserReview, read_only)]
pub async fn latest(user: Uuid, page: Option<PageToken>) -> Listing<Review> {
    let lines = ByUser::query(user).descending().limit(REVIEWS_OF_A_PAGE).page(page).await;
    let ids = lines.items.iter().map(|line| line.review).collect();
    Listing { items: review_storage::read(ids).await, next: lines.next }
}

/// The lines of all lists, a page at a time.
#[beldi::function(service = UserReview, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<ByUser> {
    ByUser::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
