//! Functions of all forms.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn nothing() {}

/// With attributes, a visibility, a mutable argument and a raw name.
#[allow(dead_code)]
#[beldi::function(service = hotel::Hotel, read_only, timeout = "1500ms")]
pub(crate) async fn longest(mut names: Vec<String>, r#type: Option<u8>) -> Result<String, SoldOut> {
    names.sort_by_key(String::len);
    let _ = r#type;
    names.pop().ok_or(SoldOut)
}

#[beldi::function(service = Hotel)]
#[expect(unused_variables)]
async fn control_flow(hotel: String, nights: Vec<u32>) -> Result<u32, SoldOut> {
    let unused = 1;
    let mut total = 0;
    for night in nights {
        let Some(room) = Room::get((&hotel, night)).await else { continue };
        total += match reserve(hotel.clone(), room.night).await {
            Ok(free) if free > free_at(&hotel, 1).await => return Ok(free),
            Ok(free) => free,
            Err(SoldOut) => break,
        };
    }
    if free(hotel.clone(), 1).await > 0 && free(hotel.clone(), 2).await > 0 {
        reserve(hotel.clone(), 1).await?;
    }
    reserve(hotel, 2).detach().await;
    Ok(total)
}

#[beldi::helper(read_only, service = Hotel)]
async fn free_at(hotel: &str, night: u32) -> u32 {
    free(hotel.to_owned(), night).await
}

fn main() {}
