//! A sort key sorts the rows of a partition.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    hotel: String,
    #[beldi(sort_key)]
    number: u32,
}

fn main() {}
