//! Random ids (a stand-in for `uuid` here).

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

mod uuid {
    pub struct Uuid;
    impl Uuid {
        pub fn new_v4() -> u128 {
            4
        }
    }
}

use uuid::Uuid;

#[beldi::function(service = Hotel)]
async fn confirmation() -> u128 {
    Uuid::new_v4()
}

fn main() {}
