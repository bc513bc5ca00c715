//! What deployment tools find out about the travel reservation, which is linked into this test.

#[path = "../../../examples/travel/services/mod.rs"]
pub mod services;

mod marks;
