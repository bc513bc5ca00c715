//! All mistakes of one item are reported in one pass, and callers have none of their own.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, read_only = yes, retries = 3)]
fn count<T>(hotel: &str, (from, to): (u32, u32)) -> u32 {
    let start = std::time::Instant::now();
    println!("{hotel}: {}", start.elapsed().as_secs());
    to - from
}

#[beldi::function(service = Hotel)]
async fn caller(hotel: String) -> u32 {
    count::<u8>(&hotel, (1, 2)).await + 1
}

fn main() {}
