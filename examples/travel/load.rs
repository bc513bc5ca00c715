//! The load: travellers who look around and now and then reserve something, and the rush for the last places.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use beldi::Client;
use uuid::Uuid;

use crate::catalogue::{CITIES, Catalogue, LastPlaces, NIGHTS, password};
use crate::common::calls::{answer, observe, start};
use crate::common::ledger::{Asked, Ledger, Outcome};
use crate::common::load::{Failure, Kind, Users};
use crate::mix::{Action, Mix};
use crate::services::Place;
use crate::services::frontend::{self, RecommendRequest, Trip};
use crate::services::recommendation::By;
use crate::services::search::SearchRequest;
use crate::services::user::{self, LogIn};

/// What travellers do, of a hundred times that they reserve: not wait for the answer, or want what there is not.
const STARTS: u32 = 20;
const MISTAKES: u32 = 5;

/// Of a hundred times that somebody logs in: with a wrong password.
const WRONG_PASSWORDS: u32 = 10;

/// How often each user tries to get one of the last places.
const TRIES: u32 = 8;

/// Reserves, and writes down what it asked for and got.
pub(crate) struct Desk {
    pub(crate) client: Client,
    pub(crate) ledger: Arc<Ledger<Trip>>,
}

/// Travellers who look around.
pub(crate) struct Travellers {
    pub(crate) desk: Desk,
    pub(crate) catalogue: Catalogue,
    pub(crate) mix: Mix,
    pub(crate) names: Vec<String>,
}

/// Everybody who wants one of the last places, at once.
pub(crate) struct Rush {
    pub(crate) desk: Desk,
    pub(crate) last: LastPlaces,
    pub(crate) names: Vec<String>,
    pub(crate) tries: AtomicU32,
}

/// What became of a wish to reserve. The kinds of both phases begin with these.
const RESERVED: usize = 0;
const REFUSED: usize = 1;
const STARTED: usize = 2;

const SEARCHED: usize = 3;
const RECOMMENDED: usize = 4;
const LOGGED_IN: usize = 5;

impl Desk {
    /// Reserves something. The idempotency key is the trip's reference: so orders can be matched with requests
    /// without asking a journal.
    async fn reserve(&self, mut trip: Trip, waits: bool) -> Result<usize, Failure> {
        let key = Uuid::new_v4();
        trip.reference = key.to_string();
        self.ledger.asked(Asked { key, what: trip.clone() })?;
        if !waits {
            start(&self.client, &trip.reference, || frontend::reserve(trip.clone())).await?;
            self.ledger.got(key, Outcome::Started)?;
            return Ok(STARTED);
        }
        let answer = answer(&self.client, &trip.reference, || frontend::reserve(trip.clone())).await?;
        let (outcome, kind) = match answer {
            Ok(itinerary) => (Outcome::Answered(itinerary.reservation), RESERVED),
            Err(_) => (Outcome::Refused, REFUSED),
        };
        self.ledger.got(key, outcome)?;
        Ok(kind)
    }
}

impl Users for Travellers {
    const KINDS: &'static [Kind] = &[
        Kind { request: "reserve", done: "reserved" },
        Kind { request: "reserve, refused", done: "refused" },
        Kind { request: "start to reserve", done: "started" },
        Kind { request: "search", done: "searches" },
        Kind { request: "recommend", done: "recommendations" },
        Kind { request: "log in", done: "logins" },
    ];

    fn number(&self) -> usize {
        self.names.len()
    }

    async fn one_request(&self, user: usize) -> Result<Option<usize>, Failure> {
        let kind = match self.mix.at(fastrand::f64()) {
            Action::Search => self.search().await,
            Action::Recommend => self.recommend().await,
            Action::User => self.log_in(user).await,
            Action::Reserve => {
                let dice = fastrand::u32(..100);
                let mut trip = self.trip(user);
                if dice < MISTAKES {
                    spoil(&mut trip);
                }
                self.desk.reserve(trip, dice < 100 - STARTS).await
            }
        };
        kind.map(Some)
    }
}

impl Travellers {
    async fn search(&self) -> Result<usize, Failure> {
        let (city, place) = near_a_centre();
        let first_night = fastrand::u32(1..=NIGHTS);
        let request = SearchRequest { place, first_night, last_night: fastrand::u32(first_night..=NIGHTS) };
        let answer = observe(&self.desk.client, || frontend::search(request.clone())).await?;
        match answer {
            Ok(offers) if !offers.is_empty() => Ok(SEARCHED),
            Ok(_) => Err(Failure::Answer(format!("there is no hotel in {city}"))),
            Err(error) => Err(Failure::Answer(error.to_string())),
        }
    }

    async fn recommend(&self) -> Result<usize, Failure> {
        let (city, place) = near_a_centre();
        let by = [By::Price, By::Rate, By::Distance(place)][fastrand::usize(..3)];
        let request = RecommendRequest { city: city.to_owned(), by };
        match observe(&self.desk.client, || frontend::recommend(request.clone())).await?.len() {
            0 => Err(Failure::Answer(format!("no hotel of {city} is recommended"))),
            _ => Ok(RECOMMENDED),
        }
    }

    async fn log_in(&self, user: usize) -> Result<usize, Failure> {
        let name = self.names[user].clone();
        let is_wrong = fastrand::u32(..100) < WRONG_PASSWORDS;
        let password = if is_wrong { "guessed".to_owned() } else { password(&name) };
        let request = LogIn { name, password };
        let answer = observe(&self.desk.client, || user::log_in(request.clone())).await?;
        match (is_wrong, answer) {
            (false, Err(error)) => Err(Failure::Answer(error.to_string())),
            (true, Ok(())) => Err(Failure::Answer(format!("{} came in with a wrong password", request.name))),
            _ => Ok(LOGGED_IN),
        }
    }

    /// A trip to a hotel, with a flight that goes there.
    fn trip(&self, user: usize) -> Trip {
        let hotel = &self.catalogue.hotels[fastrand::usize(..self.catalogue.hotels.len())].profile;
        let flights = self.catalogue.flights_to(&hotel.city);
        let flight = flights[fastrand::usize(..flights.len())].flight.number.clone();
        let (guest, hotel) = (self.names[user].clone(), hotel.id.clone());
        Trip { guest, hotel, flight, day: fastrand::u32(1..=NIGHTS), reference: String::new() }
    }
}

impl Users for Rush {
    const KINDS: &'static [Kind] = &[
        Kind { request: "reserve", done: "reserved" },
        Kind { request: "reserve, refused", done: "refused" },
        Kind { request: "start to reserve", done: "started" },
    ];

    fn number(&self) -> usize {
        self.names.len()
    }

    async fn one_request(&self, user: usize) -> Result<Option<usize>, Failure> {
        if self.tries.fetch_add(1, Ordering::Relaxed) >= TRIES * self.names.len() as u32 {
            return Ok(None);
        }
        let any = |names: &[String]| names[fastrand::usize(..names.len())].clone();
        let LastPlaces { hotels, flights, day } = &self.last;
        let (guest, reference) = (self.names[user].clone(), String::new());
        let trip = Trip { guest, hotel: any(hotels), flight: any(flights), day: *day, reference };
        self.desk.reserve(trip, fastrand::u32(..100) >= STARTS).await.map(Some)
    }
}

/// A city, and a place that is not far from its centre.
fn near_a_centre() -> (&'static str, Place) {
    let (city, centre) = CITIES[fastrand::usize(..CITIES.len())];
    let around = |degrees: f64| degrees + 0.02 * (2.0 * fastrand::f64() - 1.0);
    (city, Place { lat: around(centre.lat), lon: around(centre.lon) })
}

/// Makes one of the mistakes that travellers make.
fn spoil(trip: &mut Trip) {
    match fastrand::u8(..3) {
        0 => trip.hotel.push_str("-annexe"),
        1 => trip.flight.push('X'),
        _ => trip.day += 1_000_000,
    }
}
