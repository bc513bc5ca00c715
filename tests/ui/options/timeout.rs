//! A time limit is a number and a unit, and Lambda ends after 15 minutes.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

#[beldi::function(service = Hotel, timeout = 5)]
async fn number() {}

#[beldi::function(service = Hotel, timeout = "5 parsecs")]
async fn unit() {}

#[beldi::function(service = Hotel, timeout = "0s")]
async fn zero() {}

#[beldi::function(service = Hotel, timeout = "20m")]
async fn long() {}

fn main() {}
