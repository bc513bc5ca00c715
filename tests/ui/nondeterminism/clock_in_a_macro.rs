//! The arguments of macros are code as well, known macros or not.

#[path = "../hotel.rs"]
mod hotel;
use hotel::*;

use std::time::SystemTime;

#[beldi::function(service = Hotel)]
async fn stamp() -> String {
    println!("{:?}", SystemTime::now());
    serde_json::json!({ "at": format!("{:?}", SystemTime::now()) }).to_string()
}

fn main() {}
