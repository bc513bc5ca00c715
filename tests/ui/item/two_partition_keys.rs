//! A table has one partition key.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    hotel: String,
    #[beldi(partition_key)]
    number: u32,
}

fn main() {}
