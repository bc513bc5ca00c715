//! The crash matrix over transactions.
//!
//! Where two calls are made at the same time, either may come first, and a disturbance may change which: these
//! scenarios add amounts, and give nothing that depends on the order.

#![expect(clippy::print_stdout, reason = "how many crash points there are is worth seeing")]

use beldi::prelude::*;
use beldi::testing::{CrashMatrix, Report, Trial};
use futures_util::future::join;

beldi::service!(Shop = "shop");
beldi::service!(Bank = "bank");
beldi::service!(Depot = "depot");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
struct Stock {
    #[beldi(partition_key)]
    article: String,
    free: i64,
    note: String,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Bank, table = "accounts")]
struct Account {
    #[beldi(partition_key)]
    owner: String,
    balance: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Depot, table = "parcels")]
struct Parcel {
    #[beldi(partition_key)]
    article: String,
    count: i64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Refused {
    SoldOut,
    NoMoney,
    Undone,
}

fn stock(article: &str, free: i64) -> Stock {
    Stock { article: article.into(), free, note: String::new() }
}

#[beldi::function(service = Shop)]
async fn fill() {
    for article in ["coffee", "milk", "tea"] {
        stock(article, 10).put().await;
    }
}

#[beldi::function(service = Bank)]
async fn open(owner: String, balance: i64) {
    Account { owner, balance }.put().await;
}

#[beldi::function(service = Bank)]
async fn charge(owner: String, amount: i64) -> Result<i64, Refused> {
    let mut account = Account::get(&owner).await.ok_or(Refused::NoMoney)?;
    if account.balance < amount {
        return Err(Refused::NoMoney);
    }
    account.balance -= amount;
    account.put().await;
    Ok(account.balance)
}

#[beldi::function(service = Depot)]
async fn pack(article: String, count: i64) -> i64 {
    let mut parcel = Parcel::get(&article).await.unwrap_or(Parcel { article, count: 0 });
    parcel.count += count;
    parcel.put().await;
    parcel.count
}

/// Takes some of an article; a helper, so that it belongs to the transaction of its function.
#[beldi::helper(service = Shop)]
async fn take(article: &str, count: i64) -> Result<i64, Refused> {
    let mut stock = Stock::get(article).await.ok_or(Refused::SoldOut)?;
    if stock.free < count {
        return Err(Refused::SoldOut);
    }
    stock.free -= count;
    stock.put().await;
    Ok(stock.free)
}

#[beldi::function(service = Shop)]
async fn in_one_service(from: String, to: String, count: i64) -> Result<(i64, i64), Refused> {
    beldi::txn! {
        let left = take(&from, count).await?;
        let there = take(&to, -count).await?;
        Ok((left, there))
    }
}

#[beldi::function(service = Shop)]
async fn in_sequence(count: i64) -> Result<(i64, i64, i64), Refused> {
    beldi::txn! {
        let left = take("tea", count).await?;
        let balance = charge("ann".into(), 10 * count).await?;
        let packed = pack("tea".into(), count).await;
        Ok((left, balance, packed))
    }
}

#[beldi::function(service = Shop)]
async fn at_once(count: i64) -> Result<(i64, i64, i64), Refused> {
    beldi::txn! {
        let (left, balance, packed) =
            beldi::join!(take("tea", count), charge("ann".into(), 10 * count), pack("tea".into(), count));
        Ok((left?, balance?, packed))
    }
}

/// Is refused before anything was called, or by what was called last, or decides against it itself. What it
/// goes on to do happens.
#[beldi::function(service = Shop)]
async fn rolled_back(count: i64, price: i64, undo: bool) -> (Result<i64, Refused>, i64) {
    let result = beldi::txn! {
        take("milk", 1).await?;
        take("tea", count).await?;
        pack("tea".into(), count).await;
        let balance = charge("ann".into(), price).await?;
        if undo { Err(Refused::Undone) } else { Ok(balance) }
    };
    Stock::update("coffee").add(Stock::FREE, 1).await;
    (result, Stock::get("milk").await.map_or(0, |stock| stock.free))
}

#[beldi::function(service = Shop)]
async fn participant_called_twice() -> Result<(i64, i64, i64), Refused> {
    beldi::txn! {
        let first = charge("ann".into(), 1).await?;
        let other = charge("bob".into(), 1).await?;
        let second = charge("ann".into(), 2).await?;
        Ok((first, other, second))
    }
}

/// Calls back into the shop, which sees what its caller has written.
#[beldi::function(service = Bank)]
async fn charge_for(owner: String, article: String) -> Result<i64, Refused> {
    let free = annotate(article, format!("for {owner}")).await;
    charge_by(&owner, free).await
}

#[beldi::helper(service = Bank)]
async fn charge_by(owner: &str, amount: i64) -> Result<i64, Refused> {
    let mut account = Account::get(owner).await.ok_or(Refused::NoMoney)?;
    account.balance -= amount;
    account.put().await;
    Ok(account.balance)
}

#[beldi::function(service = Shop)]
async fn annotate(article: String, note: String) -> i64 {
    let mut stock = Stock::get(&article).await.unwrap_or(stock(&article, -1_000));
    stock.note = note;
    stock.put().await;
    stock.free
}

/// Shop, bank, shop: the callback sees the 7, and the caller sees the note.
#[beldi::function(service = Shop)]
async fn called_back(undo: bool) -> Result<(i64, String), Refused> {
    beldi::txn! {
        take("tea", 3).await?;
        let balance = charge_for("ann".into(), "tea".into()).await?;
        let note = Stock::get("tea").await.map(|stock| stock.note).unwrap_or_default();
        if undo { Err(Refused::Undone) } else { Ok((balance, note)) }
    }
}

/// Has a transaction of its own, which joins that of its caller.
#[beldi::function(service = Bank)]
async fn pay(from: String, to: String, amount: i64) -> Result<i64, Refused> {
    let left = beldi::txn! {
        let left = charge_by(&from, amount).await?;
        charge_by(&to, -amount).await?;
        if left < 0 { Err(Refused::NoMoney) } else { Ok(left) }
    }?;
    Ok(left)
}

#[beldi::function(service = Shop)]
async fn joined(amount: i64, undo: bool) -> Result<i64, Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        let left = pay("ann".into(), "bob".into(), amount).await?;
        if undo { Err(Refused::Undone) } else { Ok(left) }
    }
}

/// The detached call runs after the commit, or never.
#[beldi::function(service = Shop)]
async fn with_detached(undo: bool) -> Result<i64, Refused> {
    beldi::txn! {
        pack("tea".into(), 5).detach().await;
        let left = take("tea", 5).await?;
        if undo { Err(Refused::Undone) } else { Ok(left) }
    }
}

#[beldi::function(service = Shop)]
async fn all_writes() -> Result<(i64, bool, bool, bool, bool), Refused> {
    beldi::txn! {
        Stock::update("tea").add(Stock::FREE, 5).set(Stock::NOTE, "more").await;
        let updated = Stock::get("tea").await.map_or(0, |stock| stock.free);
        Stock::delete("coffee").await;
        let deleted = Stock::get("coffee").await.is_none();
        let inserted = stock("cocoa", 1).put().when(Stock::absent()).await.is_ok();
        let again = stock("cocoa", 2).put().when(Stock::absent()).await.is_ok();
        let taken = Stock::update("milk").add(Stock::FREE, -11).when(Stock::FREE.ge(11)).await.is_ok();
        Stock::delete("milk").when(Stock::FREE.eq(10)).await.map_err(|_| Refused::SoldOut)?;
        stock("milk", 3).put().await;
        Ok((updated, deleted, inserted, again, taken))
    }
}

#[beldi::function(service = Shop)]
async fn with_shared_read() -> Result<i64, Refused> {
    beldi::txn! {
        let tea = Stock::get("tea").shared().await.ok_or(Refused::SoldOut)?;
        take("coffee", -tea.free).await
    }
}

#[beldi::function(service = Shop)]
async fn only_reads() -> Result<i64, Refused> {
    beldi::txn! { read_only =>
        let tea = Stock::get("tea").await.ok_or(Refused::SoldOut)?;
        let milk = Stock::get("milk").await.ok_or(Refused::SoldOut)?;
        Ok(tea.free + milk.free)
    }
}

/// Without the lock two of these would lose an update.
#[beldi::function(service = Shop)]
async fn locked(unlock: bool) {
    let guard = beldi::lock::<Stock>("tea").await;
    let mut tea = Stock::get("tea").await.unwrap_or(stock("tea", -1_000));
    tea.free += 1;
    tea.put().await;
    if unlock {
        guard.unlock().await;
        Stock::update("milk").add(Stock::FREE, 1).await;
    }
}

/// Gives nothing, since others may be at it.
#[beldi::function(service = Shop)]
async fn move_some(from: String, to: String, count: i64) -> Result<(), Refused> {
    beldi::txn! {
        take(&from, count).await?;
        take(&to, -count).await?;
        pack(from.clone(), count).await;
        Ok(())
    }
}

#[beldi::function(service = Shop)]
async fn add_plainly(article: String, count: i64) {
    Stock::update(&article).add(Stock::FREE, count).await;
}

async fn filled(trial: Trial) {
    trial.call(fill()).await.expect("the setup");
    for (owner, balance) in [("ann", 100), ("bob", 50)] {
        trial.call(open(owner.into(), balance)).await.expect("the setup");
    }
}

/// The numbers that a scenario left in all tables, by the keys of their rows.
fn left(report: &Report) -> String {
    let numbers = report.tables.iter().flat_map(|(table, rows)| {
        let mut numbers: Vec<_> = rows.iter().map(|row| number(table, row)).collect();
        numbers.sort_unstable();
        numbers
    });
    numbers.collect::<Vec<_>>().join(", ")
}

fn number(table: &str, row: &str) -> String {
    let row: serde_json::Value = serde_json::from_str(row).expect("a row as JSON");
    match table {
        "accounts" => format!("{} {}", text(&row["owner"]), row["balance"]),
        "stock" => format!("{} {}{}", text(&row["article"]), row["free"], text(&row["note"])),
        _ => format!("{} packed {}", text(&row["article"]), row["count"]),
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The matrix compares disturbed runs with an undisturbed one. That this one is right is for the test to say.
async fn run<S, U>(scenario: S, tables: &str) -> Report
where
    S: Fn(Trial) -> U + 'static,
    U: Future<Output: Serialize> + 'static,
{
    let report = CrashMatrix::new(scenario).setup(filled).run().await;
    println!("{} crash points: {report}", report.points);
    assert_eq!(left(&report), tables);
    report.assert_passed();
    report
}

/// A matrix over one call.
macro_rules! matrix {
    ($($test:ident: $call:expr => $result:expr, $tables:expr;)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let scenario = |trial: Trial| async move { trial.call($call).await.expect("a result") };
            let report = run(scenario, $tables).await;
            assert_eq!(report.result, serde_json::json!($result).to_string());
        }
    )+};
}

const UNTOUCHED: &str = "ann 100, bob 50, coffee 10, milk 10, tea 10";
const ONE_COFFEE: &str = "ann 100, bob 50, coffee 11, milk 10, tea 10";

matrix! {
    commit_in_one_service: in_one_service("tea".into(), "milk".into(), 4)
        => Ok::<_, Refused>((6, 14)), "ann 100, bob 50, coffee 10, milk 14, tea 6";
    commit_over_services_in_sequence: in_sequence(2)
        => Ok::<_, Refused>((8, 80, 2)), "ann 80, bob 50, tea packed 2, coffee 10, milk 10, tea 8";
    commit_over_services_at_once: at_once(2)
        => Ok::<_, Refused>((8, 80, 2)), "ann 80, bob 50, tea packed 2, coffee 10, milk 10, tea 8";
    roll_back_before_any_call: rolled_back(11, 0, false) => (Err::<i64, _>(Refused::SoldOut), 10), ONE_COFFEE;
    roll_back_by_a_callee: rolled_back(1, 101, false) => (Err::<i64, _>(Refused::NoMoney), 10), ONE_COFFEE;
    roll_back_after_all_calls: rolled_back(1, 1, true) => (Err::<i64, _>(Refused::Undone), 10), ONE_COFFEE;
    one_participant_called_twice: participant_called_twice()
        => Ok::<_, Refused>((99, 49, 97)), "ann 97, bob 49, coffee 10, milk 10, tea 10";
    a_call_back: called_back(false)
        => Ok::<_, Refused>((93, "for ann")), "ann 93, bob 50, coffee 10, milk 10, tea 7for ann";
    a_call_back_rolled_back: called_back(true) => Err::<(), _>(Refused::Undone), UNTOUCHED;
    a_callee_with_a_transaction: joined(30, false)
        => Ok::<_, Refused>(70), "ann 70, bob 80, coffee 10, milk 10, tea 9";
    a_callee_with_a_transaction_rolled_back: joined(30, true) => Err::<(), _>(Refused::Undone), UNTOUCHED;
    a_callee_that_rolls_back: joined(300, false) => Err::<(), _>(Refused::NoMoney), UNTOUCHED;
    a_detached_call: with_detached(false)
        => Ok::<_, Refused>(5), "ann 100, bob 50, tea packed 5, coffee 10, milk 10, tea 5";
    a_detached_call_that_is_never_made: with_detached(true) => Err::<(), _>(Refused::Undone), UNTOUCHED;
    writes_of_all_kinds: all_writes()
        => Ok::<_, Refused>((15, true, true, false, false)), "ann 100, bob 50, cocoa 1, milk 3, tea 15more";
    a_shared_read: with_shared_read()
        => Ok::<_, Refused>(20), "ann 100, bob 50, coffee 20, milk 10, tea 10";
    a_read_only_transaction: only_reads() => Ok::<_, Refused>(20), UNTOUCHED;
    a_lock_with_unlock: locked(true) => (), "ann 100, bob 50, coffee 10, milk 11, tea 11";
    a_lock_until_the_end: locked(false) => (), "ann 100, bob 50, coffee 10, milk 10, tea 11";
}

/// A matrix over two calls at the same time.
macro_rules! contest {
    ($($test:ident: $one:expr, $other:expr => $tables:expr;)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let scenario = |trial: Trial| async move {
                let (one, other) = join(trial.call($one), trial.call($other)).await;
                (one.expect("a result"), other.expect("a result"))
            };
            run(scenario, $tables).await;
        }
    )+};
}

contest! {
    two_transactions_in_one_order:
        move_some("tea".into(), "milk".into(), 2), move_some("tea".into(), "milk".into(), 3)
        => "ann 100, bob 50, tea packed 5, coffee 10, milk 15, tea 5";
    two_transactions_in_both_orders:
        move_some("tea".into(), "milk".into(), 2), move_some("milk".into(), "tea".into(), 3)
        => "ann 100, bob 50, milk packed 3, tea packed 2, coffee 10, milk 9, tea 11";
    two_transactions_in_both_orders_the_other_first:
        move_some("milk".into(), "tea".into(), 3), move_some("tea".into(), "milk".into(), 2)
        => "ann 100, bob 50, milk packed 3, tea packed 2, coffee 10, milk 9, tea 11";
    a_plain_write_against_a_transaction:
        add_plainly("tea".into(), 5), move_some("tea".into(), "milk".into(), 2)
        => "ann 100, bob 50, tea packed 2, coffee 10, milk 12, tea 13";
    a_transaction_against_a_plain_write:
        move_some("milk".into(), "tea".into(), 2), add_plainly("tea".into(), 5)
        => "ann 100, bob 50, milk packed 2, coffee 10, milk 8, tea 17";
    two_locks: locked(true), locked(true) => "ann 100, bob 50, coffee 10, milk 12, tea 12";
    a_lock_against_a_transaction:
        locked(false), move_some("milk".into(), "tea".into(), 2)
        => "ann 100, bob 50, milk packed 2, coffee 10, milk 8, tea 13";
}
