//! One field has one role.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key, sort_key)]
    id: String,
}

fn main() {}
