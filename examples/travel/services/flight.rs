//! Flight: the seats.

use super::Listing;
use beldi::PageToken;
use beldi::prelude::*;
use uuid::Uuid;

beldi::service! {
    /// Owns the seats.
    pub Flights = "flight";
}

/// How many days a flight can be announced for at once.
const MAX_DAYS: u32 = 30;

/// A flight that leaves every day.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Flights, table = "flights")]
pub struct Flight {
    /// Its number.
    #[beldi(partition_key)]
    pub number: String,
    /// The city that it leaves.
    pub from: String,
    /// The city that it goes to.
    pub to: String,
    /// When it leaves, in minutes after midnight.
    pub leaves: u32,
}

/// The seats of a flight on one day.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Flights, table = "seats")]
pub struct Seats {
    /// The flight's number.
    #[beldi(partition_key)]
    pub flight: String,
    /// The day, counted from the first of the season.
    #[beldi(sort_key)]
    pub day: u32,
    /// How many seats there are.
    pub capacity: u32,
    /// How many of them are free.
    pub free: u32,
    /// The reservations that have the others.
    pub reservations: Vec<Uuid>,
}

/// A seat on a day.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Ride {
    /// The flight's number.
    pub flight: String,
    /// The day.
    pub day: u32,
    /// The reservation that it is for.
    pub reservation: Uuid,
}

/// There is no seat.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no seat is free in flight `{flight}` on day {day}")]
pub struct NoSeat {
    /// The flight's number.
    pub flight: String,
    /// The day.
    pub day: u32,
}

/// Takes a flight in.
#[beldi::function(service = Flights)]
pub async fn write(flight: Flight) {
    flight.put().await;
}

/// Opens a flight on the days from `first`, with as many seats on each. What is open already stays as it is.
#[beldi::function(service = Flights)]
pub async fn open(flight: String, first: u32, days: u32, capacity: u32) {
    for day in (first..).take(days.min(MAX_DAYS) as usize) {
        let seats = Seats { flight: flight.clone(), day, capacity, free: capacity, reservations: Vec::new() };
        // Somebody may have a seat already: then the row must not begin again.
        let _ = seats.put().when(Seats::absent()).await;
    }
}

/// Takes a seat, and gives how many are free then.
#[beldi::function(service = Flights)]
pub async fn reserve(ride: Ride) -> Result<u32, NoSeat> {
    let Ride { flight, day, reservation } = ride;
    if !super::can_be_key(&flight) {
        return Err(NoSeat { flight, day });
    }
    match Seats::get((&flight, day)).await {
        Some(mut seats) if seats.free > 0 => {
            seats.free -= 1;
            seats.reservations.push(reservation);
            let free = seats.free;
            seats.put().await;
            Ok(free)
        }
        _ => Err(NoSeat { flight, day }),
    }
}

/// How many seats are free.
#[beldi::function(service = Flights, read_only)]
pub async fn free(flight: String, day: u32) -> u32 {
    if !super::can_be_key(&flight) {
        return 0;
    }
    Seats::get((&flight, day)).await.map_or(0, |seats| seats.free)
}

/// All flights, a page at a time.
#[beldi::function(service = Flights, read_only)]
pub async fn list(page: Option<PageToken>) -> Listing<Flight> {
    Flight::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}

/// All seats, a page at a time.
#[beldi::function(service = Flights, read_only)]
pub async fn list_seats(page: Option<PageToken>) -> Listing<Seats> {
    Seats::scan().limit(super::ROWS_OF_A_LISTING).page(page).await.into()
}
