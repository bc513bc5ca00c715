//! The world of the UI tests: two services, an item of each, and what hotels can do.

#![allow(dead_code)]

pub use beldi::prelude::*;

beldi::service!(pub Hotel = "hotel");
beldi::service!(pub Travel = "travel");

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Hotel, table = "rooms")]
pub struct Room {
    #[beldi(partition_key)]
    pub hotel: String,
    #[beldi(sort_key)]
    pub night: u32,
    pub free: u32,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Travel, table = "trips")]
pub struct Trip {
    #[beldi(partition_key)]
    pub id: String,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct SoldOut;

/// Reserves a room.
#[beldi::function(service = Hotel)]
pub async fn reserve(hotel: String, night: u32) -> Result<u32, SoldOut> {
    let mut room = Room::get((&hotel, night)).await.ok_or(SoldOut)?;
    room.free = room.free.checked_sub(1).ok_or(SoldOut)?;
    room.put().await;
    Ok(room.free)
}

/// Says how many rooms are free.
#[beldi::function(service = Hotel, read_only)]
pub async fn free(hotel: String, night: u32) -> u32 {
    Room::get((&hotel, night)).await.map_or(0, |room| room.free)
}

/// Closes a room.
#[beldi::helper(service = Hotel)]
pub async fn close(room: &mut Room) {
    room.free = 0;
    room.put().await;
}
