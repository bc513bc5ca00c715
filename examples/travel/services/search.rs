//! Search: hotels near a place, with what they cost for the nights of a stay.

use super::geo::{self, Near, OffTheMap};
use super::rate::{self, Plan};
use super::{Place, hotel};
use beldi::prelude::*;
use std::collections::HashMap;

beldi::service! {
    /// Finds hotels.
    pub Search = "search";
}

/// What is wanted.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// The first night of the stay.
    pub first_night: u32,
    /// The last night of the stay.
    pub last_night: u32,
}

/// A hotel that was found.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Found {
    /// The hotel, and how far away it is.
    #[serde(flatten)]
    pub near: Near,
    /// What can be booked, each with the price of the whole stay.
    pub plans: Vec<Plan>,
}

/// Why nothing was looked for.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, thiserror::Error)]
#[serde(tag = "error", rename_all = "kebab-case")]
pub enum SearchRefused {
    /// The place is none.
    #[error(transparent)]
    OffTheMap(#[from] OffTheMap),
    /// The stay is none.
    #[error("a stay has 1 to {limit} nights")]
    InvalidStay {
        /// How many nights it can have.
        limit: u32,
    },
}

/// The hotels near a place that have a price, the nearest first.
#[beldi::function(service = Search, read_only)]
pub async fn nearby(request: SearchRequest) -> Result<Vec<Found>, SearchRefused> {
    let SearchRequest { place, first_night, last_night } = request;
    let nights = match last_night.checked_sub(first_night) {
        Some(more) if more < hotel::MAX_NIGHTS => more + 1,
        _ => return Err(SearchRefused::InvalidStay { limit: hotel::MAX_NIGHTS }),
    };
    let near = geo::nearby(place).await?;
    let quotes = rate::quote(near.iter().map(|near| near.hotel.clone()).collect(), nights).await;
    let mut plans: HashMap<_, _> = quotes.into_iter().map(|quote| (quote.hotel, quote.plans)).collect();
    let found = near.into_iter().filter_map(|near| Some(Found { plans: plans.remove(&near.hotel)?, near }));
    Ok(found.collect())
}
