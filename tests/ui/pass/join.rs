//! Branches of all forms: operations, blocks, nested joins, borrowed temporaries, unused results.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn both(hotel: String) -> Result<u32, SoldOut> {
    let (one, other) = beldi::join!(free(hotel.clone(), 1), reserve(hotel.clone(), 2));
    let (sum, name, (a, b)) = beldi::join!(
        async {
            let room = Room::get((&hotel, 1)).await.ok_or(SoldOut)?;
            Ok::<_, SoldOut>(room.free + free(hotel.clone(), 2).await)
        },
        helper(&format!("{hotel}!")),
        async move { beldi::join!(beldi::uuid(), beldi::now()) },
    );
    let _ = (a, b, name);
    beldi::join!(reserve(String::new(), 1).detach());
    Ok(one + other? + sum?)
}

#[beldi::helper]
async fn helper(text: &str) -> usize {
    use beldi::join;
    let (a, b) = join!(free(text.to_owned(), 1), free(text.to_owned(), 2));
    (a + b) as usize
}

fn main() {}
