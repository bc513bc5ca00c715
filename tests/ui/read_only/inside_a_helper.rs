//! A `read_only` helper has no effects.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::helper(service = Hotel, read_only)]
async fn peek(room: &Room) -> u32 {
    room.put().await;
    room.free
}

fn main() {}
