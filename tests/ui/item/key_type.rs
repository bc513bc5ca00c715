//! DynamoDB keys are strings, numbers or binary.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    hotel: Option<String>,
    #[beldi(sort_key)]
    width: f64,
}

fn main() {}
