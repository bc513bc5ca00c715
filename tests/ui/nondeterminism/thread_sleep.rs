//! The thread is needed by other attempts, and the pause would be taken again by every replay.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn clean(minutes: u64) {
    std::thread::sleep(std::time::Duration::from_secs(60 * minutes));
}

fn main() {}
