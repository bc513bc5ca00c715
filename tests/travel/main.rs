//! The travel reservation application, small: what each service promises, and whether the checks of the example
//! notice what they are there for. That every crash is survived is shown by `travel_matrix.rs`.

#[path = "../../examples/travel/catalogue.rs"]
#[allow(dead_code, reason = "the tests use a part of it")]
mod catalogue;
#[path = "../../examples/travel/checks.rs"]
mod checks;
#[path = "../../examples/common/mod.rs"]
#[allow(dead_code, clippy::print_stdout, reason = "the tests use a part of it")]
mod common;
#[path = "../../examples/travel/mix.rs"]
mod mix;
#[path = "../../examples/travel/services/mod.rs"]
pub mod services;

mod crashed;
mod made_up;
mod noticed;
mod promises;
mod reservations;

use std::sync::Arc;

use beldi::VirtualWorld;
use beldi::host::LocalHost;
use beldi::store::Counting;
use beldi::testing::fresh_store;
use catalogue::Catalogue;
use services::frontend::{self, Itinerary, Trip, Unavailable};

/// The services on a store of their own, with some hotels and flights.
struct Agency {
    host: LocalHost,
    store: Arc<Counting>,
}

/// A few hotels of one city and flights there, each open for two nights with two places.
fn few() -> Catalogue {
    let mut few = Catalogue::of(2020);
    few.hotels.truncate(4);
    few.hotels.iter_mut().for_each(|hotel| (hotel.nights, hotel.rooms) = (2, 2));
    few.flights.truncate(2);
    few.flights.iter_mut().for_each(|flight| (flight.days, flight.seats) = (2, 2));
    few
}

impl Agency {
    async fn open(catalogue: &Catalogue) -> Self {
        let store = Arc::new(Counting::new(fresh_store().await.expect("a store")));
        let host = LocalHost::builder(store.clone()).world(VirtualWorld::new(7)).start().await.expect("a host");
        for hotel in &catalogue.hotels {
            let added = host.client().call(frontend::add_hotel(hotel.clone())).await;
            added.expect("an answer").expect("a place on the map");
        }
        for flight in &catalogue.flights {
            host.client().call(frontend::add_flight(flight.clone())).await.expect("an answer");
        }
        Self { host, store }
    }

    /// Reserves, and waits until the order is placed too.
    async fn reserve(&self, trip: Trip) -> Result<Itinerary, Unavailable> {
        let answer = self.host.client().call(frontend::reserve(trip)).await.expect("an answer");
        self.host.settle().await.expect("the store answers");
        answer
    }
}

/// A trip of ann to the first hotel with the first flight.
fn trip(day: u32, reference: &str) -> Trip {
    let Catalogue { hotels, flights } = few();
    let (hotel, flight) = (hotels[0].profile.id.clone(), flights[0].flight.number.clone());
    Trip { guest: "ann".into(), hotel, flight, day, reference: reference.into() }
}
