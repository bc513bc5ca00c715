//! A key that is not stored finds nothing.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    #[serde(skip)]
    id: String,
    width: u32,
}

fn main() {}
