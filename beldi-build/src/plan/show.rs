//! A plan as tables that a person reads.
