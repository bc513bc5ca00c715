//! An unknown option lists the known ones.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds", name = "bed")]
struct Bed {
    #[beldi(partition_key)]
    id: String,
    #[beldi(range_key)]
    number: u32,
}

fn main() {}
