//! Profile: what hotels are like.

use super::{Listing, Place};
use beldi::PageToken;
use beldi::prelude::*;

beldi::service! {
    /// Knows what hotels are like.
    pub Profiles = "profile";
}

/// What a hotel is like.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Profiles, table = "hotels")]
pub struct Profile {
    /// The hotel's id.
    #[beldi(partition_key)]
    pub id: String,
    /// Its name.
    pub name: String,
    /// The city that it is in.
    pub city: String,
    /// Where it is.
    pub place: Place,
    /// What guests give it, in tenths of a star.
    pub score: u32,
    /// A sentence about it.
    pub about: String,
}

/// Takes a hotel in.
#[beldi::function(service = Profiles)]
pub async fn write(profile: Profile) {
    profile.put().await;
}

/// What these hotels are like, in the same order; those that nobody knows are left out.
#[beldi::function(service = Profiles, read_only)]
pub async fn read(hotels: Vec<String>) -> Vec<Profile> {
    Profile::batch_get(hotels).await.into_iter().flatten().collect()
}

/// All hotels, a page at a time.
#[beldi::function(service = Profiles, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Profile> {
    Profile::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
