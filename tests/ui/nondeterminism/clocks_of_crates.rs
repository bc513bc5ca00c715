//! The clocks of the well-known crates (stand-ins here).

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

mod chrono {
    pub struct Utc;
    impl Utc {
        pub fn now() -> u64 {
            0
        }
    }
}

mod jiff {
    pub struct Timestamp;
    impl Timestamp {
        pub fn now() -> u64 {
            0
        }
    }
}

#[beldi::function(service = Hotel)]
async fn stamp() -> u64 {
    chrono::Utc::now() + jiff::Timestamp::now()
}

fn main() {}
