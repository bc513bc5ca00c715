//! What is written must be read.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    id: String,
    #[serde(rename(serialize = "w", deserialize = "width"))]
    width: u32,
}

fn main() {}
