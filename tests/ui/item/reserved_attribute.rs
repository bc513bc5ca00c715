//! The attributes `_beldi_..` are the protocol's.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "beds")]
struct Bed {
    #[beldi(partition_key)]
    id: String,
    _beldi_log: String,
    #[serde(rename = "_beldi_epoch")]
    epoch: u32,
}

fn main() {}
