//! A transaction among the tokens of another macro cannot be numbered.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn one(hotel: String) -> Result<String, SoldOut> {
    let json = serde_json::json!({ "free": beldi::txn! { reserve(hotel.clone(), 1).await }? });
    Ok(json.to_string())
}

fn main() {}
