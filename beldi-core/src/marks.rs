//! Marks: what the steps of a program call, left in its binary for deployment tools.
//!
//! Who calls whom is known to types alone: no table of the program has it. So each `step` of a service that calls a
//! function, and each `txn!`, leaves a mark of 256 bytes in the constants of the binary. A program never reads one;
//! [`find`] reads those of another.
//!
//! Invariant: a mark is in the binary if the step is. What is written here and what is read here is one format, and
//! a text that merely looks like a mark is not read as one: each has a checksum of itself.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::marker::PhantomData;

use crate::function::Function;
use crate::hash::fnv1a;
use crate::service::{Scope, Service};

/// The caller of what stands in a helper that names no service: any service that uses such helpers.
pub const ANY_SERVICE: &str = "*";

/// What a step leaves in the binary.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A function or a helper of service `caller` calls a function.
    Call {
        /// The service whose step it is, or [`ANY_SERVICE`].
        caller: String,
        /// The service of the function that is called.
        service: String,
        /// The function that is called.
        function: String,
    },
    /// A function or a helper of service `caller` has a transaction.
    Transaction {
        /// The service whose step it is, or [`ANY_SERVICE`].
        caller: String,
    },
    /// A function or a helper of service `caller` uses a helper that names no service.
    AnyHelper {
        /// The service whose step it is, or [`ANY_SERVICE`].
        caller: String,
    },
}

const SIZE: usize = 256;
const PREFIX: [u8; 16] = *b"\x7fbeldi mark 1\r\n\0";
/// Where the checksum stands, and the content that it is of: the kind, three lengths, three names.
const CHECKSUM: usize = PREFIX.len();
const CONTENT: usize = CHECKSUM + 8;
const NAMES: usize = CONTENT + 4;

const CALL: u8 = 1;
const TRANSACTION: u8 = 2;
const HELPER: u8 = 3;

/// Aligned, so that a reader need not look at every byte.
#[repr(C, align(16))]
struct Bytes([u8; SIZE]);

impl Bytes {
    const fn of(kind: u8, names: [&str; 3]) -> Self {
        let mut bytes = [0; SIZE];
        let mut end = NAMES;
        let mut number = 0;
        while number < names.len() {
            let name = names[number].as_bytes();
            assert!(end + name.len() <= SIZE, "the names of a function and of two services are too long together");
            let mut at = 0;
            while at < name.len() {
                bytes[end + at] = name[at];
                at += 1;
            }
            end += name.len();
            // No name is longer than the mark.
            bytes[CONTENT + 1 + number] = name.len() as u8;
            number += 1;
        }
        bytes[CONTENT] = kind;
        let checksum = fnv1a(&bytes, CONTENT).to_le_bytes();
        let mut at = 0;
        while at < CONTENT {
            bytes[at] = if at < CHECKSUM { PREFIX[at] } else { checksum[at - CHECKSUM] };
            at += 1;
        }
        Self(bytes)
    }
}

struct OfCall<S, F>(PhantomData<(S, F)>);

impl<S: Scope, F: Function> OfCall<S, F> {
    const MARK: &'static Bytes = &Bytes::of(CALL, [S::NAME, <F::Service as Service>::NAME, F::NAME]);
}

struct Of<S>(PhantomData<S>);

impl<S: Scope> Of<S> {
    const TRANSACTION: &'static Bytes = &Bytes::of(TRANSACTION, [S::NAME, "", ""]);
    const HELPER: &'static Bytes = &Bytes::of(HELPER, [S::NAME, "", ""]);
}

/// Marks that a step in `S` calls `F`.
pub(crate) fn call<S: Scope, F: Function>() {
    black_box(OfCall::<S, F>::MARK);
}

/// Marks that there is a transaction in `S`.
pub(crate) fn transaction<S: Scope>() {
    black_box(Of::<S>::TRANSACTION);
}

/// Marks that a step in `S` uses a helper of `H`, if that is no service: the helper's own steps have its name.
pub(crate) fn helper<S: Scope, H: Scope>() {
    if H::IS_ANY {
        black_box(Of::<S>::HELPER);
    }
}

/// The marks in a binary, each once.
///
/// ```
/// let binary = std::fs::read(std::env::current_exe()?)?;
/// // This program has no functions.
/// assert!(beldi_core::marks::find(&binary).is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn find(binary: &[u8]) -> BTreeSet<Mark> {
    let starts = (0..binary.len()).step_by(align_of::<Bytes>());
    starts.filter_map(|start| binary.get(start..start + SIZE)?.try_into().ok().and_then(read)).collect()
}

fn read(bytes: &[u8; SIZE]) -> Option<Mark> {
    if !bytes.starts_with(&PREFIX) || bytes[CHECKSUM..CONTENT] != fnv1a(bytes, CONTENT).to_le_bytes() {
        return None;
    }
    let mut rest = &bytes[NAMES..];
    let mut name = |number: usize| {
        let (name, after) = rest.split_at_checked(bytes[CONTENT + 1 + number].into())?;
        rest = after;
        String::from_utf8(name.to_vec()).ok()
    };
    let (caller, service, function) = (name(0)?, name(1)?, name(2)?);
    match bytes[CONTENT] {
        CALL => Some(Mark::Call { caller, service, function }),
        TRANSACTION => Some(Mark::Transaction { caller }),
        HELPER => Some(Mark::AnyHelper { caller }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: Bytes = Bytes::of(CALL, ["travel", "hotel", "reserve"]);

    #[test]
    fn marks_are_found_among_other_bytes() {
        let helper = Bytes::of(HELPER, ["travel", "", ""]);
        let binary = [&[7; 48], &BOOK.0[..], &[0; 16], &helper.0, &BOOK.0, &BOOK.0[..100]].concat();
        let (caller, service, function) = ("travel".to_owned(), "hotel".to_owned(), "reserve".to_owned());
        let expected = [Mark::Call { caller: caller.clone(), service, function }, Mark::AnyHelper { caller }];
        assert_eq!(find(&binary), BTreeSet::from(expected));
    }

    #[test]
    fn a_mark_with_another_byte_is_none() {
        assert!(read(&BOOK.0).is_some());
        for at in 0..SIZE {
            let mut other = BOOK.0;
            other[at] ^= 1;
            assert_eq!(read(&other), None, "byte {at}");
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_no_mark() {
        let mut bytes = BOOK.0;
        bytes[CONTENT + 3] = 255;
        let sum = fnv1a(&bytes, CONTENT).to_le_bytes();
        bytes[CHECKSUM..CONTENT].copy_from_slice(&sum);
        assert_eq!(read(&bytes), None);
    }
}
