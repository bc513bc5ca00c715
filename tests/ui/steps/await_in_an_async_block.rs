//! An `async` block runs when somebody polls it: its awaits cannot be numbered.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn total(hotel: String) -> u32 {
    let first = async { free(hotel.clone(), 1).await };
    let second = async { free(hotel.clone(), 2).await + free(hotel.clone(), 3).await };
    first.await + second.await
}

fn main() {}
