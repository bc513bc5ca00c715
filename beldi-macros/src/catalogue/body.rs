//! Mistakes in the body of a function or helper: BELDI001 to BELDI007, BELDI022 and BELDI023.

use super::Mistake;

/// A future of another library is awaited.
pub(crate) fn foreign_future(path: &str) -> Mistake {
    Mistake::new(
        1,
        format!("`{path}` is not a durable operation"),
        "its result would not be recorded, and a replay would do it again",
        "wrap it: `beldi::external(\"name\", |key| async move { .. }).await` runs it, records its result and retries it",
    )
}

/// What to do where time has to pass.
const PAUSE: &str = "a time limit belongs to the function (`timeout = \"5s\"`) or to `beldi::external(..)`; \
                     a pause that must be taken goes inside `beldi::external(..)`";

/// Time that passes outside of the journal is awaited.
pub(crate) fn foreign_timer(path: &str) -> Mistake {
    Mistake::new(1, format!("`{path}` is not a durable operation"), "a replay would wait again", PAUSE)
}

/// The clock is read.
pub(crate) fn clock(path: &str) -> Mistake {
    Mistake::new(
        2,
        format!("`{path}` reads the clock"),
        "a replay would read another time",
        "`beldi::now().await` is recorded once and replayed",
    )
}

/// A random value is drawn.
pub(crate) fn randomness(path: &str) -> Mistake {
    Mistake::new(
        3,
        format!("`{path}` is random"),
        "a replay would draw another value",
        "`beldi::uuid().await` and `beldi::random().await` are derived from the instance; \
         a generator seeded from them (`seed_from_u64`) is fine too",
    )
}

/// The process or the machine is asked.
pub(crate) fn environment(path: &str) -> Mistake {
    Mistake::new(
        4,
        format!("`{path}` depends on the machine that runs this attempt"),
        "a replay may run on another one",
        "pass it as an argument, read it in `main` into a `static`, or record it with `beldi::external(..)`",
    )
}

/// A thread or task is started or controlled.
pub(crate) fn threads(path: &str) -> Mistake {
    if path.ends_with("sleep") {
        return Mistake::new(
            5,
            format!("`{path}` blocks a thread that other attempts need"),
            "a replay would wait again",
            PAUSE,
        );
    }
    Mistake::new(
        5,
        format!("`{path}` leaves the function"),
        "what runs in another thread or task is neither recorded nor repeated after a crash",
        "`beldi::join!(..)` runs steps at the same time; `function(..).detach().await` starts one that outlives this one",
    )
}

/// Futures race or run together without the journal.
pub(crate) fn concurrency(path: &str) -> Mistake {
    Mistake::new(
        6,
        format!("`{path}` runs futures in an order that is not recorded"),
        "a replay may take another one",
        "`beldi::join!(a, b)` gives each branch its own path of steps and waits for all of them",
    )
}

/// An `.await`, or a macro that waits, inside of a closure or an `async` block.
pub(crate) fn await_in_closure(token: &str, place: &str) -> Mistake {
    Mistake::new(
        7,
        format!("this `{}` is inside {place}", waiting(token)),
        "when and how often it runs cannot be seen here, so it cannot be a numbered step",
        "await in the function itself (a `for` loop instead of a closure), in a branch of `beldi::join!`, or in a `#[beldi::helper]`",
    )
}

/// An `.await`, or a macro that waits, among the tokens of a macro that we cannot read.
pub(crate) fn await_in_macro(token: &str, name: &str) -> Mistake {
    let before = if token == "await" { "operation.await" } else { "beldi::txn! { .. }" };
    Mistake::new(
        7,
        format!("this `{}` is among the tokens of `{name}!`", waiting(token)),
        "what that macro does with them cannot be seen here, so it cannot be a numbered step",
        format!("await before: `let value = {before};`"),
    )
}

fn waiting(token: &str) -> String {
    if token == "await" { ".await".to_owned() } else { format!("{token}!") }
}

/// `join!` in code that is no function and no helper.
pub(crate) fn join_outside() -> Mistake {
    Mistake::new(
        22,
        "`beldi::join!` outside of a beldi function",
        "its branches are steps, and only a `#[beldi::function]` or `#[beldi::helper]` has steps",
        "annotate the function that contains it; ordinary code calls functions through `beldi::Client`",
    )
}

/// `join!()` without anything to join.
pub(crate) fn join_empty() -> Mistake {
    Mistake::new(23, "`beldi::join!` needs branches", "", JOIN_FORM)
}

/// The arguments of `join!` are no expressions.
pub(crate) fn join_malformed() -> Mistake {
    Mistake::new(23, "the branches of `beldi::join!` are expressions, separated by commas", "", JOIN_FORM)
}

/// `join!(a.await, b.await)`.
pub(crate) fn join_awaited_branch() -> Mistake {
    Mistake::new(
        23,
        "a branch of `beldi::join!` is awaited already",
        "it would be done before the branches start",
        "give the operation itself (`join!(a, b)`), write several steps as `async { .. }`, or await before with `let`",
    )
}

/// `join!(a, b).await`.
pub(crate) fn join_awaited() -> Mistake {
    Mistake::new(
        23,
        "`beldi::join!` waits by itself",
        "it gives the tuple of the results",
        "drop the `.await`: `let (a, b) = beldi::join!(first, second);`",
    )
}

const JOIN_FORM: &str = "`let (a, b) = beldi::join!(hotel::reserve(stay), async { .. steps .. });`";
