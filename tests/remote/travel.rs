//! The service that calls hotels, which it knows by contract only.

use std::sync::atomic::{AtomicBool, Ordering};

use beldi::prelude::*;
use serde::Deserializer;
use serde::de::Error;

use crate::hotel::SoldOut;

beldi::service!(pub(crate) Travel = "travel");

/// Whether the code has been deployed that can read confirmations of the Carlton.
pub(crate) static TYPES_ARE_MENDED: AtomicBool = AtomicBool::new(true);

#[derive(Serialize, Clone, Debug, PartialEq)]
pub(crate) struct Confirmation {
    pub(crate) hotel: String,
    pub(crate) left: i64,
}

impl<'de> Deserialize<'de> for Confirmation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let crate::hotel::Confirmation { hotel, left } = Deserialize::deserialize(deserializer)?;
        match hotel != "carlton" || TYPES_ARE_MENDED.load(Ordering::SeqCst) {
            true => Ok(Self { hotel, left }),
            false => Err(D::Error::missing_field("number")),
        }
    }
}

beldi::remote! {
    pub(crate) Hotel = "hotel";

    pub(crate) async fn reserve(hotel: String) -> Result<Confirmation, SoldOut>;

    #[beldi(read_only)]
    pub(crate) async fn free(hotel: String) -> i64;

    #[beldi(retention = "12h")]
    pub(crate) async fn clean(hotel: String);
}

/// What somebody believes who has not asked.
pub(crate) mod wrong {
    use super::SoldOut;

    beldi::remote! {
        pub(crate) Hotel = "hotel";

        pub(crate) async fn reserve(hotel: String) -> Result<u64, SoldOut>;

        // Without `retention`: as long as this program keeps results, which is longer than they are kept there.
        pub(crate) async fn clean(hotel: String);
    }
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Travel, table = "trips")]
pub(crate) struct Trip {
    #[beldi(partition_key)]
    pub(crate) guest: String,
    pub(crate) booked: i64,
}

#[beldi::function(service = Travel, read_only)]
pub(crate) async fn booked(guest: String) -> i64 {
    Trip::get(&guest).await.map_or(0, |trip| trip.booked)
}

/// Writes, calls, writes.
#[beldi::function(service = Travel)]
pub(crate) async fn book(guest: String, hotel: String) -> Result<i64, SoldOut> {
    Trip::update(&guest).add(Trip::BOOKED, 1).await;
    let confirmation = reserve(hotel).await?;
    Trip::update(&guest).add(Trip::BOOKED, 10).await;
    Ok(confirmation.left)
}

/// Two hotels, or none.
#[beldi::function(service = Travel)]
pub(crate) async fn book_both(guest: String, first: String, second: String) -> Result<i64, SoldOut> {
    beldi::txn! {
        let (one, other) = (reserve(first.clone()).await?, reserve(second.clone()).await?);
        Trip { guest: guest.clone(), booked: 2 }.put().await;
        Ok(one.left + other.left)
    }
}

#[beldi::function(service = Travel)]
pub(crate) async fn book_wrongly(guest: String) -> Result<u64, SoldOut> {
    Trip::update(&guest).add(Trip::BOOKED, 1).await;
    wrong::reserve("ritz".to_owned()).await
}

#[beldi::function(service = Travel)]
pub(crate) async fn leave(hotel: String) {
    clean(hotel).detach().await;
}

#[beldi::function(service = Travel)]
pub(crate) async fn reserve_for(guest: String, hotel: String) -> Result<i64, SoldOut> {
    Trip::update(&guest).add(Trip::BOOKED, 1).await;
    Ok(reserve(hotel).await?.left)
}

/// A transaction in which another function makes the calls.
#[beldi::function(service = Travel)]
pub(crate) async fn book_through(guest: String) -> Result<i64, SoldOut> {
    beldi::txn! {
        let ritz = reserve("ritz".to_owned()).await?.left;
        Ok(ritz + reserve_for(guest.clone(), "savoy".to_owned()).await?)
    }
}

/// Reserves, and has a room cleaned after the commit.
#[beldi::function(service = Travel)]
pub(crate) async fn change(guest: String, hotel: String) -> Result<i64, SoldOut> {
    beldi::txn! {
        let confirmation = reserve(hotel.clone()).await?;
        Trip { guest: guest.clone(), booked: 1 }.put().await;
        clean(hotel.clone()).detach().await;
        Ok(confirmation.left)
    }
}

#[beldi::function(service = Travel)]
pub(crate) async fn leave_and_rely(hotel: String) {
    wrong::clean(hotel).await;
}

#[beldi::function(service = Travel, read_only)]
pub(crate) async fn look(hotel: String) -> i64 {
    free(hotel).await
}

/// A call within the service.
#[beldi::function(service = Travel)]
pub(crate) async fn plan(hotel: String) -> i64 {
    look(hotel).await
}
