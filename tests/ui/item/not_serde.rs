//! An item is written and read with serde.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    id: String,
}

fn main() {}
