//! What a reservation promises.

use tokio::task::JoinSet;

use crate::services::flight::NoSeat;
use crate::services::frontend::{self, Trip, Unavailable};
use crate::services::hotel::NoRoom;
use crate::services::{flight, hotel, order};
use crate::{Agency, few, trip};

/// How many rooms and seats a trip has left.
async fn left(agency: &Agency, trip: &Trip) -> (u32, u32) {
    let client = agency.host.client();
    let rooms = client.call(hotel::free(trip.hotel.clone(), trip.day)).await.expect("an answer");
    (rooms, client.call(flight::free(trip.flight.clone(), trip.day)).await.expect("an answer"))
}

async fn orders(agency: &Agency) -> Vec<order::Order> {
    agency.host.client().call(order::of("ann".into())).await.expect("an answer")
}

#[tokio::test(start_paused = true)]
async fn a_reservation_takes_a_room_and_a_seat_and_is_ordered() {
    let agency = Agency::open(&few()).await;
    let trip = trip(1, "to the sea");
    let itinerary = agency.reserve(trip.clone()).await.expect("an itinerary");
    assert_eq!(itinerary.trip, trip);
    assert_eq!(left(&agency, &trip).await, (1, 1));
    let orders = orders(&agency).await;
    assert_eq!(orders.iter().map(|order| &order.itinerary).collect::<Vec<_>>(), [&itinerary]);
    let next_day = Trip { day: 2, ..trip };
    assert_eq!(left(&agency, &next_day).await, (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_refused_reservation_leaves_nothing() {
    let catalogue = few();
    let agency = Agency::open(&catalogue).await;
    let (hotels, flights) = (&catalogue.hotels, &catalogue.flights);
    let full = trip(1, "");
    for _ in 0..2 {
        agency.reserve(full.clone()).await.expect("an itinerary");
    }
    let elsewhere = Trip { hotel: hotels[1].profile.id.clone(), ..full.clone() };
    let no_seat = NoSeat { flight: full.flight.clone(), day: 1 };
    assert_eq!(agency.reserve(elsewhere.clone()).await, Err(Unavailable::NoSeat(no_seat)));
    assert_eq!(left(&agency, &elsewhere).await, (2, 0));
    let later = Trip { flight: flights[1].flight.number.clone(), ..full.clone() };
    let no_room = NoRoom { hotel: full.hotel.clone(), night: 1 };
    assert_eq!(agency.reserve(later.clone()).await, Err(Unavailable::NoRoom(no_room)));
    assert_eq!(left(&agency, &later).await, (0, 2));
    assert_eq!(orders(&agency).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_there_is_not_cannot_be_reserved() {
    let agency = Agency::open(&few()).await;
    let trip = trip(1, "");
    for hotel in ["no-such-hotel", ""] {
        let refused = agency.reserve(Trip { hotel: hotel.into(), ..trip.clone() }).await;
        assert_eq!(refused, Err(Unavailable::NoRoom(NoRoom { hotel: hotel.into(), night: 1 })));
    }
    for flight in ["no such flight", ""] {
        let refused = agency.reserve(Trip { flight: flight.into(), ..trip.clone() }).await;
        assert_eq!(refused, Err(Unavailable::NoSeat(NoSeat { flight: flight.into(), day: 1 })));
    }
    assert!(matches!(agency.reserve(Trip { day: 9, ..trip.clone() }).await, Err(Unavailable::NoRoom(_))));
    let nobody = agency.reserve(Trip { guest: String::new(), ..trip.clone() }).await;
    assert_eq!(nobody, Err(Unavailable::InvalidGuest));
    assert_eq!(left(&agency, &trip).await, (2, 2));
    assert_eq!(orders(&agency).await, []);
}

#[tokio::test(start_paused = true)]
async fn one_idempotency_key_is_one_reservation() {
    let agency = Agency::open(&few()).await;
    let client = agency.host.client();
    let trip = trip(1, "");
    let first = client.call(frontend::reserve(trip.clone())).idempotency_key("k").await.expect("an answer");
    let again = client.call(frontend::reserve(trip.clone())).idempotency_key("k").await.expect("an answer");
    assert_eq!(first, again);
    agency.host.settle().await.expect("the store answers");
    assert_eq!(left(&agency, &trip).await, (1, 1));
    assert_eq!(orders(&agency).await.len(), 1);
}

/// Everybody wants the last two places: two get them, whoever they are.
#[tokio::test(start_paused = true)]
async fn two_places_are_for_two() {
    let agency = Agency::open(&few()).await;
    let trip = trip(1, "");
    let mut travellers = JoinSet::new();
    for _ in 0..8 {
        let (client, trip) = (agency.host.client(), trip.clone());
        travellers.spawn(async move { client.call(frontend::reserve(trip)).await.expect("an answer") });
    }
    let answers = travellers.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2, "{answers:?}");
    agency.host.settle().await.expect("the store answers");
    assert_eq!(left(&agency, &trip).await, (0, 0));
    assert_eq!(orders(&agency).await.len(), 2);
}

/// What is open already stays as it is, with those who have something there.
#[tokio::test(start_paused = true)]
async fn to_open_again_gives_nothing_back() {
    let agency = Agency::open(&few()).await;
    let trip = trip(1, "");
    agency.reserve(trip.clone()).await.expect("an itinerary");
    let client = agency.host.client();
    client.call(hotel::open(trip.hotel.clone(), 1, 3, 9)).await.expect("an answer");
    client.call(flight::open(trip.flight.clone(), 1, 3, 9)).await.expect("an answer");
    assert_eq!(left(&agency, &trip).await, (1, 1));
    assert_eq!(left(&agency, &Trip { day: 3, ..trip }).await, (9, 9));
}
