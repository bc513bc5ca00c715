//! A closure may run never, or often: its awaits cannot be numbered.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn total(hotels: Vec<String>) -> usize {
    let futures = hotels.into_iter().map(async |hotel| free(hotel, 1).await);
    futures.count()
}

fn main() {}
