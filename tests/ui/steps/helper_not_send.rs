//! The types of a generic helper must be `Send`, too.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::helper]
async fn first<T: Clone>(values: Vec<T>, hotel: String) -> Option<T> {
    free(hotel, 1).await;
    values.first().cloned()
}

fn main() {}
