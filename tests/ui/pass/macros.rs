//! Known macros hold steps; unknown ones hold anything else.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn report(hotel: String) -> String {
    println!("{} of {hotel}, {other}", free(hotel.clone(), 1).await, other = free(hotel.clone(), 2).await);
    assert!(matches!(reserve(hotel.clone(), 1).await, Ok(free) if free > 0), "{}", free(hotel.clone(), 3).await);
    let zeros = vec![free(hotel.clone(), 4).await; 2];
    let many = vec![free(hotel.clone(), 5).await, 6];
    serde_json::json!({ "zeros": zeros, "many": many, "version": env!("CARGO_PKG_NAME") }).to_string()
}

fn main() {}
