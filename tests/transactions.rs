//! Transactions over two services: a commit and a rollback, a participant that panics, a row that is locked already, and
//! a batch at every crash point.

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::testing::{CrashMatrix, Trial, fresh_store};
use beldi::{Client, ClientError, ProblemKind, VirtualWorld};

beldi::service!(Travel = "travel");
beldi::service!(Hotel = "hotel");
beldi::service!(Flight = "flight");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Hotel, table = "rooms")]
struct Room {
    #[beldi(partition_key)]
    hotel: String,
    free: i64,
    guests: Vec<String>,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Flight, table = "seats")]
struct Seat {
    #[beldi(partition_key)]
    flight: String,
    free: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct SoldOut(String);

#[beldi::function(service = Hotel)]
async fn open(hotel: String, free: i64) {
    Room { hotel, free, guests: Vec::new() }.put().await;
}

#[beldi::function(service = Flight)]
async fn plan(flight: String, free: i64) {
    Seat { flight, free }.put().await;
}

#[beldi::function(service = Hotel, read_only)]
async fn room(hotel: String) -> Option<Room> {
    Room::get(&hotel).await
}

#[beldi::function(service = Flight, read_only)]
async fn seat(flight: String) -> Option<Seat> {
    Seat::get(&flight).await
}

#[beldi::function(service = Hotel)]
async fn reserve_room(hotel: String, guest: String) -> Result<i64, SoldOut> {
    let mut room = Room::get(&hotel).await.ok_or(SoldOut(hotel.clone()))?;
    if room.free == 0 {
        return Err(SoldOut(hotel));
    }
    room.free -= 1;
    room.guests.push(guest);
    room.put().await;
    Ok(room.free)
}

#[beldi::function(service = Flight)]
async fn reserve_seat(flight: String) -> Result<i64, SoldOut> {
    let one_less = Seat::update(&flight).add(Seat::FREE, -1).when(Seat::FREE.ge(1));
    one_less.await.map_err(|_| SoldOut(flight.clone()))?;
    Ok(Seat::get(&flight).await.map_or(-1, |seat| seat.free))
}

#[beldi::function(service = Travel)]
async fn book(hotel: String, flight: String, guest: String) -> Result<(i64, i64), SoldOut> {
    let places = beldi::txn! {
        let (room, seat) = beldi::join!(reserve_room(hotel.clone(), guest.clone()), reserve_seat(flight.clone()));
        Ok((room?, seat?))
    }?;
    Ok(places)
}

async fn client() -> Client {
    let host = LocalHost::builder(fresh_store().await.expect("a store"))
        .world(VirtualWorld::new(0))
        .collect_every(None)
        .collect_garbage_every(None)
        .start()
        .await
        .expect("a host");
    let client = host.client();
    client.call(open("ritz".into(), 2)).await.expect("a hotel");
    client.call(plan("f1".into(), 1)).await.expect("a flight");
    client
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_seen_in_both_services_and_a_rollback_in_none() {
    let client = client().await;
    let booked = client.call(book("ritz".into(), "f1".into(), "ann".into())).await.expect("an answer");
    assert_eq!(booked, Ok((1, 0)));
    let refused = client.call(book("ritz".into(), "f1".into(), "bob".into())).await.expect("an answer");
    assert_eq!(refused, Err(SoldOut("f1".into())));
    let left = client.call(room("ritz".into())).await.expect("an answer").expect("a room");
    assert_eq!((left.free, left.guests), (1, vec!["ann".to_owned()]));
    assert_eq!(client.call(seat("f1".into())).await.expect("an answer").map(|seat| seat.free), Some(0));
}

#[beldi::function(service = Flight)]
async fn overbook(flight: String) -> i64 {
    let seat = Seat::get(&flight).await;
    panic!("{seat:?} is no plane");
}

#[beldi::function(service = Travel)]
async fn book_in_vain(hotel: String, flight: String) -> Result<(), SoldOut> {
    beldi::txn! {
        reserve_room(hotel.clone(), "ann".to_owned()).await?;
        overbook(flight.clone()).await;
        Ok(())
    }
}

/// Nobody has to wait for the next attempt of a transaction that cannot go on now.
#[tokio::test(start_paused = true)]
async fn a_participant_that_panics_has_its_transaction_rolled_back_at_once() {
    let client = client().await;
    let call = client.call(book_in_vain("ritz".into(), "f1".into())).idempotency_key("in vain").await;
    let Err(ClientError::Refused(problem)) = call else { panic!("it cannot be booked: {call:?}") };
    assert_eq!(problem.kind, ProblemKind::CalleeFailed);
    assert!(problem.detail.contains("is no plane"), "{problem}");
    let booked = client.call(book("ritz".into(), "f1".into(), "bob".into())).await.expect("an answer");
    assert_eq!(booked, Ok((1, 0)));
}

#[beldi::function(service = Hotel)]
async fn lock_then_reserve() -> Result<i64, SoldOut> {
    let _guard = beldi::lock::<Room>("ritz").await;
    beldi::txn! {
        let room = Room::get("ritz").await.ok_or(SoldOut("ritz".into()))?;
        Ok(room.free)
    }
}

/// It used to wait for itself until the instance was parked, with a message about another holder.
#[tokio::test(start_paused = true)]
async fn a_transaction_over_a_row_that_the_instance_has_locked_itself_is_refused() {
    let client = client().await;
    let refused = client.call(lock_then_reserve()).await;
    let Err(ClientError::Refused(problem)) = refused else { panic!("it would wait for itself: {refused:?}") };
    assert_eq!(problem.kind, ProblemKind::TransactionRefused);
    assert!(problem.detail.contains("`beldi::lock`"), "{problem}");
}

#[beldi::function(service = Hotel)]
async fn read_both(first: String, second: String) -> Result<Vec<Option<i64>>, SoldOut> {
    beldi::txn! {
        let rooms = Room::batch_get([&first, &second]).await;
        if rooms.iter().all(Option::is_none) {
            return Err(SoldOut(first.clone()));
        }
        Ok(rooms.into_iter().map(|room| room.map(|room| room.free)).collect())
    }
}

/// Rows of a batch had one path, so that a replay of the decided body was taken for another program.
#[tokio::test(start_paused = true)]
async fn a_batch_in_a_transaction_is_the_same_in_every_attempt() {
    let scenario = |trial: Trial| async move {
        trial.call(open("ritz".into(), 2)).await.expect("a hotel");
        trial.call(read_both("ritz".into(), "none".into())).await.expect("an answer")
    };
    CrashMatrix::new(scenario).run().await.assert_passed();
}
