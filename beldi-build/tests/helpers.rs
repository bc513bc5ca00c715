//! Calls and transactions in helpers: those of a helper that names no service are any service's that uses such ones.

use std::collections::BTreeSet;

use beldi_build::{ANY_SERVICE, Mark, marks};

beldi::service!(
    /// Sells.
    pub Shop = "shop"
);
beldi::service!(
    /// Sends.
    pub Post = "post"
);

/// Sends something.
#[beldi::function(service = Post)]
pub async fn send(to: String) -> Result<(), String> {
    Err(to)
}

#[beldi::helper]
async fn send_together(to: &str) -> Result<(), String> {
    beldi::txn! { send(to.to_owned()).await }
}

#[beldi::helper(service = Shop)]
async fn send_later(to: &str) {
    send(to.to_owned()).detach().await;
}

/// Sells something.
#[beldi::function(service = Shop)]
pub async fn sell(to: String) -> Result<(), String> {
    send_later(&to).await;
    send_together(&to).await
}

#[test]
fn helpers_leave_marks_of_their_own() {
    let binary = std::fs::read(std::env::current_exe().expect("a program")).expect("its binary");
    let send = |caller: &str| Mark::Call { caller: caller.into(), service: "post".into(), function: "send".into() };
    let expected = [
        send(ANY_SERVICE),
        send("shop"),
        Mark::Transaction { caller: ANY_SERVICE.into() },
        Mark::AnyHelper { caller: "shop".into() },
    ];
    assert_eq!(marks(&binary), BTreeSet::from(expected));
}
