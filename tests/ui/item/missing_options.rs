//! A table has a name and an owner. What uses the item has no mistake of its own.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
struct Bed {
    #[beldi(partition_key)]
    id: String,
}

#[beldi::function(service = Hotel)]
async fn exists(id: String) -> bool {
    Bed::get(&id).await.is_some()
}

fn main() {}
