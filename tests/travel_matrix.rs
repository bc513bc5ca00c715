//! The crash matrix over the travel reservation: crashed at every request and every invocation, a reservation that
//! commits, one that the hotel and one that the flight refuses, and a search.

#![expect(clippy::print_stdout, reason = "how many crash points there are is worth seeing")]

#[path = "../examples/travel/services/mod.rs"]
pub mod services;

use beldi::testing::{CrashMatrix, Report, Trial};
use services::flight::Flight;
use services::frontend::{FlightRecord, HotelRecord, Trip, add_flight, add_hotel, reserve, search};
use services::profile::Profile;
use services::rate::Plan;
use services::search::SearchRequest;
use services::{Place, flight, hotel};

const LISBON: Place = Place { lat: 38.7223, lon: -9.1393 };

fn a_hotel(id: &str, rooms: u32) -> HotelRecord {
    let profile = Profile {
        id: id.into(),
        name: "The Slate Heron".into(),
        city: "Lisbon".into(),
        place: Place { lat: LISBON.lat + 0.01, ..LISBON },
        score: 41,
        about: "A house with a view of the ferries.".into(),
    };
    HotelRecord { profile, plans: vec![Plan { name: "room only".into(), cents: 9_000 }], nights: 1, rooms }
}

fn a_flight(number: &str, seats: u32) -> FlightRecord {
    let flight = Flight { number: number.into(), from: "Zürich".into(), to: "Lisbon".into(), leaves: 600 };
    FlightRecord { flight, days: 1, seats }
}

/// A hotel and a flight with places, and one of each without any.
async fn catalogue(trial: Trial) {
    for (id, rooms) in [("open", 2), ("full", 0)] {
        trial.call(add_hotel(a_hotel(id, rooms))).await.expect("a result").expect("a place on the map");
    }
    for (number, seats) in [("open", 2), ("full", 0)] {
        trial.call(add_flight(a_flight(number, seats))).await.expect("a result");
    }
}

/// How many rooms and seats are free where there are any.
async fn seen(trial: &Trial) -> (u32, u32) {
    let rooms = trial.call(hotel::free("open".into(), 1)).await.expect("a result");
    (rooms, trial.call(flight::free("open".into(), 1)).await.expect("a result"))
}

/// Reserves once, under every disturbance.
async fn reserved(hotel: &'static str, flight: &'static str) -> Report {
    let matrix = CrashMatrix::new(move |trial: Trial| async move {
        let (guest, reference) = ("ann".to_owned(), String::new());
        let trip = Trip { guest, hotel: hotel.into(), flight: flight.into(), day: 1, reference };
        let answer = trial.call(reserve(trip)).await.expect("a result");
        let is_refused = answer.is_err();
        assert_eq!(is_refused, hotel == "full" || flight == "full", "{answer:?}");
        // The order follows; it is compared with the tables.
        assert_eq!(seen(&trial).await, if is_refused { (2, 2) } else { (1, 1) });
        answer
    });
    let report = matrix.setup(catalogue).run().await;
    println!("a reservation in hotel `{hotel}` and flight `{flight}`: {} crash points, {report}", report.points);
    report
}

#[tokio::test(start_paused = true)]
async fn a_reservation_survives_every_crash() {
    reserved("open", "open").await.assert_passed();
}

#[tokio::test(start_paused = true)]
async fn a_hotel_that_is_sold_out_survives_every_crash() {
    reserved("full", "open").await.assert_passed();
}

#[tokio::test(start_paused = true)]
async fn a_flight_that_is_sold_out_survives_every_crash() {
    reserved("open", "full").await.assert_passed();
}

#[tokio::test(start_paused = true)]
async fn a_search_survives_every_crash() {
    let matrix = CrashMatrix::new(|trial: Trial| async move {
        let request = SearchRequest { place: LISBON, first_night: 1, last_night: 2 };
        let offers = trial.call(search(request)).await.expect("a result").expect("offers");
        assert_eq!(offers.len(), 2);
        offers
    });
    let report = matrix.setup(catalogue).run().await;
    println!("{} crash points: {report}", report.points);
    report.assert_passed();
}
