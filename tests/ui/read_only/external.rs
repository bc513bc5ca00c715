//! An external action may do anything.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, read_only)]
async fn ask() -> bool {
    beldi::external("ask", |_key| async { Ok::<_, String>(true) }).await.is_ok()
}

fn main() {}
