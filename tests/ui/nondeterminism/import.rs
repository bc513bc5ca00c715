//! An import in the body is seen as well.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn region() -> String {
    use std::env::var;
    var("AWS_REGION").unwrap_or_default()
}

fn main() {}
