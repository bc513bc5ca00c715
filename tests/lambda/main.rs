//! The Lambda host: the event of each source is answered as that source expects, malformed ones too; attempts end before
//! Lambda ends them; what follows a reply delays none.
//!
//! The events in `events/` are written after AWS's documentation of each source.

mod calls;
mod deadlines;
mod http;
mod library;
mod queue;
mod schedules;
mod tables;
