//! The checks of the example: they pass on what the services store, and notice what is wrong with it.

use beldi::store::{AttributeValue, Attributes, Placeholders, ReturnValues, SharedStore, UpdateItem};
use uuid::Uuid;

use crate::checks::{Request, Snapshot};
use crate::common::ledger::{Asked, Outcome};
use crate::common::rows::none_locked;
use crate::services::frontend::Trip;
use crate::{Agency, few, trip};

/// Two reservations on the first day, which is full then, one on the second, and one that was refused; with the
/// requests that they came from.
async fn reserved() -> (Agency, Snapshot, Vec<Request>) {
    let agency = Agency::open(&few()).await;
    let mut requests = Vec::new();
    for (day, earlier) in [(1, true), (1, false), (2, false), (1, false)] {
        let key = Uuid::new_v4();
        let what = trip(day, &key.to_string());
        let outcome = match agency.reserve(what.clone()).await {
            Ok(itinerary) => Outcome::Answered(itinerary.reservation),
            Err(_) => Outcome::Refused,
        };
        requests.push(Request { asked: Asked { key, what }, outcome: Some(outcome), earlier });
    }
    assert_eq!(requests[3].outcome, Some(Outcome::Refused));
    let snapshot = Snapshot::take(&agency.host.client()).await.expect("the services answer");
    (agency, snapshot, requests)
}

fn broken(snapshot: &Snapshot, requests: &[Request]) -> Vec<&'static str> {
    let checks = snapshot.agrees(&few()).into_iter().chain(snapshot.fulfils(requests));
    checks.filter(|check| !check.held).map(|check| check.name).collect()
}

const ROOMS: &str = "no room sold twice or lost";
const SEATS: &str = "no seat sold twice or lost";
const TOGETHER: &str = "hotel and flight always together";
const ORDERS: &str = "every reservation has exactly one order";
const COMPLETE: &str = "every hotel and flight is there once";
const ANSWERED: &str = "answered requests ordered exactly once";
const EARLIER: &str = "the same for those of earlier runs";
const STARTED: &str = "started requests ordered once, or sold out";
const OPEN: &str = "requests without an answer ordered at most once";
const REFUSED: &str = "refused requests left no order";
const FULL: &str = "nobody was refused while there was a place";

const NONE: [&str; 0] = [];

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_requests_is_noticed() {
    let (_agency, snapshot, requests) = reserved().await;
    assert_eq!(broken(&snapshot, &requests), NONE);
    let became = |request: usize, outcome| {
        let mut requests = requests.clone();
        requests[request].outcome = outcome;
        broken(&snapshot, &requests)
    };
    assert_eq!(became(2, Some(Outcome::Started)), NONE);
    assert_eq!(became(2, None), NONE);
    // It has an order, and there are places left on its day.
    assert_eq!(became(2, Some(Outcome::Refused)), [REFUSED, FULL]);
    assert_eq!(became(1, Some(Outcome::Refused)), [REFUSED]);
    assert_eq!(became(1, Some(Outcome::Answered(Uuid::nil()))), [ANSWERED]);
    assert_eq!(became(3, Some(Outcome::Answered(Uuid::nil()))), [ANSWERED]);
    // To be refused where all is sold is what may become of a request that was only started.
    assert_eq!(became(3, Some(Outcome::Started)), NONE);
    let mut never_done = requests.clone();
    never_done[3].outcome = Some(Outcome::Started);
    never_done[3].asked.what.day = 2;
    assert_eq!(broken(&snapshot, &never_done), [STARTED]);
    let mut other_trip = requests.clone();
    other_trip[0].asked.what.guest = "bob".into();
    assert_eq!(broken(&snapshot, &other_trip), [EARLIER]);
}

#[tokio::test(start_paused = true)]
async fn what_was_ordered_twice_is_noticed() {
    let (_agency, snapshot, requests) = reserved().await;
    let twice = |request: usize, outcome| {
        let (mut snapshot, mut requests) = (snapshot.clone(), requests.clone());
        let reference = &requests[request].asked.what.reference;
        let order = snapshot.orders.iter().find(|order| order.itinerary.trip.reference == *reference);
        let copy = order.expect("an order").clone();
        snapshot.orders.push(copy);
        if let Some(outcome) = outcome {
            requests[request].outcome = outcome;
        }
        broken(&snapshot, &requests)
    };
    assert_eq!(twice(0, None), [ORDERS, EARLIER]);
    assert_eq!(twice(1, None), [ORDERS, ANSWERED]);
    assert_eq!(twice(1, Some(Some(Outcome::Started))), [ORDERS, STARTED]);
    assert_eq!(twice(1, Some(None)), [ORDERS, OPEN]);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_tables_is_noticed() {
    let (_agency, snapshot, requests) = reserved().await;
    let after = |damage: fn(&mut Snapshot, &Trip)| {
        let mut snapshot = snapshot.clone();
        damage(&mut snapshot, &requests[0].asked.what);
        broken(&snapshot, &requests)
    };
    assert_eq!(after(|damaged, trip| room(damaged, trip).free = 1), [ROOMS]);
    assert_eq!(after(|damaged, trip| seat(damaged, trip).free = 1), [SEATS]);
    let lost_room = |damaged: &mut Snapshot, trip: &Trip| {
        room(damaged, trip).reservations.pop();
    };
    assert_eq!(after(lost_room), [ROOMS, TOGETHER]);
    let lost_seat = |damaged: &mut Snapshot, trip: &Trip| {
        seat(damaged, trip).reservations.pop();
    };
    assert_eq!(after(lost_seat), [SEATS, TOGETHER]);
    let sold_twice = |damaged: &mut Snapshot, trip: &Trip| {
        let reservations = &mut room(damaged, trip).reservations;
        reservations[1] = reservations[0];
    };
    assert_eq!(after(sold_twice), [ROOMS, TOGETHER]);
    assert_eq!(after(|damaged, _| drop(damaged.orders.remove(0)))[..3], [ROOMS, SEATS, ORDERS]);
    assert_eq!(after(|damaged, _| damaged.orders[0].itinerary.trip.day = 7)[..2], [ROOMS, SEATS]);
    assert_eq!(after(|damaged, _| drop(damaged.hotels.pop())), [COMPLETE]);
    assert_eq!(after(|damaged, _| drop(damaged.flights.pop())), [COMPLETE]);
    assert_eq!(after(|damaged, _| drop(damaged.locations.pop())), [COMPLETE]);
    let no_rooms = |damaged: &mut Snapshot, _: &Trip| damaged.rooms.retain(|rooms| !rooms.reservations.is_empty());
    assert_eq!(after(no_rooms), [COMPLETE]);
    assert_eq!(after(|damaged, trip| seat(damaged, trip).capacity += 1), [SEATS, COMPLETE]);
}

fn room<'a>(snapshot: &'a mut Snapshot, trip: &Trip) -> &'a mut crate::services::hotel::Rooms {
    let mut rooms = snapshot.rooms.iter_mut();
    rooms.find(|rooms| (&rooms.hotel, rooms.night) == (&trip.hotel, trip.day)).expect("rooms")
}

fn seat<'a>(snapshot: &'a mut Snapshot, trip: &Trip) -> &'a mut crate::services::flight::Seats {
    let mut seats = snapshot.seats.iter_mut();
    seats.find(|seats| (&seats.flight, seats.day) == (&trip.flight, trip.day)).expect("seats")
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_left_is_noticed() {
    let (agency, snapshot, _) = reserved().await;
    let environment = agency.host.environment();
    assert!(none_locked(&environment).await.expect("the store answers").held);
    let rooms = &snapshot.rooms[0];
    let night = AttributeValue::N(rooms.night.to_string());
    let key = [("hotel".to_owned(), AttributeValue::S(rooms.hotel.clone())), ("night".to_owned(), night)];
    for lock in ["_beldi_lock", "_beldi_lock_owner", "_beldi_holds"] {
        change(&environment.store, key.clone().into(), lock, "SET #0 = hotel").await;
        let check = none_locked(&environment).await.expect("the store answers");
        assert_eq!((check.held, check.detail), (false, format!("a row of `rooms` still has `{lock}`")));
        change(&environment.store, key.clone().into(), lock, "REMOVE #0").await;
    }
    assert!(none_locked(&environment).await.expect("the store answers").held);
}

/// An update of one attribute, `#0` in the expression: DynamoDB takes no name there that begins with an underscore.
async fn change(store: &SharedStore, key: Attributes, name: &str, update: &str) {
    let (table, update, mut placeholders) = ("rooms".to_owned(), update.to_owned(), Placeholders::default());
    placeholders.name(name);
    let request = UpdateItem { table, key, update, condition: None, placeholders, return_values: ReturnValues::None };
    store.update(request).await.expect("the store answers");
}
