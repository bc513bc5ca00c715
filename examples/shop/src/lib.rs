//! Orders, and the stock that they are taken from: two services, which call each other and never touch each
//! other's tables.

pub mod orders;
pub mod stock;
