//! The catalogue: hotels and flights made up from a seed, around the coordinates of real cities. They are taken in
//! through the same functions that anybody would call.

use std::sync::Arc;

use beldi::{Client, ClientError};
use fastrand::Rng;
use indicatif::ProgressBar;
use tokio::task::JoinSet;

use crate::common::calls::{all, answer, observe};
use crate::services::flight::{self, Flight};
use crate::services::frontend::{self, FlightRecord, HotelRecord};
use crate::services::profile::{self, Profile};
use crate::services::rate::Plan;
use crate::services::user::{self, LogIn, Secret};
use crate::services::{Place, hotel};

/// The cities, with the coordinates of their centres.
pub(crate) const CITIES: [(&str, Place); 6] = [
    ("Cape Town", Place { lat: -33.9249, lon: 18.4241 }),
    ("Kyoto", Place { lat: 35.0116, lon: 135.7681 }),
    ("Lisbon", Place { lat: 38.7223, lon: -9.1393 }),
    ("Montréal", Place { lat: 45.5019, lon: -73.5674 }),
    ("Wellington", Place { lat: -41.2866, lon: 174.7756 }),
    ("Zürich", Place { lat: 47.3769, lon: 8.5417 }),
];

const HOTELS_OF_A_CITY: usize = 14;
const FLIGHTS: usize = 100;

/// How many nights the season has.
pub(crate) const NIGHTS: u32 = 7;

/// How far hotels are from the centre of their city at most, in degrees of latitude.
const SPREAD: f64 = 0.06;

const FIRST_WORDS: [&str; 12] = [
    "Amber", "Quiet", "Copper", "Seventh", "Windward", "Paper", "Salt", "Early", "Velvet", "Northern", "Slate", "Wild",
];

const SECOND_WORDS: [&str; 12] = [
    "Heron",
    "Lantern",
    "Orchard",
    "Compass",
    "Ferry",
    "Courtyard",
    "Thimble",
    "Almanac",
    "Juniper",
    "Terrace",
    "Sparrow",
    "Anchor",
];

const REMARKS: [&str; 6] = [
    "Small rooms, tall windows, and bread from the house's own oven.",
    "A former warehouse whose goods lift still takes the luggage up.",
    "The night porter has read every book of the library and lends them.",
    "Half of the rooms look at a garden, the others at the tram.",
    "There is no television, and nobody has asked for one in years.",
    "Breakfast is served until the last guest has come down.",
];

/// All that there is to reserve.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Catalogue {
    pub(crate) hotels: Vec<HotelRecord>,
    pub(crate) flights: Vec<FlightRecord>,
}

impl Catalogue {
    /// The catalogue of a seed: the same seed, the same catalogue.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut names: Vec<_> = FIRST_WORDS.iter().flat_map(|one| SECOND_WORDS.map(|two| (*one, two))).collect();
        rng.shuffle(&mut names);
        let places = CITIES.iter().flat_map(|city| [*city; HOTELS_OF_A_CITY]);
        let hotels = places.zip(names).map(|((city, centre), name)| a_hotel(&mut rng, city, centre, name)).collect();
        let flights = (0..FLIGHTS).map(|place| a_flight(&mut rng, place)).collect();
        Self { hotels, flights }
    }

    /// How many hotels and flights there are.
    pub(crate) fn len(&self) -> usize {
        self.hotels.len() + self.flights.len()
    }

    /// The flights to a city.
    pub(crate) fn flights_to(&self, city: &str) -> Vec<&FlightRecord> {
        self.flights.iter().filter(|flight| flight.flight.to == city).collect()
    }
}

fn a_hotel(rng: &mut Rng, city: &str, centre: Place, (first, second): (&str, &str)) -> HotelRecord {
    let around = |centre: f64, rng: &mut Rng| round(centre + SPREAD * (2.0 * rng.f64() - 1.0));
    let profile = Profile {
        id: format!("{first}-{second}").to_lowercase(),
        name: format!("The {first} {second}"),
        city: city.to_owned(),
        place: Place { lat: around(centre.lat, rng), lon: around(centre.lon, rng) },
        score: rng.u32(25..=50),
        about: REMARKS[rng.usize(..REMARKS.len())].to_owned(),
    };
    let cents = rng.u64(60..=240) * 100;
    let plan = |name: &str, cents: u64| Plan { name: name.to_owned(), cents };
    let plans = vec![plan("room only", cents), plan("breakfast", cents + 1_400), plan("flexible", cents + cents / 4)];
    HotelRecord { profile, plans, nights: NIGHTS, rooms: rng.u32(20..=60) }
}

/// A coordinate with as many digits as a map has: about ten metres.
fn round(degrees: f64) -> f64 {
    (degrees * 10_000.0).round() / 10_000.0
}

/// Flights go to the cities in turn, so that every city has some.
fn a_flight(rng: &mut Rng, place: usize) -> FlightRecord {
    let to = place % CITIES.len();
    let from = (to + rng.usize(1..CITIES.len())) % CITIES.len();
    let city = |place: usize| CITIES[place].0.to_owned();
    let flight =
        Flight { number: format!("BL{}", 101 + place), from: city(from), to: city(to), leaves: rng.u32(72..=264) * 5 };
    FlightRecord { flight, days: NIGHTS, seats: rng.u32(60..=180) }
}

/// The file has the catalogue of another seed.
#[derive(Debug, thiserror::Error)]
#[error("the file holds the catalogue of another seed; --fresh begins without it")]
pub(crate) struct OtherSeed;

/// How many are taken in at a time.
const AT_A_TIME: usize = 16;

/// Takes in what is not there yet. Gives how many hotels and flights these were.
pub(crate) async fn load(
    client: &Client,
    catalogue: &Catalogue,
    bar: &ProgressBar,
) -> Result<usize, Box<dyn std::error::Error>> {
    let missing = missing(client, catalogue).await?;
    let number = missing.len();
    bar.set_length(number as u64);
    let missing = Arc::new(missing);
    let mut workers = JoinSet::new();
    for worker in 0..AT_A_TIME {
        let (client, missing, bar) = (client.clone(), Arc::clone(&missing), bar.clone());
        workers.spawn(async move {
            let mine = missing.hotels.iter().skip(worker).step_by(AT_A_TIME);
            for hotel in mine {
                bar.set_message(hotel.profile.name.clone());
                let key = format!("hotel {}", hotel.profile.id);
                // A hotel that is not on the map is told by the checks: the catalogue is not complete.
                let _ = answer(&client, &key, || frontend::add_hotel(hotel.clone())).await?;
                bar.inc(1);
            }
            for flight in missing.flights.iter().skip(worker).step_by(AT_A_TIME) {
                bar.set_message(flight.flight.number.clone());
                let key = format!("flight {}", flight.flight.number);
                answer(&client, &key, || frontend::add_flight(flight.clone())).await?;
                bar.inc(1);
            }
            Ok::<_, ClientError>(())
        });
    }
    workers.join_all().await.into_iter().collect::<Result<(), ClientError>>()?;
    Ok(number)
}

/// What is not there yet of the catalogue.
async fn missing(client: &Client, catalogue: &Catalogue) -> Result<Catalogue, Box<dyn std::error::Error>> {
    let hotels = all(client, profile::list).await?;
    let flights = all(client, flight::list).await?;
    let mut missing = catalogue.clone();
    missing.hotels.retain(|hotel| !hotels.contains(&hotel.profile));
    missing.flights.retain(|flight| !flights.contains(&flight.flight));
    let strange = hotels.len() + missing.hotels.len() > catalogue.hotels.len()
        || flights.len() + missing.flights.len() > catalogue.flights.len();
    if strange { Err(OtherSeed.into()) } else { Ok(missing) }
}

/// The password of a user of the show.
pub(crate) fn password(name: &str) -> String {
    format!("{name} likes the sea")
}

/// Registers users with these names who are not there yet.
pub(crate) async fn register(client: &Client, names: &[String]) -> Result<(), ClientError> {
    for name in names {
        let password = password(name);
        let request = LogIn { name: name.clone(), password: password.clone() };
        if observe(client, || user::log_in(request.clone())).await?.is_err() {
            let secret = Secret::of(&password, format!("salt of {name}"));
            // Somebody else may have the name, through the gateway: then the user cannot log in, and the checks tell.
            let _ = answer(client, &format!("user {name}"), || user::register(name.clone(), secret.clone())).await?;
        }
    }
    Ok(())
}

/// Few places of few hotels and flights.
pub(crate) struct LastPlaces {
    /// The hotels that have some.
    pub(crate) hotels: Vec<String>,
    /// The flights that have some.
    pub(crate) flights: Vec<String>,
    /// The day of the flights, and the night in the hotels.
    pub(crate) day: u32,
}

/// How many hotels and flights have last places, and how many each.
const LAST_HOTELS: usize = 4;
const LAST_OF_EACH: u32 = 8;

/// Opens some hotels and flights on a day when they were not open yet, with few places in each.
pub(crate) async fn last_places(client: &Client, catalogue: &Catalogue) -> Result<LastPlaces, ClientError> {
    let rooms = all(client, hotel::list).await?;
    let day = rooms.iter().map(|rooms| rooms.night).max().unwrap_or_default() + 1;
    let hotels: Vec<_> = catalogue.hotels[..LAST_HOTELS].iter().map(|hotel| hotel.profile.id.clone()).collect();
    let flights: Vec<_> = catalogue.flights[..LAST_HOTELS].iter().map(|flight| flight.flight.number.clone()).collect();
    for (hotel, flight) in hotels.iter().zip(&flights) {
        let key = format!("last places of day {day} in {hotel} and {flight}");
        answer(client, &key, || hotel::open(hotel.clone(), day, 1, LAST_OF_EACH)).await?;
        answer(client, &key, || flight::open(flight.clone(), day, 1, LAST_OF_EACH)).await?;
    }
    Ok(LastPlaces { hotels, flights, day })
}
