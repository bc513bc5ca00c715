//! Travel reservation, in the paper's mix, with a rush for few places beside it.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::catalogue::{CITIES, Catalogue, password};
use crate::checks::{Request, Snapshot};
use crate::common::checks::Check;
use crate::common::ledger::{Asked, Outcome};
use crate::mix::{Action, Mix, PAPERS};
use crate::services::Place;
use crate::services::frontend::{self, RecommendRequest, Trip};
use crate::services::recommendation::By;
use crate::services::search::SearchRequest;
use crate::services::user::{self, LogIn, Secret};
use crate::world::{App, Clients, Size, Work};

/// How often travellers reserve instead of doing what is usual: in the paper's mix one in two hundred does.
const RESERVES: f64 = 0.4;

/// How many want the places of a hotel and a flight that have few, and how many clients do at most: each waits for all
/// others, so that hundreds would do nothing but wait.
const RUSHES: f64 = 0.3;
const MOST_RUSHING: usize = 40;

/// How many do not wait for their reservation.
const STARTS: f64 = 0.2;

/// How many instances there are to each hotel.
const TO_A_HOTEL: usize = 500;

pub(crate) struct Travel {
    catalogue: Catalogue,
    clients: usize,
    mix: Mix,
    requests: Mutex<Vec<Request>>,
}

impl Travel {
    pub(crate) fn of(size: Size) -> Self {
        let mut catalogue = Catalogue::of(size.seed);
        let hotels = (size.instances / TO_A_HOTEL).clamp(4, catalogue.hotels.len());
        catalogue.hotels.truncate(hotels);
        catalogue.flights.truncate(hotels.max(CITIES.len()));
        catalogue.hotels.iter_mut().for_each(|hotel| hotel.nights = 2);
        catalogue.flights.iter_mut().for_each(|flight| flight.days = 2);
        (catalogue.hotels[0].rooms, catalogue.flights[0].seats) = (5, 4);
        let mix = PAPERS.parse().expect("the paper's mix is one");
        Self { catalogue, clients: (size.instances / 60).clamp(8, 600), mix, requests: Mutex::default() }
    }

    async fn reserve(&self, clients: &Arc<Clients>, client: usize) {
        let chance = &clients.core().chance;
        let key = Uuid::from_u128(chance.id());
        let Catalogue { hotels, flights } = &self.catalogue;
        let (hotel, flight) = match chance.chance(RUSHES) && client < MOST_RUSHING {
            true => (&hotels[0], &flights[0]),
            false => (&hotels[chance.below(hotels.len())], &flights[chance.below(flights.len())]),
        };
        let trip = Trip {
            guest: format!("guest {client}"),
            hotel: hotel.profile.id.clone(),
            flight: flight.flight.number.clone(),
            day: 1 + chance.below(2) as u32,
            reference: key.to_string(),
        };
        let outcome = if chance.chance(STARTS) {
            clients.start(&trip.reference, || frontend::reserve(trip.clone())).await.then_some(Outcome::Started)
        } else {
            let asked = trip.clone();
            let answer = clients.answer(&trip.reference, move || frontend::reserve(asked.clone())).await;
            answer.map(|answer| answer.map_or(Outcome::Refused, |itinerary| Outcome::Answered(itinerary.reservation)))
        };
        let request = Request { asked: Asked { key, what: trip }, outcome, earlier: false };
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    }

    async fn look_around(&self, clients: &Arc<Clients>, client: usize) {
        let chance = &clients.core().chance;
        let (city, place) = CITIES[chance.below(CITIES.len())];
        match self.mix.at(chance.share()) {
            Action::Search => {
                let first_night = 1 + chance.below(2) as u32;
                let request = SearchRequest { place, first_night, last_night: 2 };
                clients.observe(|| frontend::search(request.clone())).await;
            }
            Action::Recommend => {
                let by = [By::Price, By::Rate, By::Distance(Place { ..place })][chance.below(3)];
                let request = RecommendRequest { city: city.to_owned(), by };
                clients.observe(|| frontend::recommend(request.clone())).await;
            }
            Action::User | Action::Reserve => {
                let name = format!("guest {}", client % 4);
                let request = LogIn { password: password(&name), name };
                if clients.observe(|| user::log_in(request.clone())).await != Some(Ok(())) {
                    clients.wrong(format!("{} could not log in", request.name));
                }
            }
        }
    }
}

impl App for Travel {
    fn prepare(&self, clients: Arc<Clients>) -> Work<'_, ()> {
        Box::pin(async move {
            for hotel in self.catalogue.hotels.clone() {
                let key = format!("hotel {}", hotel.profile.id);
                clients.answer(&key, move || frontend::add_hotel(hotel.clone())).await;
            }
            for flight in self.catalogue.flights.clone() {
                let key = format!("flight {}", flight.flight.number);
                clients.answer(&key, move || frontend::add_flight(flight.clone())).await;
            }
            for number in 0..4 {
                let name = format!("guest {number}");
                let secret = Secret::of(&password(&name), format!("salt of {name}"));
                let key = format!("user {name}");
                clients.answer(&key, move || user::register(name.clone(), secret.clone())).await;
            }
        })
    }

    fn clients(&self) -> usize {
        self.clients
    }

    fn request(&self, clients: Arc<Clients>, client: usize, _number: usize) -> Work<'_, ()> {
        Box::pin(async move {
            match clients.core().chance.chance(RESERVES) {
                true => self.reserve(&clients, client).await,
                false => self.look_around(&clients, client).await,
            }
        })
    }

    fn check(&self, clients: Arc<Clients>) -> Work<'_, Vec<Check>> {
        Box::pin(async move {
            let client = clients.fleet.any().host.client();
            let snapshot = Snapshot::take(&client).await.expect("the services answer");
            let mut checks = snapshot.agrees(&self.catalogue);
            checks.extend(snapshot.fulfils(&self.requests.lock().unwrap_or_else(PoisonError::into_inner)));
            checks
        })
    }
}
