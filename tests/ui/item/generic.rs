//! One type is one table.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed<T> {
    #[beldi(partition_key)]
    id: T,
}

fn main() {}
