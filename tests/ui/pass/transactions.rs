//! Transactions in all their places: options, conversions, locals, helpers, branches, loops.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[derive(Serialize, Deserialize, Debug)]
pub enum Refused {
    SoldOut,
    Closed(String),
}

impl From<SoldOut> for Refused {
    fn from(_: SoldOut) -> Self {
        Self::SoldOut
    }
}

/// `?` behind a transaction, `?` and `return` in it, an error that is converted.
#[beldi::function(service = Hotel)]
async fn conversions(hotel: String, night: u32) -> Result<u32, Refused> {
    let left = beldi::txn! {
        let mut room = Room::get((&hotel, night)).await.ok_or(SoldOut)?;
        if room.free == 0 {
            return Err(Refused::Closed(hotel.clone()));
        }
        if room.free > 100 {
            return Ok(100);
        }
        room.free -= 1;
        let left = room.free;
        room.put().await;
        Ok(left)
    }?;
    let kept: Result<u32, SoldOut> = beldi::txn! { reserve(hotel.clone(), night).await };
    beldi::txn! { reserve(hotel.clone(), night).detach().await; Ok(()) }?;
    Ok(left + kept?)
}

/// Every option, alone and with others.
#[beldi::function(service = Hotel)]
async fn options(hotel: String) -> Result<u32, SoldOut> {
    let one = beldi::txn! { max_tries = 1 => reserve(hotel.clone(), 1).await }?;
    let two = beldi::txn! { max_wait = "500ms", max_tries = 1_000 => reserve(hotel.clone(), 2).await }?;
    let three = beldi::txn! { read_only =>
        let room = Room::get((&hotel, 3)).shared().await.ok_or(SoldOut)?;
        Ok(match room.free + free(hotel.clone(), 3).await {
            0 => 1,
            free => free,
        })
    }?;
    Ok(one + two + three)
}

/// Locals are borrowed and assigned, and each try begins anew.
#[beldi::function(service = Hotel)]
async fn locals(hotel: String, nights: Vec<u32>) -> Result<Vec<u32>, SoldOut> {
    let mut last = None;
    let free = beldi::txn! {
        let mut free = Vec::new();
        for night in &nights {
            let room = Room::get((hotel.as_str(), *night)).await.ok_or(SoldOut)?;
            last = Some(room.night);
            free.push(room.free);
        }
        Ok(free)
    }?;
    let mut tried = Vec::new();
    let room: Result<Room, SoldOut> = beldi::txn! {
        tried.push(last);
        Room::get((&hotel, 1)).await.ok_or(SoldOut)
    };
    tried.push(room.ok().map(|room| room.night));
    Ok(free)
}

/// In a helper, imported, with a borrowed result and an error of its own type parameter.
#[beldi::helper(service = Hotel)]
async fn in_a_helper<'a, E: From<SoldOut> + Send + 'static>(hotel: &'a str, nights: &mut Vec<u32>) -> Result<&'a str, E> {
    use beldi::txn;
    let night = txn! {
        let room = Room::get((hotel, 1)).await.ok_or(SoldOut)?;
        Ok(room.night)
    }?;
    nights.push(night);
    txn!(Ok(hotel))
}

/// In branches, and with branches.
#[beldi::function(service = Travel)]
async fn branches(hotel: String) -> Result<u32, SoldOut> {
    let (one, other) = beldi::join!(
        async {
            let taken: Result<u32, SoldOut> = beldi::txn! {
                let (a, b) = beldi::join!(reserve(hotel.clone(), 1), async {
                    let free = free(hotel.clone(), 2).await;
                    if free > 0 { reserve(hotel.clone(), 2).await } else { Err(SoldOut) }
                });
                Ok(a? + b?)
            };
            taken
        },
        async { beldi::txn! { reserve(hotel.clone(), 3).await } },
    );
    Ok(one? + other?)
}

/// In loops, and with loops.
#[beldi::function(service = Hotel)]
async fn loops(hotel: String) -> Option<u32> {
    let mut found = None;
    'nights: for night in 1..10 {
        let taken: Result<u32, SoldOut> = beldi::txn! {
            let mut taken = 0;
            'rooms: loop {
                while taken < 5 {
                    if free(hotel.clone(), night).await == 0 {
                        break 'rooms;
                    }
                    taken += 1;
                    if taken < 2 {
                        continue;
                    }
                    break;
                }
                let last = 'last: {
                    if taken == 5 {
                        break 'last true;
                    }
                    false
                };
                if last { break }
            }
            if taken > 0 { Ok(taken) } else { Err(SoldOut) }
        };
        match taken {
            Ok(taken) if taken > 1 => break 'nights,
            Ok(taken) => found = Some(taken),
            Err(SoldOut) => continue,
        }
    }
    found
}

/// As the value of the function, with a helper and a guard beside it.
#[beldi::function(service = Hotel)]
async fn tail(hotel: String) -> Result<(), SoldOut> {
    let guard = beldi::lock::<Room>((&hotel, 1)).await;
    let _ = in_a_helper::<Refused>(&hotel, &mut Vec::new()).await;
    guard.unlock().await;
    beldi::txn! {
        let mut room = Room::get((&hotel, 1)).await.ok_or(SoldOut)?;
        close(&mut room).await;
        Ok(())
    }
}

fn main() {}
