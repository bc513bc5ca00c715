//! Panics of a test's body: caught with their place, and not printed before it is known what they mean.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic;
use std::sync::Once;

use tokio::time::error::Elapsed;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

static HOOK: Once = Once::new();

/// Awaits a body whose panics are caught; gives their messages instead of printing them.
pub(super) async fn caught<T>(
    body: impl Future<Output = Result<std::thread::Result<T>, Elapsed>>,
) -> Result<Result<T, String>, Elapsed> {
    install();
    CATCHING.set(true);
    let outcome = body.await;
    CATCHING.set(false);
    Ok(outcome?.map_err(|_| LAST.take()))
}

/// Other threads of the process, and this one later, print their panics as before.
fn install() {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match CATCHING.get() {
            true => LAST.set(info.to_string()),
            false => before(info),
        }));
    });
}
