//! Helpers borrow, are generic, recurse, and serve the functions of any service if they touch no tables.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::helper]
async fn longest<'a>(one: &'a str, other: &str) -> &'a str {
    let _ = free(other.to_owned(), 1).await;
    one
}

#[beldi::helper]
async fn first<T, const N: usize>(values: &[T; N]) -> Option<&T>
where
    T: Sync,
{
    let _ = free(String::new(), 1).await;
    values.first()
}

#[beldi::helper(service = Hotel)]
async fn sweep(rooms: &mut [Room], (from, to): (usize, usize)) -> u32 {
    let Some(room) = rooms.get_mut(from) else { return 0 };
    close(room).await;
    if from < to { 1 + sweep(rooms, (from + 1, to)).await } else { 1 }
}

#[beldi::helper(read_only)]
async fn shout(text: &str, with: impl_free::Loud) -> String {
    let _ = beldi::now().await;
    format!("{text}{}", with.0)
}

mod impl_free {
    pub struct Loud(pub char);
}

#[beldi::function(service = Hotel)]
async fn use_them(hotel: String, mut rooms: Vec<Room>) -> u32 {
    let name = longest(&hotel, &format!("{hotel}!")).await.to_owned();
    let swept = sweep(&mut rooms, (0, 3)).await;
    let first = first(&[1, 2, 3]).await.copied().unwrap_or(0);
    swept + first + name.len() as u32 + shout(&name, impl_free::Loud('!')).await.len() as u32
}

#[beldi::function(service = Travel, read_only)]
async fn elsewhere() -> String {
    shout("a", impl_free::Loud('?')).await
}

fn main() {}
