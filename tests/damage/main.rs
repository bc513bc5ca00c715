//! A journal that is damaged at any byte is reported, and never obeyed.
//!
//! The journals of instances that stopped halfway are damaged, one place after the other: each bit of the lowest
//! order flipped, texts cut off, attributes removed or of another type, records removed. Then the instance is called
//! again, and collected. It must end parked, with an error that names instance and record, and every row either as it
//! was or as the undamaged instance leaves it. Only where a place says when an instance is started again, and nothing
//! else, must it end as if nothing had happened.
//!
//! Some damages leave what another course of events would have left too, and no checksum tells them from it: record 0
//! is gone, or the last record, or an entry of a row log. The chapter on the protocol says so.

#![expect(clippy::print_stdout, reason = "how many damages were tried is worth seeing")]

#[path = "../common/mod.rs"]
mod common;
mod damages;
mod halfway;
mod seeds;
mod services;

use beldi::store::{AttributeValue, Attributes};
use beldi::{ClientError, ProblemKind, Status};

use damages::{Damaged, removed_records, variants};
use halfway::Halfway;
use services::{copy, instance_of};

/// What says when an open instance is started again, and what became of its last attempt.
const WITHOUT_MEANING_FOR_EFFECTS: [&str; 5] = ["due", "shard", "attempts", "error", "parked"];

/// How an instance with a damaged journal ended.
enum End {
    Result(String),
    Reported(String),
}

async fn end(world: &Halfway, function: &str) -> End {
    let answer = world.call(function).await;
    world.settle().await;
    let instance = instance_of(function);
    let status = world.client().status::<copy>(instance).await;
    match (status, answer) {
        (Ok(Some(Status::Done { result })), _) => End::Result(result),
        (_, Err(ClientError::Refused(problem))) if problem.kind == ProblemKind::Damaged => {
            End::Reported(problem.detail.clone())
        }
        _ => {
            let parked = world.client().parked("bank").await.expect("an answer");
            let of_instance = parked.into_iter().find(|(parked, _)| *parked == instance);
            End::Reported(of_instance.map(|(_, error)| error).unwrap_or_default())
        }
    }
}

/// Runs the instance with every damage of its journal. Gives how many were reported and how many had no meaning.
/// Of many only every `stride`th is tried, unless the environment variable `BELDI_DAMAGES` is `all`, which
/// `cargo xtask damage` sets.
async fn every_damage(function: &'static str, world: Halfway, stride: usize) -> (u32, u32) {
    let stride = if std::env::var_os("BELDI_DAMAGES").is_some_and(|all| all == "all") { 1 } else { stride };
    world.restore(world.before()).await;
    let End::Result(result) = end(&world, function).await else { panic!("the undamaged instance has no result") };
    let after = world.rows().await;
    let records: Vec<_> = world.before().iter().filter(|(table, _)| table.ends_with("-journal")).cloned().collect();
    let damages = records.iter().flat_map(|(table, record)| variants(table, record));
    let mut counts = (0, 0);
    for damaged in damages.step_by(stride).chain(removed_records(&records)) {
        if !world.damage(&damaged).await {
            continue;
        }
        let Damaged { named, place, .. } = &damaged;
        let ended = end(&world, function).await;
        let rows = world.rows().await;
        for (key, row) in &rows {
            let was = world.row_before(key);
            assert!(
                Some(row) == was.as_ref() || Some(row) == after.get(key),
                "{named} {place}: another effect: {row:?}"
            );
        }
        let has_meaning = !WITHOUT_MEANING_FOR_EFFECTS.contains(&place.split(['.', ' ']).next().unwrap_or_default());
        match ended {
            End::Reported(error) if has_meaning => {
                assert!(error.contains(named) && error.contains("damaged"), "{named} {place}: {error}");
                counts.0 += 1;
            }
            End::Result(same) if !has_meaning => {
                assert_eq!((same, &rows), (result.clone(), &after), "{named} {place}");
                counts.1 += 1;
            }
            End::Reported(error) => panic!("{named} {place} has no meaning for effects, but: {error}"),
            End::Result(_) => panic!("{named} {place} was not noticed"),
        }
    }
    println!("{function}: {} damages reported, {} without a meaning for effects", counts.0, counts.1);
    counts
}

#[tokio::test(start_paused = true)]
async fn observations_and_announced_effects() {
    let world = Halfway::new("copy", |records| records.len() == 3).await;
    let (reported, without_meaning) = every_damage("copy", world, 1).await;
    assert!(reported > 500 && without_meaning > 10, "{reported} and {without_meaning} damages were tried");
}

#[tokio::test(start_paused = true)]
async fn decisions_and_prepared_participants() {
    let has = |records: &[&Attributes], name: &str| records.iter().any(|record| record.contains_key(name));
    let world = Halfway::new("pay_in", |records| has(records, "decision") && has(records, "prepared")).await;
    let (reported, without_meaning) = every_damage("pay_in", world, 7).await;
    assert!(reported > 150 && without_meaning > 5, "{reported} and {without_meaning} damages were tried");
}

/// A journal from which a record was removed was queried again and again, for ever: a gap was taken for a query that
/// had overtaken a put.
#[tokio::test(start_paused = true)]
async fn a_journal_with_a_gap_is_reported() {
    let world = Halfway::new("copy", |records| records.len() == 3).await;
    let records: Vec<_> = world.before().iter().filter(|(table, _)| table.ends_with("-journal")).cloned().collect();
    let [removed] = &removed_records(&records)[..] else { panic!("one record lies between others") };
    assert!(world.damage(removed).await);
    let End::Reported(error) = end(&world, "copy").await else { panic!("a result from a journal with a gap") };
    assert!(error.contains(&removed.named) && error.contains("it is missing, and later records are there"), "{error}");
}

/// A parked instance whose error was removed ran again as if an operator had restarted it.
#[tokio::test(start_paused = true)]
async fn a_parked_instance_stays_parked_without_its_error() {
    let world = Halfway::new("copy", |records| records.len() == 3).await;
    let is_record_0 = |record: &Attributes| record.get("record") == Some(&AttributeValue::N("0".into()));
    let (table, record) = world.before().iter().find(|(_, item)| is_record_0(item)).expect("an intent").clone();
    let mut parked = record.clone();
    parked.insert("parked".to_owned(), AttributeValue::N("1735689600000".into()));
    let (named, place) = (String::new(), String::new());
    assert!(world.damage(&Damaged { table, original: record, item: Some(parked), named, place }).await);
    let rows = world.rows().await;
    let answer = world.call("copy").await;
    assert!(matches!(&answer, Err(ClientError::Refused(problem)) if problem.kind == ProblemKind::Parked), "{answer:?}");
    assert_eq!(world.rows().await, rows);
}

/// Of an instance that is done only the result counts. Whatever else is damaged, nothing is done again.
#[tokio::test(start_paused = true)]
async fn results() {
    let world = Halfway::done("copy").await;
    let after = world.rows().await;
    let records: Vec<_> = world.before().iter().filter(|(table, _)| table.ends_with("-journal")).cloned().collect();
    let of_record_0 = records.iter().filter(|(_, record)| record["record"] == AttributeValue::N("0".into()));
    let mut reported = 0;
    for damaged in of_record_0.flat_map(|(table, record)| variants(table, record)) {
        if !world.damage(&damaged).await {
            continue;
        }
        let answer = world.client().call(copy("source".into(), "copy".into())).idempotency_key("k").await;
        world.settle().await;
        assert_eq!(world.rows().await, after, "{}: something was done again", damaged.place);
        match answer {
            Ok(result) => assert_eq!(result, 60, "{}", damaged.place),
            Err(ClientError::Refused(problem)) if problem.kind == ProblemKind::Damaged => reported += 1,
            Err(ClientError::Refused(problem)) => {
                // The instance no longer says that it belongs to this call.
                assert_eq!(problem.kind, ProblemKind::IdempotencyKeyReused, "{}: {problem}", damaged.place);
            }
            Err(other) => panic!("{}: {other}", damaged.place),
        }
        let determined = ["result", "done", "result_checksum"];
        if determined.iter().any(|name| damaged.place.starts_with(name)) {
            let status = world.client().status::<copy>(instance_of("copy")).await;
            assert!(matches!(status, Err(ClientError::Refused(_))), "{}: {status:?}", damaged.place);
        }
    }
    assert!(reported > 20, "{reported} damages were reported");
}

/// The entry of a write lies in a segment. Whoever did not find it there would write again.
#[tokio::test(start_paused = true)]
async fn segments() {
    let world = Halfway::with_segment().await;
    let segments = world.before().iter().filter(|(_, item)| item.contains_key("log"));
    let mut tried = 0;
    for damaged in segments.flat_map(|(table, segment)| variants(table, segment)).collect::<Vec<_>>() {
        if !world.damage(&damaged).await {
            continue;
        }
        let answer = world.client().call(services::add("tea".into())).idempotency_key("first").await;
        let Err(ClientError::Refused(problem)) = answer else { panic!("{}: {answer:?}", damaged.place) };
        assert_eq!(problem.kind, ProblemKind::Damaged, "{problem}");
        assert!(problem.detail.contains("the segment of row accounts"), "{problem}");
        assert_eq!(world.balance("tea").await, 3, "{}: it was added again", damaged.place);
        tried += 1;
    }
    assert!(tried > 30, "{tried} damages were tried");
}
