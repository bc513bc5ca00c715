//! A row is found by its partition key. What uses the item has no mistake of its own.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    id: String,
    width: u32,
}

#[beldi::function(service = Hotel)]
async fn width(id: String) -> u32 {
    Bed::get(&id).await.map_or(0, |bed| bed.width)
}

fn main() {}
