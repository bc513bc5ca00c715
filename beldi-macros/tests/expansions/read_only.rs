//! A function without effects: its steps observe, and others may call it from `read_only` functions.

#[beldi::function(service = Hotel, read_only)]
async fn free(hotel: String, night: Date) -> u32 {
    Room::get((&hotel, night)).await.map_or(0, |room| room.free)
}
