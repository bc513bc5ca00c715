//! Mistakes in and around `txn!`: BELDI033 to BELDI037, and BELDI010 where it stands in `read_only` code.

use super::Mistake;

/// `txn!` in code that is no function and no helper.
pub(crate) fn transaction_outside() -> Mistake {
    Mistake::new(
        33,
        "`beldi::txn!` outside of a beldi function",
        "a transaction is made of steps, and only a `#[beldi::function]` or `#[beldi::helper]` has steps",
        "annotate the function that contains it; ordinary code calls functions through `beldi::Client`",
    )
}

/// `txn!` in a function or helper that is `read_only`.
pub(crate) fn transaction_in_read_only() -> Mistake {
    Mistake::new(
        10,
        "a transaction is an effect, and this code is `read_only`",
        "it locks the rows that it reads",
        "drop `read_only`; a function that is `read_only` and is called in a transaction takes part in that one",
    )
}

/// `txn! { .. }.await`.
pub(crate) fn transaction_awaited() -> Mistake {
    Mistake::new(
        34,
        "`beldi::txn!` waits by itself",
        "it gives the `Result` of its body",
        "drop the `.await`: `let value = beldi::txn! { .. }?;`",
    )
}

/// `txn! {}`.
pub(crate) fn transaction_empty() -> Mistake {
    Mistake::new(
        34,
        "`beldi::txn!` needs a body that gives a `Result`",
        "`Ok` commits, and `Err` rolls back",
        "`let value = beldi::txn! { .. steps .. Ok(value) }?;`",
    )
}

/// `txn! { .. };`.
pub(crate) fn transaction_dropped() -> Mistake {
    Mistake::new(
        34,
        "the `Result` of this transaction is dropped",
        "only it tells whether the transaction took place",
        "write `beldi::txn! { .. }?;` or take the value: `let booked = beldi::txn! { .. };`",
    )
}

/// An external action in a transaction.
pub(crate) fn external_in_transaction() -> Mistake {
    Mistake::new(
        35,
        "an external action has no place in a transaction",
        "it cannot be rolled back, and the body may be tried several times",
        "do it before or behind the `txn!`, or in a function that the body starts with `.detach()`, \
         which is held back until the commit",
    )
}

/// Waiting for time or for an event in a transaction.
pub(crate) fn waiting_in_transaction(path: &str) -> Mistake {
    Mistake::new(
        35,
        format!("`{path}` has no place in a transaction"),
        "all rows of the transaction would stay locked as long as it waits",
        "wait before or behind the `txn!`",
    )
}

/// A query or scan in a transaction.
pub(crate) fn query_in_transaction(path: &str) -> Mistake {
    Mistake::new(
        35,
        format!("`{path}` has no place in a transaction"),
        "it locks nothing, so others could change what it has seen, or add to it",
        "query before the `txn!` to find the keys, and read the rows in it by `get`, which locks them",
    )
}

/// A lock of one's own in a transaction.
pub(crate) fn lock_in_transaction(path: &str) -> Mistake {
    Mistake::new(
        35,
        format!("`{path}` has no place in a transaction"),
        "a transaction locks by itself each row that it reads or writes, until it ends",
        "drop it: `get` locks the row",
    )
}

/// `txn!` in the body of another.
pub(crate) fn transaction_nested() -> Mistake {
    Mistake::new(
        36,
        "a transaction in the body of another",
        "there is one commit, and it is the outer one's",
        "drop the inner `txn!`; a function that has a `txn!` of its own can be called here, and joins this one",
    )
}

/// `break` or `continue` out of the body of a transaction.
pub(crate) fn leaving_transaction(keyword: &str) -> Mistake {
    Mistake::new(
        37,
        format!("this `{keyword}` leaves the transaction"),
        "it says neither whether to commit nor whether to roll back",
        format!(
            "leave the body with `return Ok(..)` or `return Err(..)`, which leave nothing else, \
             and `{keyword}` behind it by its value"
        ),
    )
}
