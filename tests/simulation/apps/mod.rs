//! The applications in the world, each with what must hold of it.

pub(crate) mod bank;
pub(crate) mod counters;
pub(crate) mod registers;
pub(crate) mod travel;
mod wares;

use std::sync::Arc;

use crate::world::{App, Size};

/// All of them.
pub(crate) fn all(size: Size) -> Vec<Arc<dyn App>> {
    vec![
        Arc::new(travel::Travel::of(size)),
        Arc::new(bank::Money::of(size)),
        Arc::new(registers::Registers::of(size)),
        Arc::new(counters::Counters::of(size)),
    ]
}
