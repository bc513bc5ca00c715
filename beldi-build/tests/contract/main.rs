//! The declaration that is written for a service is one that its functions accept.

use std::path::Path;

use beldi::Registry;
use beldi::prelude::*;
use beldi_build::{contract, read};

beldi::service!(GrandHotel = "grand-hotel");

/// Where and when.
#[derive(Serialize, Deserialize)]
pub struct Stay {
    hotel: String,
    night: u32,
}

/// There is no room.
#[derive(Serialize, Deserialize)]
pub struct SoldOut;

/// Takes a room.
#[beldi::function(service = GrandHotel, retention = "36h")]
async fn reserve(stay: Stay, guests: Vec<String>) -> Result<[u8; 16], SoldOut> {
    let number = guests.len() + stay.hotel.len() + stay.night as usize;
    if number > 100 { Err(SoldOut) } else { Ok([0; 16]) }
}

/// How many rooms are free.
#[beldi::function(service = GrandHotel, read_only)]
async fn free(r#where: Option<String>) -> u32 {
    r#where.map_or(0, |hotel| hotel.len() as u32)
}

#[beldi::function(service = GrandHotel)]
async fn close() {}

/// What `cargo beldi contract grand-hotel` writes, as another program includes it.
mod declared {
    use super::{SoldOut, Stay};

    include!("grand_hotel.rs");
}

#[test]
fn the_declaration_is_written_as_it_was() {
    let manifest = Registry::collect().expect("declarations").manifest().expect("tables");
    let manifest = read(&serde_json::to_string(&manifest).expect("JSON")).expect("a manifest");
    let written = contract(&manifest, "grand-hotel").expect("the service is there");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/grand_hotel.rs");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, &written).expect("writable");
    }
    assert_eq!(written, std::fs::read_to_string(&golden).unwrap_or_default(), "run with BLESS=1");
    assert_eq!(contract(&manifest, "motel"), None);
}

#[test]
fn the_declaration_has_the_signatures_of_the_functions() {
    assert_eq!(declared::GrandHotel::NAME, GrandHotel::NAME);
    assert_eq!(declared::reserve::SIGNATURE, reserve::SIGNATURE);
    assert_eq!(declared::free::SIGNATURE, free::SIGNATURE);
    assert_eq!(declared::close::SIGNATURE, close::SIGNATURE);
    assert_eq!((declared::reserve::RETENTION, declared::free::RETENTION), (reserve::RETENTION, None));
    assert_eq!((declared::free::READ_ONLY, declared::close::READ_ONLY), (free::READ_ONLY, close::READ_ONLY));
}
