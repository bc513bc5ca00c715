//! A row has attributes.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "rooms")]
enum Bed {
    Single,
    Double,
}

fn main() {}
