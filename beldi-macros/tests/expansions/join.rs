//! Branches: each has a context of its own, so its steps are numbered alike whoever is faster.

#[beldi::function(service = Travel)]
pub async fn book(trip: Trip) -> Result<Itinerary, Unavailable> {
    let (room, seat) = beldi::join!(hotel::reserve(trip.stay()), async {
        let flight = flight::find(trip.day).await?;
        flight::reserve(flight).await
    });
    Ok(Itinerary { room: room?, seat: seat? })
}
