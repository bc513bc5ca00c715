//! DynamoDB has a rule for names of tables.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "my beds")]
struct Bed {
    #[beldi(partition_key)]
    id: String,
}

fn main() {}
