//! How many checks passed and failed, and how that is said.

use std::fmt;
use std::process::ExitCode;

/// What a command found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// The command itself did not get through.
    pub(crate) fn one_failed() -> Self {
        Self { passed: 0, failed: 1 }
    }

    /// What a line that `cargo test` printed adds: those of the form
    /// `test result: ok. 5 passed; 0 failed; 1 ignored; ...` count, all others do not.
    pub(crate) fn add_line(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for count in counts.split("; ") {
            match count.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse::<u64>().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse::<u64>().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// What a line says that a simulation printed: `seeds: 5 passed, 0 failed`.
    pub(crate) fn of_seeds(line: &str) -> Option<Self> {
        Self::of_checks(line.strip_prefix("seeds: ")?)
    }

    /// What a line says that ends a program of ours: `5 passed, 0 failed`.
    pub(crate) fn of_checks(line: &str) -> Option<Self> {
        let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
        Some(Self { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
    }

    /// Success only if something passed and nothing failed: a command that checked nothing proves nothing.
    pub(crate) fn exit_code(self) -> ExitCode {
        if self.failed == 0 && self.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_cargo_test_are_added_up() {
        let mut tally = Tally::default();
        tally.add_line("running 9 tests");
        tally.add_line("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s");
        tally.add_line(
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        assert_eq!(tally, Tally { passed: 7, failed: 3 });
        assert_eq!(tally.to_string(), "7 passed, 3 failed");
        assert_eq!(tally.exit_code(), ExitCode::FAILURE);
        assert_eq!(Tally::of_seeds("seeds: 7 passed, 3 failed"), Some(tally));
        assert_eq!(Tally::of_seeds("seed 7 failed"), None);
        assert_eq!(Tally::default().exit_code(), ExitCode::FAILURE, "nothing was checked");
        assert_eq!(Tally { passed: 1, failed: 0 }.exit_code(), ExitCode::SUCCESS);
    }
}
