//! Compose review: makes one review out of its parts and hands it to those who keep it.

use super::review_storage::{self, Review};
use super::{movie_review, rating, user_review};
use beldi::prelude::*;
use std::time::UNIX_EPOCH;
use uuid::Uuid;

beldi::service! {
    /// Makes reviews out of their parts.
    pub ComposeReview = "compose-review";
}

/// The parts of a review.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Draft {
    /// The review's id.
    pub id: Uuid,
    /// Who wrote it.
    pub user: Uuid,
    /// The film's id.
    pub film: String,
    /// How many stars it gives.
    pub stars: u8,
    /// What it says.
    pub text: String,
}

/// Stores the review and sees to it that it will be listed and counted. It is stored before it is listed, so
/// that whoever finds it in a list finds it.
#[beldi::function(service = ComposeReview)]
pub async fn compose(draft: Draft) {
    let Draft { id, user, film, stars, text } = draft;
    let now = beldi::now().await.duration_since(UNIX_EPOCH).unwrap_or_default();
    let composed_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    review_storage::store(Review { id, user, film: film.clone(), stars, text, composed_ms }).await;
    beldi::join!(
        user_review::add(user, id).detach(),
        movie_review::add(film.clone(), id).detach(),
        rating::rate(film, stars).detach(),
    );
}
