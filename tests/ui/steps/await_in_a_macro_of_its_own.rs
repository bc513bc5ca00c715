//! A macro that awaits may be used as often as one likes.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn total(hotel: String) -> u32 {
    macro_rules! free_at {
        ($night:expr) => {
            free(hotel.clone(), $night).await
        };
    }
    free_at!(1) + free_at!(2)
}

fn main() {}
