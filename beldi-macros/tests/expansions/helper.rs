//! A helper: it borrows and is generic, and its steps become steps of the function that awaits it.

#[beldi::helper(service = Hotel)]
async fn fill<'a, T: Clone + Send + Sync>(room: &'a mut Room, guests: &[T]) -> &'a u32 {
    for _ in guests {
        room.free -= 1;
        room.put().await;
    }
    &room.free
}
