//! How a failure is run again: by an environment variable that says which run of a test it was.

use std::fmt::Display;

/// What is to be run again, in the words of who found it.
pub(super) const REPLAY: &str = "BELDI_REPLAY";

/// What the user wants to have run again.
pub(super) fn wanted() -> Option<String> {
    std::env::var(REPLAY).ok()
}

/// The command that runs this again, in the test that runs on this thread.
pub(super) fn command(what: &impl Display) -> String {
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main").map(|name| format!(" {name} --")).unwrap_or_default();
    let exact = if test.is_empty() { " --" } else { " --exact" };
    format!("  {REPLAY}='{what}' cargo test{test}{exact} --nocapture")
}
