//! What a macro does with its tokens is not known.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn report(hotel: String) -> String {
    serde_json::json!({ "free": free(hotel, 1).await }).to_string()
}

fn main() {}
