//! Two fields cannot be in one attribute.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    id: String,
    width: u32,
    #[serde(rename(serialize = "width", deserialize = "width"))]
    length: u32,
}

fn main() {}
