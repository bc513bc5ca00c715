//! Recommendation: the cheapest, the best and the nearest hotels of a city.

use super::Place;
use beldi::prelude::*;

beldi::service! {
    /// Recommends hotels.
    pub Recommendations = "recommendation";
}

/// How many hotels are recommended.
const RECOMMENDED: usize = 3;

/// What a recommendation goes by. All hotels of a city are a partition: it is read whole and ranked here.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Recommendations, table = "candidates")]
pub struct Candidate {
    /// The city.
    #[beldi(partition_key)]
    pub city: String,
    /// The hotel's id.
    #[beldi(sort_key)]
    pub hotel: String,
    /// What the cheapest night costs.
    pub cents: u64,
    /// What guests give it, in tenths of a star.
    pub score: u32,
    /// Where it is.
    pub place: Place,
}

/// What matters most.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A night costs little.
    Price,
    /// Guests give it many stars.
    Rate,
    /// It is near this place.
    Distance(Place),
}

/// Makes a hotel one of those that can be recommended.
#[beldi::function(service = Recommendations)]
pub async fn add(candidate: Candidate) {
    candidate.put().await;
}

/// The hotels of a city that come first, by what matters. None, if there is no such city.
#[beldi::function(service = Recommendations, read_only)]
pub async fn rank(city: String, by: By) -> Vec<String> {
    if !super::can_be_key(&city) {
        return Vec::new();
    }
    let mut candidates = Candidate::query(&city).await.items;
    match by {
        By::Price => candidates.sort_by_key(|candidate| candidate.cents),
        By::Rate => candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.score)),
        By::Distance(place) => {
            candidates.sort_by(|one, other| place.km_to(one.place).total_cmp(&place.km_to(other.place)));
        }
    }
    candidates.into_iter().take(RECOMMENDED).map(|candidate| candidate.hotel).collect()
}
