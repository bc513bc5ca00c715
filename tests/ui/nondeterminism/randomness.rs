//! The generators of `rand` (a stand-in here).

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

mod rand {
    pub fn random() -> u32 {
        4
    }
}

#[beldi::function(service = Hotel)]
async fn any_night() -> u32 {
    rand::random() % 30
}

fn main() {}
