//! The catalogue of all mistakes that the macros report: what is wrong, why, and the way out.
//!
//! Every mistake has a code, and every code has a page in the book (`errors/BELDI0xx.md`). Five codes
//! are told by traits and lints of `beldi-core` instead, because only the type checker sees them:
//! BELDI008 (`Data`), BELDI009 (`UsableIn`), BELDI010 (`Observation`, `ReadOnlyFunction`), BELDI011
//! (`must_use`) and BELDI040 (`OwnService`). Some of them are told by both: BELDI001 here for well-known futures, BELDI010 here for `txn!`, and there for
//! all others.

mod body;
mod item;
mod remote;
mod signature;
mod test;
mod transaction;

pub(crate) use body::*;
pub(crate) use item::*;
pub(crate) use remote::*;
pub(crate) use signature::*;
pub(crate) use test::*;
pub(crate) use transaction::*;

use std::fmt;

/// One mistake of the user.
#[derive(Debug)]
pub(crate) struct Mistake {
    code: u16,
    what: String,
    why: &'static str,
    fix: String,
}

impl Mistake {
    fn new(code: u16, what: impl Into<String>, why: &'static str, fix: impl Into<String>) -> Self {
        Self { code, what: what.into(), why, fix: fix.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BELDI{:03}: {}", self.code, self.what)?;
        if !self.why.is_empty() {
            write!(f, ": {}", self.why)?;
        }
        write!(f, "\n  help: {}", self.fix)
    }
}
