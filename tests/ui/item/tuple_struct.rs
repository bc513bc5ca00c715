//! An attribute has a name.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed(String, u32);

#[beldi::function(service = Hotel)]
async fn beds(id: String) -> u32 {
    Bed::get(&id).await.map_or(0, |bed| bed.1)
}

fn main() {}
