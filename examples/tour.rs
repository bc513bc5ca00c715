//! Every operation once: a hotel, its guests, and a bill.
//!
//! `cargo run --example tour`

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::store::EmbeddedStore;
use beldi::{ExternalError, PageToken, RetryPolicy};

// ANCHOR: services
beldi::service!(Hotel = "hotel");
beldi::service!(Billing = "billing");
// ANCHOR_END: services

// ANCHOR: item
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Hotel, table = "rooms")]
#[beldi(index(name = "by_city", partition_key = city, sort_key = free))]
struct Room {
    #[beldi(partition_key)]
    hotel: String,
    #[beldi(sort_key)]
    night: u32,
    city: String,
    free: u32,
    guests: Vec<String>,
    note: Option<String>,
}
// ANCHOR_END: item

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Billing, table = "bills")]
struct Bill {
    #[beldi(partition_key)]
    id: String,
    guest: String,
    cents: u64,
    paid: bool,
}

// ANCHOR: writes
#[beldi::function(service = Hotel)]
async fn open(hotel: String, city: String, nights: u32) {
    for night in 1..=nights {
        let (hotel, city) = (hotel.clone(), city.clone());
        Room { hotel, night, city, free: 2, guests: Vec::new(), note: None }.put().await;
    }
}

#[beldi::function(service = Hotel)]
async fn renovate(hotel: String, night: u32) {
    Room::update((&hotel, night)).set(Room::NOTE, "fresh paint".to_owned()).add(Room::FREE, 1).await;
}

#[beldi::function(service = Hotel)]
async fn close(hotel: String, night: u32) -> bool {
    Room::delete((&hotel, night)).when(Room::exists()).await.is_ok()
}
// ANCHOR_END: writes

// ANCHOR: conditional
#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Refused {
    NoSuchRoom,
    SoldOut { guests: Vec<String> },
}

#[beldi::function(service = Hotel)]
async fn reserve(hotel: String, night: u32, guest: String) -> Result<(), Refused> {
    let reservation = Room::update((&hotel, night)).add(Room::FREE, -1).append(Room::GUESTS, [guest]);
    match reservation.when(Room::FREE.ge(1u32)).await {
        Ok(()) => Ok(()),
        Err(Conflict { current: Some(room) }) => Err(Refused::SoldOut { guests: room.guests }),
        Err(Conflict { current: None }) => Err(Refused::NoSuchRoom),
    }
}
// ANCHOR_END: conditional

// ANCHOR: reads
#[beldi::function(service = Hotel, read_only)]
async fn free_on(hotel: String, nights: Vec<u32>) -> Vec<u32> {
    let rooms = Room::batch_get(nights.into_iter().map(|night| (hotel.clone(), night))).await;
    rooms.into_iter().map(|room| room.map_or(0, |room| room.free)).collect()
}

#[beldi::function(service = Hotel, read_only)]
async fn between(hotel: String, first: u32, last: u32) -> Vec<u32> {
    let rooms = Room::query(&hotel).between(first, last).descending().await;
    rooms.into_iter().map(|room| room.night).collect()
}

#[beldi::function(service = Hotel, read_only)]
async fn in_city(city: String, page: Option<PageToken>) -> (Vec<Room>, Option<PageToken>) {
    let rooms = Room::query_index(Room::BY_CITY, &city).at_least(1u32).limit(2).page(page).await;
    (rooms.items, rooms.next)
}

#[beldi::function(service = Hotel, read_only)]
async fn count_all() -> usize {
    let (mut count, mut page) = (0, None);
    loop {
        let rooms = Room::scan().limit(100).page(page).await;
        count += rooms.items.len();
        page = rooms.next;
        if page.is_none() {
            return count;
        }
    }
}
// ANCHOR_END: reads

// ANCHOR: helper
#[beldi::helper(service = Hotel, read_only)]
async fn price_of(hotel: &str, night: u32) -> u64 {
    let free = Room::get((hotel, night)).await.map_or(0, |room| room.free);
    if free > 1 { 8_000 } else { 12_000 }
}
// ANCHOR_END: helper

// ANCHOR: calls
#[beldi::function(service = Hotel)]
async fn stay(hotel: String, night: u32, guest: String) -> Result<String, Refused> {
    let cents = price_of(&hotel, night).await;
    reserve(hotel, night, guest.clone()).await?;
    let bill = charge(guest.clone(), cents).await;
    remind(bill.clone()).detach().await;
    Ok(bill)
}

#[beldi::function(service = Billing)]
async fn charge(guest: String, cents: u64) -> String {
    let id = beldi::uuid().await.to_string();
    Bill { id: id.clone(), guest, cents, paid: false }.put().await;
    id
}
// ANCHOR_END: calls

// ANCHOR: join
#[beldi::function(service = Hotel)]
async fn two_nights(hotel: String, guest: String) -> (bool, bool) {
    let (first, second) = beldi::join!(reserve(hotel.clone(), 1, guest.clone()), async {
        let result = reserve(hotel.clone(), 2, guest.clone()).await;
        result.is_ok()
    });
    (first.is_ok(), second)
}
// ANCHOR_END: join

// ANCHOR: transaction
#[beldi::function(service = Hotel)]
async fn book(hotel: String, night: u32, guest: String) -> Result<String, Refused> {
    let bill = beldi::txn! {
        let mut room = Room::get((&hotel, night)).await.ok_or(Refused::NoSuchRoom)?;
        if room.free == 0 {
            return Err(Refused::SoldOut { guests: room.guests });
        }
        room.free -= 1;
        room.guests.push(guest.clone());
        room.put().await;
        let bill = charge(guest.clone(), 9_000).await;
        remind(bill.clone()).detach().await;
        Ok(bill)
    }?;
    Ok(bill)
}
// ANCHOR_END: transaction

// ANCHOR: shared
#[beldi::function(service = Hotel)]
async fn stay_on(hotel: String, night: u32, guest: String) -> Result<u32, Refused> {
    beldi::txn! { max_tries = 8, max_wait = "2s" =>
        let tonight = Room::get((&hotel, night)).shared().await.ok_or(Refused::NoSuchRoom)?;
        let mut next = Room::get((&hotel, night + 1)).await.ok_or(Refused::NoSuchRoom)?;
        if next.free == 0 || !tonight.guests.contains(&guest) {
            return Err(Refused::SoldOut { guests: next.guests });
        }
        next.free -= 1;
        next.guests.push(guest.clone());
        next.put().await;
        Ok(next.free)
    }
}

#[beldi::function(service = Hotel)]
async fn guests_of(hotel: String, nights: Vec<u32>) -> Result<usize, Refused> {
    beldi::txn! { read_only =>
        let mut guests = 0;
        for night in &nights {
            guests += Room::get((&hotel, *night)).await.ok_or(Refused::NoSuchRoom)?.guests.len();
        }
        Ok(guests)
    }
}
// ANCHOR_END: shared

// ANCHOR: lock
#[beldi::function(service = Hotel)]
async fn inspect(hotel: String, night: u32) -> Result<String, ExternalError<String>> {
    let guard = beldi::lock::<Room>((&hotel, night)).await;
    let report = beldi::external("inspection", |key| async move { Ok(format!("report {}", key.len())) }).await;
    guard.unlock().await;
    report
}
// ANCHOR_END: lock

// ANCHOR: external
#[beldi::function(service = Billing)]
async fn remind(bill: String) -> Result<String, ExternalError<String>> {
    let mail = beldi::external("mail", |key| {
        let bill = bill.clone();
        async move { send_mail(&bill, &key) }
    });
    mail.retry(RetryPolicy::tries(3)).time_limit(Duration::from_secs(2)).await
}

/// Stands for a mail service that sends one mail for each key, however often it is asked.
fn send_mail(bill: &str, key: &str) -> Result<String, String> {
    if key.is_empty() { Err("a key is needed".to_owned()) } else { Ok(format!("please pay bill {bill}")) }
}
// ANCHOR_END: external

// ANCHOR: ambient
#[beldi::function(service = Billing)]
async fn lottery(guests: Vec<String>) -> (Option<String>, u64) {
    let drawn = beldi::random_below(guests.len() as u64).await as usize;
    let at = beldi::now().await.duration_since(UNIX_EPOCH).unwrap_or_default();
    (guests.into_iter().nth(drawn), at.as_secs())
}
// ANCHOR_END: ambient

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Arc::new(EmbeddedStore::in_memory()?);
    let host = LocalHost::builder(store).start().await?;
    let client = host.client();
    let (ritz, ann) = (|| "Ritz".to_owned(), || "Ann".to_owned());

    client.call(open(ritz(), "Paris".to_owned(), 3)).await?;
    client.call(renovate(ritz(), 3)).await?;
    println!("free: {:?}", client.call(free_on(ritz(), vec![1, 2, 3, 4])).await?);
    println!("nights 2 to 9, latest first: {:?}", client.call(between(ritz(), 2, 9)).await?);

    let (rooms, page) = client.call(in_city("Paris".to_owned(), None)).await?;
    let (more, _) = client.call(in_city("Paris".to_owned(), page)).await?;
    println!("in Paris: {} and {} more", rooms.len(), more.len());

    println!("stay: {}", client.call(stay(ritz(), 1, ann())).await?.is_ok());
    println!("two nights: {:?}", client.call(two_nights(ritz(), "Bob".to_owned())).await?);
    println!("once more: {:?}", client.call(reserve(ritz(), 1, "Cid".to_owned())).await?);
    println!("elsewhere: {:?}", client.call(reserve("Astoria".to_owned(), 1, ann())).await?);
    println!("booked: {}", client.call(book(ritz(), 2, ann())).await?.is_ok());
    println!("booked once more: {:?}", client.call(book(ritz(), 1, ann())).await?);
    println!("stays on: {:?}", client.call(stay_on(ritz(), 2, ann())).await?);
    println!("guests: {:?}", client.call(guests_of(ritz(), vec![1, 2, 3])).await?);
    println!("inspected: {:?}", client.call(inspect(ritz(), 2)).await?);
    println!("closed: {}, rooms left: {}", client.call(close(ritz(), 3)).await?, client.call(count_all()).await?);
    println!("drawn: {:?}", client.call(lottery(vec![ann()])).await?.0);

    // ANCHOR: start
    let instance = client.start(remind("17".to_owned())).idempotency_key("reminder 17").await?;
    let reminded = loop {
        if let Some(result) = client.result::<remind>(instance).await? {
            break result;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    // ANCHOR_END: start
    println!("reminded: {reminded:?}");

    host.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
