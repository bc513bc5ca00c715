//! Another library's `join!` cannot number the steps of its branches.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Travel)]
async fn both(one: String, other: String) -> u32 {
    let (one, other) = tokio::join!(free(one, 1), free(other, 1));
    one + other
}

fn main() {}
