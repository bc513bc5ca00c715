//! Frontend: where requests come in.

use super::flight::{self, Flight, NoSeat, Ride};
use super::geo::OffTheMap;
use super::hotel::{self, NoRoom, Stay};
use super::order;
use super::profile::{self, Profile};
use super::rate::{self, Plan, Rate};
use super::recommendation::{self, By, Candidate};
use super::search::{Found, SearchRefused, SearchRequest};
use super::{can_be_key, geo};
use beldi::prelude::*;
use std::collections::HashMap;
use uuid::Uuid;

beldi::service! {
    /// Takes requests in.
    pub Frontend = "frontend";
}

/// A hotel with everything that the services keep of it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct HotelRecord {
    /// What it is like.
    pub profile: Profile,
    /// What can be booked, the cheapest first.
    pub plans: Vec<Plan>,
    /// In how many nights of the season it is open.
    pub nights: u32,
    /// How many rooms it has.
    pub rooms: u32,
}

/// A flight with everything that the services keep of it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct FlightRecord {
    /// Where it goes, and when.
    pub flight: Flight,
    /// On how many days of the season it leaves.
    pub days: u32,
    /// How many seats it has.
    pub seats: u32,
}

/// A hotel as travellers see it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Offer {
    /// What it is like.
    pub hotel: Profile,
    /// How far away it is, and what the stay costs.
    pub found: Found,
}

/// What somebody wants to be recommended.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct RecommendRequest {
    /// In which city.
    pub city: String,
    /// What matters most.
    pub by: By,
}

/// What somebody wants to reserve.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Trip {
    /// Who travels.
    pub guest: String,
    /// The hotel's id.
    pub hotel: String,
    /// The flight's number.
    pub flight: String,
    /// The day of the flight, and the night in the hotel.
    pub day: u32,
    /// What the traveller calls it; it will stand in the order.
    #[serde(default)]
    pub reference: String,
}

/// What was reserved: a room and a seat.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Itinerary {
    /// The id of the reservation.
    pub reservation: Uuid,
    /// What was wanted.
    pub trip: Trip,
}

/// Why nothing was reserved. Then neither a room nor a seat is gone, and there is no order.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[serde(tag = "error", rename_all = "kebab-case")]
pub enum Unavailable {
    /// There is no room.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// There is no seat.
    #[error(transparent)]
    NoSeat(#[from] NoSeat),
    /// The guest's name is none.
    #[error("a name has 1 to 200 bytes")]
    InvalidGuest,
}

impl Trip {
    fn stay(&self, reservation: Uuid) -> Stay {
        Stay { hotel: self.hotel.clone(), night: self.day, reservation }
    }

    fn ride(&self, reservation: Uuid) -> Ride {
        Ride { flight: self.flight.clone(), day: self.day, reservation }
    }
}

/// The hotels near a place, the nearest first, with what they are like and what the stay costs.
#[beldi::function(service = Frontend, read_only)]
pub async fn search(request: SearchRequest) -> Result<Vec<Offer>, SearchRefused> {
    let found = super::search::nearby(request).await?;
    let profiles = profile::read(found.iter().map(|found| found.near.hotel.clone()).collect()).await;
    let mut profiles: HashMap<_, _> = profiles.into_iter().map(|profile| (profile.id.clone(), profile)).collect();
    let offers =
        found.into_iter().filter_map(|found| Some(Offer { hotel: profiles.remove(&found.near.hotel)?, found }));
    Ok(offers.collect())
}

/// The hotels of a city that come first, by what matters.
#[beldi::function(service = Frontend, read_only)]
pub async fn recommend(request: RecommendRequest) -> Vec<Profile> {
    let hotels = recommendation::rank(request.city, request.by).await;
    profile::read(hotels).await
}

/// Reserves a room and a seat, or neither. The order follows.
#[beldi::function(service = Frontend)]
pub async fn reserve(trip: Trip) -> Result<Itinerary, Unavailable> {
    if !can_be_key(&trip.guest) {
        return Err(Unavailable::InvalidGuest);
    }
    let reservation = beldi::uuid().await;
    beldi::txn! {
        let (room, seat) =
            beldi::join!(hotel::reserve(trip.stay(reservation)), flight::reserve(trip.ride(reservation)));
        room?;
        seat?;
        Ok(())
    }?;
    let itinerary = Itinerary { reservation, trip };
    order::place(itinerary.clone()).detach().await;
    Ok(itinerary)
}

/// Takes a hotel in. Its rooms come last: a hotel that has rooms can be found and has a price.
#[beldi::function(service = Frontend)]
pub async fn add_hotel(hotel: HotelRecord) -> Result<(), OffTheMap> {
    let HotelRecord { profile, plans, nights, rooms } = hotel;
    let Profile { id, city, place, score, .. } = profile.clone();
    geo::add(id.clone(), place).await?;
    let cents = plans.first().map_or(0, |plan| plan.cents);
    beldi::join!(
        profile::write(profile),
        rate::set(Rate { hotel: id.clone(), plans }),
        recommendation::add(Candidate { city, hotel: id.clone(), cents, score, place }),
    );
    hotel::open(id, 1, nights, rooms).await;
    Ok(())
}

/// Takes a flight in.
#[beldi::function(service = Frontend)]
pub async fn add_flight(flight: FlightRecord) {
    let FlightRecord { flight, days, seats } = flight;
    let number = flight.number.clone();
    flight::write(flight).await;
    flight::open(number, 1, days, seats).await;
}
