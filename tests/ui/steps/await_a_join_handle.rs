//! A task of tokio is no durable operation, wherever it was started.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

fn background() -> tokio::task::JoinHandle<u32> {
    tokio::spawn(async { 1 })
}

#[beldi::function(service = Hotel)]
async fn wait() -> u32 {
    background().await.unwrap_or(0)
}

fn main() {}
