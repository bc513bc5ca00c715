//! Arguments and results are sent between processes.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel)]
async fn longest(one: &str, others: Vec<&'static str>) -> &'static str {
    others.into_iter().find(|other| other.len() > one.len()).unwrap_or("")
}

fn main() {}
