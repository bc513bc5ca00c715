//! Functions of another program, in all the forms that their declarations have.

use std::time::Duration;

use beldi::prelude::*;

#[derive(Serialize, Deserialize, Debug)]
pub struct Stay {
    pub hotel: String,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub struct SoldOut;

// ANCHOR: declared
beldi::remote! {
    /// The hotels of another team.
    pub Hotel = "hotel";

    /// Reserves a room.
    #[beldi(retention = "30d")]
    pub async fn reserve(stay: Stay) -> Result<u32, SoldOut>;

    #[beldi(read_only)]
    pub async fn free(hotel: String) -> u32;

    async fn close(r#where: [String; 2], numbers: Vec<(u8, Option<u32>)>);
}
// ANCHOR_END: declared

/// A service of which nothing is called.
mod silent {
    beldi::remote!(pub(crate) Motel = "motel");
}

beldi::service!(Travel = "travel");

// ANCHOR: called
#[beldi::function(service = Travel)]
async fn book(hotel: String) -> Result<u32, SoldOut> {
    if free(hotel.clone()).await == 0 {
        return Err(SoldOut);
    }
    let number = beldi::txn! { reserve(Stay { hotel: hotel.clone() }).await }?;
    close([hotel.clone(), hotel], vec![]).detach().await;
    Ok(number)
}
// ANCHOR_END: called

#[beldi::function(service = Travel, read_only)]
async fn offers(hotels: Vec<String>) -> u32 {
    let mut sum = 0;
    for hotel in hotels {
        sum += free(hotel).await;
    }
    sum
}

fn main() {
    assert_eq!((Hotel::NAME, silent::Motel::NAME), ("hotel", "motel"));
    assert_eq!((reserve::NAME, reserve::RETENTION), ("reserve", Some(Duration::from_secs(30 * 24 * 3600))));
    assert!(free::READ_ONLY && !reserve::READ_ONLY);
    assert_eq!(reserve::SIGNATURE, "async fn reserve(stay: Stay) -> Result<u32, SoldOut>");
    assert_eq!(close::SIGNATURE, "async fn close(r#where: [String; 2], numbers: Vec<(u8, Option<u32>)>)");
    let _call: beldi::Call<reserve> = reserve(Stay { hotel: String::new() });
}
