//! How a failure is run again: by an environment variable that says which run of a test it was.

use std::fmt::Display;

/// What is to be run again, in the words of who found it.
pub(super) const REPLAY: &str = "BELDI_REPLAY";

/// What the user wants to have run again.
pub(super) fn wanted() -> Option<String> {
    std::env::var(REPLAY).ok()
}

/// The command that runs this again, in a test of this name in this package, if they are known.
pub(super) fn command(package: Option<&str>, test: Option<&str>, what: &impl Display) -> String {
    let package = package.map(|package| format!(" --package {package}")).unwrap_or_default();
    let (test, exact) = test.map(|test| (format!(" {test}"), " --exact")).unwrap_or_default();
    format!("  {REPLAY}='{what}' cargo test{package}{test} --{exact} --nocapture")
}

/// The command that runs this again, in the test that runs on this thread.
pub(super) fn command_here(what: &impl Display) -> String {
    let thread = std::thread::current();
    command(None, thread.name().filter(|name| *name != "main"), what)
}
