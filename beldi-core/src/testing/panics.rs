//! Panics of a test's body: caught with their place, and not printed before it is known what they mean.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Once;
use std::task::Poll;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

static HOOK: Once = Once::new();

/// Awaits a body whose panics are caught; gives their messages instead of printing them. Those of tasks that the body has
/// started are printed as they are. It is on the heap, because a body may be large, and who awaits it by value has a copy
/// of it in each frame, as long as nothing is optimised.
pub(super) async fn caught<T>(mut body: Pin<Box<impl Future<Output = T>>>) -> Result<T, String> {
    install();
    std::future::poll_fn(|context| {
        CATCHING.set(true);
        let polled = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(context)));
        CATCHING.set(false);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(outcome)) => Poll::Ready(Ok(outcome)),
            Err(_) => Poll::Ready(Err(LAST.take())),
        }
    })
    .await
}

/// Whatever else panics is printed as before.
fn install() {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match CATCHING.get() {
            true => LAST.set(info.to_string()),
            false => before(info),
        }));
    });
}
