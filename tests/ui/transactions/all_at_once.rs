//! All mistakes are reported in one pass.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn everything(hotel: String) -> Result<u32, SoldOut> {
    for night in 1..3 {
        beldi::txn! { tries = 3 =>
            let at = std::time::SystemTime::now();
            beldi::external("log", |_| async move { Ok::<_, String>(at) }).await.map_err(|_| SoldOut)?;
            if Room::scan().await.items.is_empty() {
                break;
            }
            beldi::txn! { reserve(hotel.clone(), night).await }
        }.await?;
    }
    Ok(0)
}

fn main() {}
