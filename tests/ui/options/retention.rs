//! How long results are kept is a number and a unit, and at most a year.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, retention = 7)]
async fn number() {}

#[beldi::function(service = Hotel, retention = "a week")]
async fn unit() {}

#[beldi::function(service = Hotel, retention = "0d")]
async fn zero() {}

#[beldi::function(service = Hotel, retention = "999d")]
async fn long() {}

fn main() {}
