//! A function with steps.

/// Reserves a room for a night.
#[beldi::function(service = Hotel, timeout = "5s")]
pub async fn reserve(stay: Stay) -> Result<Confirmation, SoldOut> {
    let mut room = Room::get((&stay.hotel, stay.night)).await.ok_or(SoldOut)?;
    room.free = room.free.checked_sub(1).ok_or(SoldOut)?;
    room.put().await;
    Ok(Confirmation::new(beldi::uuid().await, stay))
}
