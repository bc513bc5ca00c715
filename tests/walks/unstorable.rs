//! Values that the store cannot hold, and requests that it refuses for good: whatever a transaction has taken by then is let
//! go, and what is decided stays decided.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beldi::host::{CrashPoint, LocalHost, When};
use beldi::prelude::*;
use beldi::store::{Fault, Faulty, Request, SharedStore, StoreError};
use beldi::testing::fresh_store;
use beldi::{Call, Client, ClientError, Function, InstanceId, ProblemKind, Status};

use crate::common::builder;
use crate::plans::{Plan, Plans, Then};
use crate::{Account, Bank, Refused, Shop, balance, is_about, locked, opened, settings};

#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Bank, table = "reports")]
#[beldi(index(name = "by_author", partition_key = author))]
struct Report {
    #[beldi(partition_key)]
    title: String,
    author: String,
    text: String,
    share: f64,
    parts: Parts,
}

/// Lists in lists.
#[derive(Serialize, Deserialize, Clone, Debug, Default)]
struct Parts(Vec<Parts>);

impl Parts {
    fn nested(levels: usize) -> Self {
        (1..levels).fold(Self::default(), |inner, _| Self(vec![inner]))
    }
}

fn report(title: &str, author: &str) -> Report {
    Report { title: title.into(), author: author.into(), text: String::new(), share: 0.5, parts: Parts::default() }
}

#[beldi::function(service = Bank)]
async fn pays_and_reports(author: String, by: f64) -> Result<(), Refused> {
    beldi::txn! {
        let ann = Account::get("ann").await.ok_or(Refused)?;
        Account { owner: ann.owner, balance: ann.balance - 1 }.put().await;
        Report { share: 1.0 / by, ..report("one", &author) }.put().await;
        Ok(())
    }
}

/// The same as a part of a transaction.
#[beldi::function(service = Bank)]
async fn pays_below(author: String, by: f64) -> Result<(), Refused> {
    let ann = Account::get("ann").await.ok_or(Refused)?;
    Account { owner: ann.owner, balance: ann.balance - 1 }.put().await;
    Report { share: 1.0 / by, ..report("one", &author) }.put().await;
    Ok(())
}

#[beldi::function(service = Shop)]
async fn lets_pay(author: String, by: f64) -> Result<(), Refused> {
    beldi::txn! {
        pays_below(author.clone(), by).await
    }
}

/// Changes an attribute twice in one update, which is seen where the row is looked at.
#[beldi::function(service = Bank)]
async fn changes_twice() -> i64 {
    Account::get("bob").await;
    Account::update("ann").set(Account::BALANCE, 1).add(Account::BALANCE, 1).await;
    Account::get("ann").await.map_or(0, |account| account.balance)
}

#[beldi::function(service = Shop)]
async fn lets_change_twice() -> Result<i64, Refused> {
    beldi::txn! {
        Ok(changes_twice().await)
    }
}

/// Writes a row that is too large for an item.
#[beldi::function(service = Bank)]
async fn writes_much() -> i64 {
    let ann = Account::get("ann").await.map_or(0, |account| account.balance);
    Report { text: "x".repeat(393 * 1024), ..report("much", "ann") }.put().await;
    ann
}

#[beldi::function(service = Shop)]
async fn lets_write_much() -> Result<i64, Refused> {
    beldi::txn! {
        Ok(writes_much().await)
    }
}

#[beldi::function(service = Bank)]
async fn file(title: String, kilobytes: usize) {
    Report { text: "x".repeat(kilobytes * 1024), ..report(&title, "ann") }.put().await;
}

/// Changes a row without having looked at it, which no journal could hold.
#[beldi::function(service = Bank)]
async fn changes_a_large_row() {
    Report::update("large").set(Report::AUTHOR, "bob").await;
}

#[beldi::function(service = Shop)]
async fn lets_change_a_large_row() -> Result<(), Refused> {
    beldi::txn! {
        changes_a_large_row().await;
        Ok(())
    }
}

/// Reads rows at once, of which the first is one that no journal could hold.
#[beldi::function(service = Bank)]
async fn reads_a_large_row() -> usize {
    Report::batch_get(["large", "small"]).await.len()
}

#[beldi::function(service = Shop)]
async fn lets_read_a_large_row() -> Result<usize, Refused> {
    beldi::txn! {
        Ok(reads_a_large_row().await)
    }
}

#[beldi::function(service = Bank)]
async fn reads_large_rows() -> Result<usize, Refused> {
    beldi::txn! {
        Ok(Report::batch_get(["large", "small"]).await.len())
    }
}

/// One branch looks at the clock, and then takes a row; the other one asks for what it cannot have.
#[beldi::function(service = Bank)]
async fn looks_at_the_clock_beside() -> Result<(), Refused> {
    beldi::txn! {
        beldi::join!(
            async {
                beldi::now().await;
                Account::get("zoe").await;
            },
            async {
                Account::get("ann").await;
                Account::get("bob").await;
                beldi::join!(
                    async { Account { owner: "both".into(), balance: 1 }.put().await },
                    async { Account { owner: "both".into(), balance: 2 }.put().await },
                );
            },
        );
        Ok(())
    }
}

/// Writes a value of so many levels, and hands it over to one that reads it.
#[beldi::function(service = Bank)]
async fn nests(levels: usize) -> Result<usize, Refused> {
    beldi::txn! {
        Account { owner: "ann".into(), balance: 9 }.put().await;
        Report { parts: Parts::nested(levels), ..report("nested", "ann") }.put().await;
        Ok(reads_what_is_nested().await)
    }
}

#[beldi::function(service = Bank)]
async fn reads_what_is_nested() -> usize {
    Account::get("bob").await;
    Report::get("nested").await.map_or(0, |report| report.parts.0.len())
}

/// Another type of the same table, without the index.
#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Bank, table = "reports")]
struct Memo {
    #[beldi(partition_key)]
    title: String,
    author: u64,
}

/// Writes what only the schema of the table forbids: a key in place, or a number where an index has texts.
#[beldi::function(service = Bank)]
async fn breaks_the_schema(how: u32) -> Result<(), Refused> {
    beldi::txn! {
        Account { owner: "ann".into(), balance: 9 }.put().await;
        match how {
            0 => Account::update("bob").set(Account::OWNER, "eve").await,
            1 => Memo { title: "memo".into(), author: 1 }.put().await,
            _ => Memo::update("memo").add(Memo::AUTHOR, 1).await,
        }
        Ok(())
    }
}

pub(crate) async fn host_on(store: SharedStore) -> (LocalHost, Client) {
    let host = builder(store, settings(), None).start().await.expect("a host");
    let client = opened(&host).await;
    (host, client)
}

pub(crate) async fn fresh_host() -> (LocalHost, Client) {
    host_on(fresh_store().await.expect("a store")).await
}

/// A call is refused with this kind of problem, and leaves no lock and no change.
pub(crate) async fn leaves_nothing<F: Function<Output: std::fmt::Debug>>(
    (host, client): (LocalHost, Client),
    call: Call<F>,
    kind: ProblemKind,
) {
    let refused = client.call(call).idempotency_key("k").await;
    let Err(ClientError::Refused(problem)) = refused else { panic!("it cannot be stored: {refused:?}") };
    assert_eq!(problem.kind, kind, "{problem}");
    host.settle().await.expect("at rest");
    assert_eq!(locked(&host).await, 0, "after {problem}");
    assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), 10, "after {problem}");
}

/// Such a value was refused only when the commit was carried out. Half of it was done by then, and the try was decided once
/// more, as failed; each restart made the other half again.
#[tokio::test(start_paused = true)]
async fn what_an_index_cannot_hold_is_refused_before_the_decision() {
    leaves_nothing(fresh_host().await, pays_and_reports(String::new(), 1.0), ProblemKind::StoreRefused).await;
    leaves_nothing(fresh_host().await, lets_pay(String::new(), 1.0), ProblemKind::CalleeFailed).await;
}

/// The decision could not be put. The attempt took that for a faster one, and the rows stayed locked.
#[tokio::test(start_paused = true)]
async fn what_is_no_number_is_refused_before_the_decision() {
    for by in [0.0, -0.0, 1e-127] {
        leaves_nothing(fresh_host().await, pays_and_reports("ann".into(), by), ProblemKind::StoreRefused).await;
    }
}

/// What ends a step in each attempt did not only end it while the participant was rolled back: nobody ever came to its
/// rows.
#[tokio::test(start_paused = true)]
async fn a_participant_that_fails_by_itself_is_rolled_back() {
    leaves_nothing(fresh_host().await, lets_change_twice(), ProblemKind::CalleeFailed).await;
    leaves_nothing(fresh_host().await, lets_write_much(), ProblemKind::CalleeFailed).await;
}

/// Rows that no journal can hold ended the search for them, and what was asked for at the same time was forgotten.
#[tokio::test(start_paused = true)]
async fn rows_that_no_journal_can_hold_are_let_go() {
    async fn filed() -> (LocalHost, Client) {
        let (host, client) = fresh_host().await;
        client.call(file("large".into(), 300)).await.expect("a row");
        client.call(file("small".into(), 1)).await.expect("a row");
        (host, client)
    }
    leaves_nothing(filed().await, lets_change_a_large_row(), ProblemKind::CalleeFailed).await;
    leaves_nothing(filed().await, lets_read_a_large_row(), ProblemKind::CalleeFailed).await;
    leaves_nothing(filed().await, reads_large_rows(), ProblemKind::TooLarge).await;
}

/// The body that was run once more did not know what the first one had observed, and came no further than to there.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_run_once_more_sees_what_it_had_observed() {
    // The row of the first branch is taken, and the answer does not come.
    let takes = |point: &CrashPoint| {
        point.when == When::After && point.action == "UpdateItem accounts" && is_about(point, "zoe")
    };
    // The first is of the setup.
    let plans = Plans::new(vec![Plan::new(takes, 2, Then::Stops)]);
    let host = builder(fresh_store().await.expect("a store"), settings(), None).crash_plan(plans);
    let host = host.start().await.expect("a host");
    let client = opened(&host).await;
    leaves_nothing((host, client), looks_at_the_clock_beside(), ProblemKind::TransactionRefused).await;
}

/// Refuses one request for good.
async fn refusing(is_it: impl Fn(&Request) -> bool + Send + Sync + 'static) -> (LocalHost, Client) {
    let done = AtomicBool::new(false);
    let plan = move |request: &Request, _: u64| match is_it(request) && !done.swap(true, Ordering::SeqCst) {
        true => Fault::Before(StoreError::Invalid { table: "it".into(), message: "not today".into() }),
        false => Fault::None,
    };
    host_on(Arc::new(Faulty::new(fresh_store().await.expect("a store"), plan))).await
}

/// Whether a request puts the decision of a transaction.
fn decides(request: &Request) -> bool {
    matches!(request, Request::Put(put) if put.item.contains_key("decision"))
}

/// A commit that the store refuses in the middle is carried out by a later attempt, and once.
#[tokio::test(start_paused = true)]
async fn what_is_decided_stays_decided() {
    let decided = AtomicBool::new(false);
    let (host, client) = refusing(move |request| {
        decided.fetch_or(decides(request), Ordering::SeqCst);
        let report = matches!(request, Request::Update(update) if update.table == "reports");
        report && decided.load(Ordering::SeqCst)
    })
    .await;
    let call = || pays_and_reports("ann".into(), 2.0);
    let refused = client.call(call()).idempotency_key("k").await;
    assert!(matches!(refused, Err(ClientError::Refused(_))), "{refused:?}");
    let instance = InstanceId::from_idempotency_key(Bank::NAME, pays_and_reports::NAME, "k");
    assert!(client.restart(Bank::NAME, instance).await.expect("an answer"), "it is parked");
    host.settle().await.expect("at rest");
    assert_eq!(client.call(call()).idempotency_key("k").await.expect("a result"), Ok(()));
    assert_eq!(client.call(balance("ann".into())).await.expect("an answer"), 9);
    assert_eq!(locked(&host).await, 0);
}

/// A decision that the store refuses is none: the try has failed, and says why.
#[tokio::test(start_paused = true)]
async fn a_decision_that_the_store_refuses_is_none() {
    leaves_nothing(refusing(decides).await, pays_and_reports("ann".into(), 2.0), ProblemKind::StoreRefused).await;
}

/// What is nested as deep as a journal can hold it goes through, and what is nested deeper is refused.
#[tokio::test(start_paused = true)]
async fn a_value_is_nested_as_deep_as_a_journal_can_hold_it() {
    let (host, client) = fresh_host().await;
    for _ in 0..2 {
        assert_eq!(client.call(nests(24)).await.expect("a result"), Ok(1));
        assert_eq!(client.call(reads_what_is_nested()).await.expect("a result"), 1);
    }
    assert_eq!(locked(&host).await, 0);
    leaves_nothing(fresh_host().await, nests(25), ProblemKind::StoreRefused).await;
}

/// A participant that had failed was due at once. A collector then looked at it while the commit was carried out, and it
/// stayed in doubt for ever if the commit died before it was marked as done.
#[tokio::test(start_paused = true)]
async fn a_participant_that_fails_stays_due_when_it_is() {
    let on = Arc::new(AtomicBool::new(false));
    let fails = Arc::clone(&on);
    let plan = move |request: &Request, _: u64| match request {
        Request::Update(update) if update.table == "accounts" && fails.load(Ordering::SeqCst) => {
            Fault::Before(StoreError::Transient { message: "nobody answers".into() })
        }
        _ => Fault::None,
    };
    let (host, client) = host_on(Arc::new(Faulty::new(fresh_store().await.expect("a store"), plan))).await;
    on.store(true, Ordering::SeqCst);
    let due_ms = host.environment().world.now_ms() + 30_000;
    client.call(lets_pay("ann".into(), 2.0)).idempotency_key("k").await.expect_err("nobody answers");
    let coordinator = InstanceId::from_idempotency_key(Shop::NAME, lets_pay::NAME, "k");
    let participant = coordinator.callee(&"1.1.1".parse().expect("a path"));
    let status = client.status::<pays_below>(participant).await.expect("an answer");
    let Some(Status::Running { due_ms: found, error: Some(_), .. }) = status else {
        panic!("it has failed: {status:?}")
    };
    assert!(found >= due_ms, "{found} is before {due_ms}");
}

/// So were a key that is changed in place, and a value of another type than an index has in another item type.
#[tokio::test(start_paused = true)]
async fn what_the_schema_forbids_is_refused_before_the_decision() {
    for how in 0..3 {
        leaves_nothing(fresh_host().await, breaks_the_schema(how), ProblemKind::StoreRefused).await;
    }
}
