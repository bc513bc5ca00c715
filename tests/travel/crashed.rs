//! The application while attempts die, as the example drives it, but in virtual time.

use std::sync::Arc;
use std::time::Duration;

use beldi::host::LocalHost;
use beldi::testing::fresh_store;
use beldi::{Settings, VirtualWorld};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::checks::{Request, Snapshot};
use crate::common::calls::{answer, start};
use crate::common::crashes::Crashes;
use crate::common::ledger::{Asked, Outcome};
use crate::common::rows::none_locked;
use crate::few;
use crate::services::frontend::{Trip, add_flight, add_hotel, reserve};

/// Thirty travellers want places in two hotels and two flights, on two days with two places each.
#[tokio::test(start_paused = true)]
async fn everything_holds_after_many_crashes() {
    // Everything here runs on one thread, so the same seed gives the same crashes.
    fastrand::seed(2020);
    let crashes = Arc::new(Crashes::new(0.3));
    let store = fresh_store().await.expect("a store");
    let settings = Settings { max_attempts: 100, ..Settings::default() };
    let host = LocalHost::builder(store).world(VirtualWorld::new(2020)).settings(settings).crash_plan(crashes.clone());
    // Travellers who wait for a row need somebody who starts an instance again that has died while it held it, and that
    // nobody waits for.
    let host = host.collect_every(Some(Duration::from_secs(30))).start().await.expect("a host");
    let catalogue = few();
    for hotel in &catalogue.hotels {
        let added = answer(&host.client(), &hotel.profile.id, || add_hotel(hotel.clone())).await;
        added.expect("an answer").expect("a place on the map");
    }
    for flight in &catalogue.flights {
        answer(&host.client(), &flight.flight.number, || add_flight(flight.clone())).await.expect("an answer");
    }
    let mut travellers = JoinSet::new();
    for number in 0..30 {
        travellers.spawn(one_trip(host.clone(), number));
    }
    let requests = travellers.join_all().await;
    host.settle().await.expect("the store answers");
    crashes.end();
    let snapshot = Snapshot::take(&host.client()).await.expect("the services answer");
    let locks = none_locked(&host.environment()).await.expect("the store answers");
    let checks = snapshot.fulfils(&requests).into_iter().chain(snapshot.agrees(&catalogue));
    for check in checks.chain([locks]) {
        assert!(check.held, "{check:?}");
    }
    assert!(snapshot.orders.len() >= 4, "{} orders", snapshot.orders.len());
    let statistics = host.statistics();
    assert!(statistics.crashed * 5 >= statistics.attempts, "{statistics:?}");
}

/// Asks for one trip, every third time without waiting for the answer.
async fn one_trip(host: LocalHost, number: usize) -> Request {
    let key = Uuid::from_u128(number as u128);
    let catalogue = few();
    let what = Trip {
        guest: format!("guest {number}"),
        hotel: catalogue.hotels[number % 2].profile.id.clone(),
        flight: catalogue.flights[number / 2 % 2].flight.number.clone(),
        day: 1 + number as u32 / 4 % 2,
        reference: key.to_string(),
    };
    let client = host.client();
    let outcome = if number.is_multiple_of(3) {
        start(&client, &what.reference, || reserve(what.clone())).await.expect("an id");
        Outcome::Started
    } else {
        match answer(&client, &what.reference, || reserve(what.clone())).await.expect("an answer") {
            Ok(itinerary) => Outcome::Answered(itinerary.reservation),
            Err(_) => Outcome::Refused,
        }
    };
    Request { asked: Asked { key, what }, outcome: Some(outcome), earlier: false }
}
