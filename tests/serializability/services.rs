//! Three services of cells that are alike, and transactions over them.

use beldi::prelude::*;
use beldi::testing::Access;

/// A read of a key, and a write after it if there is a value.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) struct Touch {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
    /// The transaction only reads this key.
    pub(crate) shared: bool,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    Red,
    Green,
    Blue,
}

/// A call of another service, which may call back.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) service: Color,
    pub(crate) touches: Vec<Touch>,
    pub(crate) home: Color,
    pub(crate) back: Vec<Touch>,
}

/// What a transaction does.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) first: Vec<Touch>,
    /// One after another, those of one group at the same time.
    pub(crate) visits: Vec<Vec<Visit>>,
    pub(crate) last: Vec<Touch>,
    pub(crate) rolls_back: bool,
}

#[derive(Serialize, Deserialize, Debug)]
pub(crate) struct Outcome {
    pub(crate) accesses: Vec<Access>,
    pub(crate) committed: bool,
}

/// A service with a table of cells, transactions of its own, and parts of others'.
macro_rules! service_of_cells {
    ($module:ident $service:ident $name:tt $table:tt) => {
        pub(crate) mod $module {
            use beldi::prelude::*;
            use beldi::testing::Access;

            use super::{Outcome, Plan, Touch, look, visit_other};

            beldi::service!(pub(crate) $service = $name);

            #[derive(Item, Serialize, Deserialize, Clone, Debug)]
            #[beldi(service = $service, table = $table)]
            pub(crate) struct Cell {
                #[beldi(partition_key)]
                key: String,
                value: String,
            }

            #[beldi::helper(service = $service)]
            async fn touch(touches: Vec<Touch>) -> Vec<Access> {
                let mut accesses = Vec::new();
                for Touch { key, value, shared } in touches {
                    let cell = if shared { Cell::get(&key).shared().await } else { Cell::get(&key).await };
                    accesses.push(Access::read(&key, cell.as_ref().map(|cell| cell.value.as_str())));
                    if let Some(value) = value {
                        accesses.push(Access::write(&key, &value));
                        Cell { key, value }.put().await;
                    }
                }
                accesses
            }

            /// Takes part in a transaction of another service, and calls that one back.
            #[beldi::function(service = $service)]
            pub(crate) async fn visit(visit: super::Visit) -> Vec<Access> {
                let mut accesses = touch(visit.touches).await;
                if !visit.back.is_empty() {
                    let (service, home, touches) = (visit.home, visit.home, visit.back);
                    let back = super::Visit { service, home, touches, back: Vec::new() };
                    accesses.extend(visit_other(back).await);
                }
                accesses
            }

            #[beldi::function(service = $service)]
            pub(crate) async fn transact(plan: Plan) -> Outcome {
                let outcome: Result<Vec<Access>, Vec<Access>> = beldi::txn! {
                    let mut accesses = touch(plan.first.clone()).await;
                    for group in &plan.visits {
                        match &group[..] {
                            [one, other] => {
                                let (one, other) =
                                    beldi::join!(visit_other(one.clone()), visit_other(other.clone()));
                                accesses.extend(one);
                                accesses.extend(other);
                            }
                            others => {
                                for other in others {
                                    accesses.extend(visit_other(other.clone()).await);
                                }
                            }
                        }
                    }
                    accesses.extend(touch(plan.last.clone()).await);
                    if plan.rolls_back { Err(accesses) } else { Ok(accesses) }
                };
                let committed = outcome.is_ok();
                Outcome { accesses: outcome.unwrap_or_else(|seen| seen), committed }
            }

            /// Reads keys of all services in one transaction.
            #[beldi::function(service = $service)]
            pub(crate) async fn audit(keys: Vec<String>) -> Vec<Access> {
                let seen: Result<Vec<Access>, String> = beldi::txn! { read_only =>
                    let mut accesses = Vec::new();
                    for key in &keys {
                        let value = look(key.clone()).await;
                        accesses.push(Access::read(key, value.as_deref()));
                    }
                    Ok(accesses)
                };
                seen.unwrap_or_default()
            }

            /// Replaces what it has read, without a transaction, if it is still there.
            #[beldi::function(service = $service)]
            pub(crate) async fn swap(key: String, value: String) -> (Option<String>, bool) {
                let seen = Cell::get(&key).await.map(|cell| cell.value);
                let unchanged = match &seen {
                    Some(seen) => Cell::VALUE.eq(seen.clone()),
                    None => Cell::absent(),
                };
                let swapped = Cell { key, value }.put().when(unchanged).await.is_ok();
                (seen, swapped)
            }

            #[beldi::function(service = $service, read_only)]
            pub(crate) async fn peek(key: String) -> Option<String> {
                Cell::get(&key).await.map(|cell| cell.value)
            }
        }
    };
}

service_of_cells!(red Red "red" "red_cells");
service_of_cells!(green Green "green" "green_cells");
service_of_cells!(blue Blue "blue" "blue_cells");

#[beldi::helper]
async fn visit_other(visit: Visit) -> Vec<Access> {
    match visit.service {
        Color::Red => red::visit(visit).await,
        Color::Green => green::visit(visit).await,
        Color::Blue => blue::visit(visit).await,
    }
}

/// A key begins with its service.
#[beldi::helper(read_only)]
async fn look(key: String) -> Option<String> {
    match color_of(&key) {
        Color::Red => red::peek(key).await,
        Color::Green => green::peek(key).await,
        Color::Blue => blue::peek(key).await,
    }
}

pub(crate) fn color_of(key: &str) -> Color {
    match key.as_bytes() {
        [b'r', ..] => Color::Red,
        [b'g', ..] => Color::Green,
        _ => Color::Blue,
    }
}
