//! The movie review application, small: what each service promises, without faults and with them.

#[path = "../examples/movie_review/services/mod.rs"]
pub mod services;
