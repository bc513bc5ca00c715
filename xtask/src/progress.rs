//! How far a long command has come: a bar on the terminal, and nothing where there is none.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `length` of these, with the time that has passed and what is being done, its message.
///
/// It moves by itself from the first step on, not while cargo still compiles and has a bar of its own.
pub(crate) fn bar(length: u64, of: &str) -> ProgressBar {
    let template = format!("{{elapsed_precise}} {{bar:32}} {{pos}} of {{len}} {of}  {{msg}}");
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Moves the bar by itself from now on, so that the time goes on.
pub(crate) fn tick(bar: &ProgressBar) {
    bar.enable_steady_tick(Duration::from_secs(1));
}

/// Takes down what a line of `cargo test` says about how many tests there are, and that one has ended.
pub(crate) fn add_line(bar: &ProgressBar, line: &str) {
    if let Some(number) = line.strip_prefix("running ").and_then(|rest| rest.split(' ').next()?.parse().ok()) {
        bar.inc_length(number);
        tick(bar);
    }
    // What a test prints stands between its name and its outcome, which then has a line of its own.
    let ended = |outcome: &str| line == outcome || line.ends_with(&format!(" ... {outcome}"));
    bar.inc(u64::from(ended("ok") || ended("FAILED")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_as_they_end() {
        let bar = ProgressBar::hidden();
        bar.set_length(0);
        for line in ["running 3 tests", "test a ... ok", "test b ... b: 7 states", "ok", "test c ... FAILED"] {
            add_line(&bar, line);
        }
        assert_eq!((bar.position(), bar.length()), (3, Some(3)));
        add_line(&bar, "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        add_line(&bar, "running 1 test");
        assert_eq!((bar.position(), bar.length()), (3, Some(4)));
    }
}
