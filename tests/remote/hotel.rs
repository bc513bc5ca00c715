//! The service of the other team, whose code only this file has.

use beldi::prelude::*;

beldi::service!(pub(crate) Hotel = "hotel");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Hotel, table = "rooms")]
pub(crate) struct Room {
    #[beldi(partition_key)]
    pub(crate) hotel: String,
    pub(crate) free: i64,
}

/// What a guest takes home. The caller has a type of its own of this name.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Confirmation {
    pub(crate) hotel: String,
    pub(crate) left: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct SoldOut;

#[beldi::function(service = Hotel)]
pub(crate) async fn open(hotel: String, free: i64) {
    Room { hotel, free }.put().await;
}

#[beldi::function(service = Hotel)]
pub(crate) async fn reserve(hotel: String) -> Result<Confirmation, SoldOut> {
    let mut room = Room::get(&hotel).await.ok_or(SoldOut)?;
    if room.free == 0 {
        return Err(SoldOut);
    }
    room.free -= 1;
    room.put().await;
    Ok(Confirmation { hotel, left: room.free })
}

#[beldi::function(service = Hotel, read_only)]
pub(crate) async fn free(hotel: String) -> i64 {
    Room::get(&hotel).await.map_or(-1, |room| room.free)
}

/// Keeps its results for a day.
#[beldi::function(service = Hotel, retention = "1d")]
pub(crate) async fn clean(hotel: String) {
    Room::update(&hotel).add(Room::FREE, 1).await;
}
