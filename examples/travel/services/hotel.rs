//! Hotel: the rooms.

use super::Listing;
use beldi::PageToken;
use beldi::prelude::*;
use uuid::Uuid;

beldi::service! {
    /// Owns the rooms.
    pub Hotels = "hotel";
}

/// How many nights a stay, or what a hotel opens at once, can have.
pub const MAX_NIGHTS: u32 = 30;

/// The rooms of a hotel in one night.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Hotels, table = "rooms")]
pub struct Rooms {
    /// The hotel's id.
    #[beldi(partition_key)]
    pub hotel: String,
    /// The night, counted from the first of the season.
    #[beldi(sort_key)]
    pub night: u32,
    /// How many rooms there are.
    pub capacity: u32,
    /// How many of them are free.
    pub free: u32,
    /// The reservations that have the others.
    pub reservations: Vec<Uuid>,
}

/// A room for a night.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Stay {
    /// The hotel's id.
    pub hotel: String,
    /// The night.
    pub night: u32,
    /// The reservation that it is for.
    pub reservation: Uuid,
}

/// There is no room.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no room is free in `{hotel}` in night {night}")]
pub struct NoRoom {
    /// The hotel's id.
    pub hotel: String,
    /// The night.
    pub night: u32,
}

/// Opens a hotel in the nights from `first`, with as many rooms in each. What is open already stays as it is.
#[beldi::function(service = Hotels)]
pub async fn open(hotel: String, first: u32, nights: u32, capacity: u32) {
    for night in (first..).take(nights.min(MAX_NIGHTS) as usize) {
        let rooms = Rooms { hotel: hotel.clone(), night, capacity, free: capacity, reservations: Vec::new() };
        // Somebody may have a room already: then the row must not begin again.
        let _ = rooms.put().when(Rooms::absent()).await;
    }
}

/// Takes a room, and gives how many are free then.
#[beldi::function(service = Hotels)]
pub async fn reserve(stay: Stay) -> Result<u32, NoRoom> {
    let Stay { hotel, night, reservation } = stay;
    if !super::can_be_key(&hotel) {
        return Err(NoRoom { hotel, night });
    }
    match Rooms::get((&hotel, night)).await {
        Some(mut rooms) if rooms.free > 0 => {
            rooms.free -= 1;
            rooms.reservations.push(reservation);
            let free = rooms.free;
            rooms.put().await;
            Ok(free)
        }
        _ => Err(NoRoom { hotel, night }),
    }
}

/// How many rooms are free.
#[beldi::function(service = Hotels, read_only)]
pub async fn free(hotel: String, night: u32) -> u32 {
    if !super::can_be_key(&hotel) {
        return 0;
    }
    Rooms::get((&hotel, night)).await.map_or(0, |rooms| rooms.free)
}

/// All rooms, a page at a time.
#[beldi::function(service = Hotels, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Rooms> {
    Rooms::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
