//! The other team's tables are the other team's.

use beldi::prelude::*;

beldi::remote! {
    pub Hotel = "hotel";
}

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "rooms")]
pub struct Room {
    #[beldi(partition_key)]
    pub hotel: String,
    pub free: u32,
}

fn main() {}
