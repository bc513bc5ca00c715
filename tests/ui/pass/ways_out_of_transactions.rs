//! The ways out of BELDI033 to BELDI037, as the pages of the book show them.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

mod beldi033 {
    use super::hotel::*;

    // ANCHOR: beldi033
    #[beldi::function(service = Travel)]
    async fn both(hotel: String) -> Result<u32, SoldOut> {
        beldi::txn! {
            let (one, other) = beldi::join!(reserve(hotel.clone(), 1), reserve(hotel.clone(), 2));
            Ok(one? + other?)
        }
    }

    async fn ordinary(client: &beldi::Client) -> Result<Result<u32, SoldOut>, beldi::ClientError> {
        client.call(both("Ritz".to_owned())).await
    }
    // ANCHOR_END: beldi033

    const _: () = {
        let _ = ordinary;
    };
}

mod beldi034 {
    use super::hotel::*;

    // ANCHOR: beldi034
    #[beldi::function(service = Travel)]
    async fn two_nights(hotel: String) -> Result<(u32, bool), SoldOut> {
        let first = beldi::txn! { reserve(hotel.clone(), 1).await }?;
        let second: Result<u32, SoldOut> = beldi::txn! { max_tries = 8, max_wait = "2s" =>
            if free(hotel.clone(), 2).await < 2 {
                return Err(SoldOut);
            }
            reserve(hotel.clone(), 2).await
        };
        Ok((first, second.is_ok()))
    }
    // ANCHOR_END: beldi034
}

mod beldi035 {
    use super::hotel::*;

    // ANCHOR: beldi035
    #[beldi::function(service = Hotel)]
    async fn take_any(hotel: String) -> Result<u32, SoldOut> {
        let candidates = Room::query(&hotel).limit(10).await.items;
        beldi::txn! {
            for candidate in &candidates {
                let room = Room::get((&hotel, candidate.night)).await;
                if let Some(mut room) = room.filter(|room| room.free > 0) {
                    room.free -= 1;
                    room.put().await;
                    confirm(hotel.clone(), room.night).detach().await;
                    return Ok(room.night);
                }
            }
            Err(SoldOut)
        }
    }

    #[beldi::function(service = Hotel)]
    async fn confirm(hotel: String, night: u32) -> Result<(), String> {
        let mail = beldi::external("mail", |key| {
            let text = format!("{hotel}, night {night}");
            async move { send_mail(&text, &key) }
        });
        mail.await.map_err(|error| error.to_string())
    }
    // ANCHOR_END: beldi035

    fn send_mail(text: &str, key: &str) -> Result<(), String> {
        if text.is_empty() { Err(key.to_owned()) } else { Ok(()) }
    }
}

mod beldi036 {
    use super::hotel::*;

    // ANCHOR: beldi036
    #[beldi::function(service = Hotel)]
    async fn move_guest(hotel: String, from: u32, to: u32) -> Result<u32, SoldOut> {
        beldi::txn! {
            let mut room = Room::get((&hotel, from)).await.ok_or(SoldOut)?;
            room.free += 1;
            room.put().await;
            reserve(hotel.clone(), to).await
        }
    }

    #[beldi::function(service = Hotel)]
    async fn move_guests(hotel: String, nights: Vec<u32>) -> Result<(), SoldOut> {
        beldi::txn! {
            for pair in nights.windows(2) {
                move_guest(hotel.clone(), pair[0], pair[1]).await?;
            }
            Ok(())
        }
    }
    // ANCHOR_END: beldi036
}

mod beldi037 {
    use super::hotel::*;

    // ANCHOR: beldi037
    #[beldi::function(service = Hotel)]
    async fn first_two(hotel: String) -> Option<u32> {
        for night in 1..10 {
            let taken: Result<u32, SoldOut> = beldi::txn! {
                for _ in 0..2 {
                    reserve(hotel.clone(), night).await?;
                }
                Ok(night)
            };
            if taken.is_ok() {
                return Some(night);
            }
        }
        None
    }
    // ANCHOR_END: beldi037
}

fn main() {
    let _ = (Room::FREE, Trip::ID);
}
