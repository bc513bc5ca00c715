//! A transaction: a loop of tries, each with a context of its own, whose steps go on counting.

#[beldi::function(service = Travel)]
pub async fn book(trip: Trip) -> Result<Itinerary, Unavailable> {
    let itinerary = beldi::txn! { max_tries = 8 =>
        let (room, seat) = beldi::join!(hotel::reserve(trip.stay()), flight::reserve(trip.seat()));
        Ok(Itinerary { room: room?, seat: seat? })
    }?;
    orders::place(itinerary.clone()).detach().await;
    Ok(itinerary)
}
