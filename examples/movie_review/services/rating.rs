//! Rating: what the reviews of a film add up to.

use super::Listing;
use beldi::PageToken;
use beldi::prelude::*;

beldi::service! {
    /// Adds up the stars.
    pub Ratings = "rating";
}

/// The most stars that a review can give.
pub const MAX_STARS: u8 = 10;

/// The ratings of a film. All reviews of a film change this one row, in place, so that none waits for another.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Ratings, table = "ratings")]
pub struct Rating {
    /// The film's id.
    #[beldi(partition_key)]
    pub film: String,
    /// All stars of all reviews.
    pub stars: u64,
    /// How many reviews there are.
    pub reviews: u64,
}

/// This is no rating.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a review gives 0 to {limit} stars, not {stars}")]
pub struct InvalidRating {
    /// How many stars were given.
    pub stars: u8,
    /// How many can be.
    pub limit: u8,
}

impl Rating {
    /// Stars for each review, where there is one.
    pub fn average(&self) -> Option<f64> {
        (self.reviews > 0).then(|| self.stars as f64 / self.reviews as f64)
    }
}

/// The stars, if a review can give that many. Whoever takes a review in asks before anything is done.
pub fn checked(stars: u8) -> Result<u8, InvalidRating> {
    if stars <= MAX_STARS { Ok(stars) } else { Err(InvalidRating { stars, limit: MAX_STARS }) }
}

/// Adds the stars of one review.
#[beldi::function(service = Ratings)]
pub async fn rate(film: String, stars: u8) {
    Rating::update(&film).add(Rating::STARS, stars).add(Rating::REVIEWS, 1).await;
}

/// The ratings of a film.
#[beldi::function(service = Ratings, read_only)]
pub async fn read(film: String) -> Rating {
    Rating::get(&film).await.unwrap_or(Rating { film, stars: 0, reviews: 0 })
}

/// The ratings of all films that have any, a page at a time.
#[beldi::function(service = Ratings, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Rating> {
    Rating::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
