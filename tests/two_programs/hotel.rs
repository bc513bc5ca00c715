//! The program of the hotels. It takes one invocation in each line of its standard input, and answers each in a line
//! of its standard output, as `[number, result]`.

use std::io::{BufRead, Write};
use std::sync::Arc;

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::store::EmbeddedStore;
use beldi::{Invocation, Invoker};

beldi::service!(Hotel = "hotel");

#[derive(Item, Serialize, Deserialize)]
#[beldi(service = Hotel, table = "rooms_of_hotels")]
struct Room {
    #[beldi(partition_key)]
    hotel: String,
    free: u32,
}

#[derive(Serialize, Deserialize)]
struct SoldOut;

#[beldi::function(service = Hotel)]
async fn open(hotel: String, free: u32) {
    Room { hotel, free }.put().await;
}

#[beldi::function(service = Hotel)]
async fn reserve(hotel: String) -> Result<u32, SoldOut> {
    let mut room = Room::get(&hotel).await.ok_or(SoldOut)?;
    room.free = room.free.checked_sub(1).ok_or(SoldOut)?;
    room.put().await;
    Ok(room.free)
}

#[beldi::function(service = Hotel, read_only)]
async fn free(hotel: String) -> u32 {
    Room::get(&hotel).await.map_or(0, |room| room.free)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = LocalHost::builder(Arc::new(EmbeddedStore::in_memory()?)).start().await?;
    let listen = move |runtime: tokio::runtime::Handle| -> Result<(), std::io::Error> {
        for line in std::io::stdin().lock().lines() {
            let (number, invocation): (u64, Invocation) = serde_json::from_str(&line?)?;
            let host = host.clone();
            runtime.spawn(async move {
                let answer = (number, host.invoke(invocation).await);
                let line = serde_json::to_string(&answer).expect("answers are JSON");
                // Who does not listen any more has lost the answer, and will ask again.
                let _ = writeln!(std::io::stdout().lock(), "{line}");
            });
        }
        Ok(())
    };
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || listen(runtime)).await??;
    Ok(())
}
