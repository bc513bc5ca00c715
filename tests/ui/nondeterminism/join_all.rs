//! Neither can `join_all` (a stand-in for `futures` here).

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

mod futures {
    pub async fn join_all<F>(futures: Vec<F>) -> Vec<u32> {
        futures.into_iter().map(|_| 0).collect()
    }
}

#[beldi::function(service = Travel)]
async fn total(hotels: Vec<String>) -> u32 {
    let calls = hotels.into_iter().map(|hotel| free(hotel, 1)).collect();
    futures::join_all(calls).await.into_iter().sum()
}

fn main() {}
