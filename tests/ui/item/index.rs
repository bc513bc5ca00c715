//! An index is over fields, and has a name of its own.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
#[beldi(index(name = "by_town", partition_key = town))]
#[beldi(index(name = "!", partition_key = city))]
#[beldi(index(name = "city", partition_key = city))]
#[beldi(index(name = "by_city", partition_key = city, sort_key = soft))]
#[beldi(index(partition_key = city))]
struct Bed {
    #[beldi(partition_key)]
    id: String,
    city: String,
    soft: bool,
}

fn main() {}
