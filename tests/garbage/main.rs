//! Garbage collection: what goes, what stays, and that nobody notices.

mod bounded;
mod collectors;
mod costs;
mod meanwhile;
mod pruning;
mod reclaimed;
mod retention;
mod safety;
mod segments;
mod storage;
mod walks;
mod watermark;
mod world;
