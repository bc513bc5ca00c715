//! The attributes of an item are known when it is compiled.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Serialize, Deserialize)]
struct Size {
    width: u32,
}

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    id: String,
    #[serde(flatten)]
    size: Size,
}

fn main() {}
