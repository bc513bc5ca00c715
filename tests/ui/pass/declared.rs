//! What the macros declare can be asked for.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use std::time::Duration;

use beldi::Handler;

#[beldi::function(service = Travel, timeout = "2m")]
async fn book(r#where: String, until: u32) -> Result<u32, SoldOut> {
    reserve(r#where, until).await
}

fn main() {
    assert_eq!((Hotel::NAME, Travel::NAME), ("hotel", "travel"));
    assert_eq!((book::NAME, book::ARGUMENT_NAMES), ("book", &["where", "until"][..]));
    assert_eq!((book::TIMEOUT, reserve::TIMEOUT), (Some(Duration::from_secs(120)), None));
    assert!(free::READ_ONLY && !book::READ_ONLY && book::CODE != reserve::CODE);
    let _call: beldi::Call<book> = book(String::new(), 1);
}
