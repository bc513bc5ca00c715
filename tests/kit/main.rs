//! The kit itself: what `#[beldi::test]` runs, finds, makes small and replays.

mod replays;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use beldi::prelude::*;
use beldi::testing::{Case, Contest, CrashMatrix, Disturbance, Interleavings, Trial, happens};

beldi::service!(Shop = "shop");
beldi::service!(Post = "post");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "stock")]
struct Stock {
    #[beldi(partition_key)]
    article: String,
    free: i64,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Post, table = "parcels")]
struct Parcel {
    #[beldi(partition_key)]
    article: String,
    sent: i64,
}

fn stock(article: &str, free: i64) -> Stock {
    Stock { article: article.into(), free }
}

#[beldi::function(service = Post)]
async fn send(article: String) -> i64 {
    let mut parcel = Parcel::get(&article).await.unwrap_or(Parcel { article, sent: 0 });
    parcel.sent += 1;
    parcel.put().await;
    parcel.sent
}

#[beldi::function(service = Shop)]
async fn sell(article: String) -> i64 {
    Stock::update(&article).add(Stock::FREE, -1).await;
    send(article).await
}

#[beldi::function(service = Shop)]
async fn sell_later(article: String) {
    Stock::update(&article).add(Stock::FREE, -1).await;
    send(article).detach().await;
}

#[beldi::function(service = Shop)]
async fn exchange(give: String, take: String) -> Result<i64, String> {
    beldi::txn! {
        let mut given = Stock::get(&give).await.ok_or("no such article")?;
        given.free += 1;
        given.put().await;
        let one_less = Stock::update(&take).add(Stock::FREE, -1).when(Stock::FREE.ge(1));
        one_less.await.map_err(|_| "sold out".to_owned())?;
        send(take.clone()).detach().await;
        Ok(given.free + send(give.clone()).await)
    }
}

/// Tells the post twice if it is run twice.
#[beldi::function(service = Shop)]
async fn call_the_post(article: String) {
    let call = |_key| async {
        happens("a call", None);
        Ok::<(), String>(())
    };
    let _ = beldi::external("call", call).await;
    Stock::update(&article).add(Stock::FREE, -1).await;
}

#[beldi::test(crash = "everywhere", seeds = 10)]
async fn what_is_right_passes_all(trial: Trial) {
    trial.given([stock("tea", 5), stock("milk", 5)]).await;
    assert_eq!(trial.call(sell("tea".into())).await.expect("an answer"), 1);
    trial.call(sell_later("tea".into())).await.expect("an answer");
    trial.settle().await;
    assert_eq!(trial.rows::<Stock>().await, [stock("milk", 5), stock("tea", 3)]);
    assert_eq!(trial.row::<Parcel>("tea").await.expect("a row").sent, 2);
    assert_eq!(trial.row::<Parcel>("milk").await, None);
}

/// The handlers of transactions are audited too, with all that they call.
#[beldi::test(seeds = 30)]
async fn transactions_pass_too(trial: Trial) {
    trial.given([stock("tea", 5), stock("milk", 5)]).await;
    let there = exchange("tea".into(), "milk".into());
    let back = exchange("milk".into(), "tea".into());
    let (one, other) = trial.together(there, back).await;
    assert!(one.expect("an answer").is_ok() && other.expect("an answer").is_ok());
    trial.settle().await;
    assert_eq!(trial.rows::<Stock>().await, [stock("milk", 5), stock("tea", 5)]);
    let refused = trial.call(exchange("none".into(), "tea".into())).await.expect("an answer");
    assert_eq!(refused, Err("no such article".into()));
}

#[beldi::test]
async fn a_test_may_give_a_result(trial: Trial) -> Result<(), beldi::ClientError> {
    trial.given([stock("tea", 5)]).await;
    trial.call(sell("tea".into())).await?;
    Ok(())
}

#[beldi::test]
#[should_panic(expected = "the test gave an error: \"nothing is right\"")]
async fn an_error_fails_the_test(trial: Trial) -> Result<(), &'static str> {
    trial.settle().await;
    Err("nothing is right")
}

#[beldi::test]
#[should_panic(expected = "requests were sent, and at most 3 are allowed")]
async fn a_budget_that_is_exceeded_fails_the_test(trial: Trial) {
    trial.given([stock("tea", 5)]).await;
    trial.within_requests(3, trial.call(sell("tea".into()))).await.expect("an answer");
}

/// What a failing case says.
fn message_of(run: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(run).expect_err("the case fails");
    panic.downcast_ref::<String>().expect("a message").clone()
}

/// The schedule that a failing case tells to replay.
fn schedule_of(message: &str) -> Vec<&str> {
    let (_, rest) = message.split_once("BELDI_REPLAY='").expect("a schedule");
    rest.split_once('\'').expect("its end").0.split_whitespace().collect()
}

/// The matrix compared what a scenario gave and left in tables, and not what happened outside.
#[tokio::test(start_paused = true)]
async fn the_matrix_sees_effects_outside() {
    let matrix = CrashMatrix::new(|trial: Trial| async move { trial.call(call_the_post("tea".into())).await.is_ok() });
    let report = matrix.only(&[Disturbance::Crash]).run().await;
    let failure = report.failures.first().expect("it calls again");
    assert!(failure.difference.contains("did `a call` 2 times, without an idempotency key"), "{report}");
    assert!(failure.difference.contains("outside happened [\"a call\", \"a call\"]"), "{report}");
    assert!(report.passed > 0, "{report}");
}

/// A point that a disturbed run does not come to counted as one that it has survived. It may miss one where a network
/// decides which request is first.
#[tokio::test(start_paused = true)]
async fn a_disturbance_that_never_comes_has_not_been_survived() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let matrix = CrashMatrix::new(|trial: Trial| async move {
        // Not by the trial, whose calls are compared.
        let calls = if RUNS.fetch_add(1, Ordering::SeqCst) == 0 { 2 } else { 1 };
        for _ in 0..calls {
            trial.client().call(look("tea".into())).await.expect("a result");
        }
    });
    let report = matrix.only(&[Disturbance::Crash]).run().await;
    assert!(report.passed > 0 && report.passed == report.failures.len(), "{report}");
    assert!(report.failures.iter().all(|failure| failure.missed), "{report}");
    assert!(report.failures.iter().all(|failure| failure.point.contains("not reached")), "{report}");
    let passes = std::panic::catch_unwind(|| report.assert_passed()).is_ok();
    assert_eq!(passes, std::env::var_os("BELDI_DYNAMODB_ENDPOINT").is_some(), "{report}");
}

/// The first failures that were shown had all missed their point, and a wrong row was not among them.
#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_shown_before_what_never_came() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let matrix = CrashMatrix::new(|trial: Trial| async move {
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            0 => assert_eq!(trial.client().call(look("tea".into())).await.expect("a result"), 0),
            1..4 => (),
            _ => trial.given([stock("tea", 1)]).await,
        }
    });
    let report = matrix.only(&[Disturbance::Crash, Disturbance::CrashAlone]).run().await;
    let missed = report.failures.iter().filter(|failure| failure.missed).count();
    assert!(missed == 3 && missed < report.failures.len(), "{report}");
    let text = report.to_string();
    assert!(text.contains("table `stock` holds"), "{text}");
    assert!(text.ends_with("3 of these only in that they did not come to their point"), "{text}");
    assert!(std::panic::catch_unwind(|| report.assert_passed()).is_err(), "{report}");
}

#[beldi::function(service = Shop, read_only)]
async fn look(article: String) -> i64 {
    Stock::get(&article).await.map_or(0, |stock| stock.free)
}

/// Of all that a random schedule does, only the one crash is left that matters.
#[test]
fn a_failing_schedule_is_made_small() {
    let message = message_of(|| {
        Case::new("kit::calls_once").in_package("beldi").seeds(300).run(|trial: Trial| async move {
            trial.given([stock("tea", 5)]).await;
            for article in ["tea", "milk"] {
                trial.call(sell(article.into())).await.expect("an answer");
            }
            trial.call(call_the_post("tea".into())).await.expect("an answer");
        });
    });
    let [seed, event] = schedule_of(&message)[..] else { panic!("not one event is left: {message}") };
    assert!(seed.starts_with("seed=") && event.contains('='), "{message}");
    assert!(message.contains("did `a call` 2 times, without an idempotency key"), "{message}");
    assert!(message.contains("cargo test --package beldi calls_once -- --exact --nocapture"), "{message}");
    assert!(message.contains("of shop/call_the_post (instance "), "{message}");
}

/// Disturbed runs are compared with the undisturbed one, and a body that counts its own runs differs.
#[test]
fn a_result_that_depends_on_the_disturbance_is_told() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let message = message_of(|| {
        Case::new("kit::counts_runs").everywhere().run(|trial: Trial| async move {
            let run = RUNS.fetch_add(1, Ordering::Relaxed);
            trial.given([stock("tea", run.into())]).await;
            trial.call(sell("tea".into())).await.expect("an answer");
        });
    });
    assert!(message.contains("table `stock` holds"), "{message}");
    assert_eq!(schedule_of(&message).len(), 2, "{message}");
}

/// A call with an id that is another one in each run, so that no run comes to the places of the one before. The schedule
/// that was told for it was that of an undisturbed run, which passes.
#[test]
fn a_body_that_is_another_one_in_each_run_is_told() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = || {
        Case::new("kit::another_each_time").everywhere().run(|trial: Trial| async move {
            let key = RUNS.fetch_add(1, Ordering::Relaxed).to_string();
            trial.client().call(look("tea".into())).idempotency_key(&key).await.expect("a result");
        });
    };
    let message = message_of(run);
    assert!(message.contains("is not the same in each run"), "{message}");
    let [seed, event] = schedule_of(&message)[..] else { panic!("no event is told: {message}") };
    assert!(seed == "seed=0" && event.ends_with("=crash"), "{message}");
}

/// A test that disturbs nothing has shown nothing.
#[test]
fn a_body_that_calls_nothing_is_told() {
    let message = message_of(|| {
        Case::new("kit::calls_nothing").everywhere().run(|trial: Trial| async move {
            trial.given([stock("tea", 5)]).await;
        });
    });
    assert!(message.contains("the test calls nothing that could be disturbed"), "{message}");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "no run was disturbed")]
async fn a_matrix_that_disturbs_nothing_fails() {
    let matrix = CrashMatrix::new(|trial: Trial| async move { trial.call(look("tea".into())).await.is_ok() });
    matrix.only(&[Disturbance::Outlive]).run().await.assert_passed();
}

/// What happens on another thread is in no run, and two charges there passed for one.
#[test]
fn what_happens_on_another_thread_is_told() {
    let other = std::thread::spawn(|| happens("a charge", None)).join();
    let panic = other.expect_err("nobody would see it");
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    assert!(message.is_some_and(|message| message.contains("and on its thread")), "{message:?}");
}

/// A random schedule is the same each time: the same ids, the same order of requests.
#[test]
fn a_seed_gives_the_same_run_each_time() {
    let seen = Mutex::new(Vec::new());
    for _ in 0..2 {
        Case::new("kit::same").seed(17).run(|trial: Trial| {
            let seen = &seen;
            async move {
                let (one, other) = trial.together(sell("tea".into()), sell("tea".into())).await;
                let id = trial.client().start(sell("milk".into())).await.expect("an id");
                let when = tokio::time::Instant::now();
                trial.settle().await;
                let took = when.elapsed();
                seen.lock().expect("one thread").push(format!("{one:?} {other:?} {id} {took:?}"));
            }
        });
    }
    let seen = seen.into_inner().expect("one thread");
    assert_eq!(seen.len(), 4, "undisturbed and by the seed, twice");
    assert_eq!(seen[..2], seen[2..]);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 2, "the seed changes something");
}

/// The command that a failing case prints, with the schedule of a stalled attempt.
#[test]
fn a_replay_prints_each_request_with_its_step_and_answer() {
    let this = std::env::current_exe().expect("the path of the test");
    let replay = |schedule: &str| {
        let mut command = Command::new(&this);
        command.args(["a_test_may_give_a_result", "--exact", "--nocapture"]).env("BELDI_REPLAY", schedule);
        let output = command.output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (passed, trace) = replay("seed=3 delays");
    assert!(passed, "{trace}");
    for line in ["begins: First", "step 1      UpdateItem stock article=tea -> done", "Invoke post/send  -> 1"] {
        assert!(trace.contains(line), "{line} in {trace}");
    }
    let instance = trace.split("shop/sell ").nth(1).expect("an instance").split(' ').next().expect("its digits");
    let (passed, trace) = replay(&format!("seed=3 {instance}.1.2a=stall"));
    assert!(passed, "{trace}");
    assert!(trace.contains("*** after `UpdateItem stock`: second attempt while the first is stalled"), "{trace}");
    assert!(trace.contains(&format!("shop/sell {instance} #2")), "{trace}");
    let (passed, _) = replay("seed=3 nonsense");
    assert!(!passed);
}

/// Two garbage collectors against DynamoDB Local overflowed the stack of their test, two megabytes: without optimisation
/// each frame below the body had a copy of it.
#[test]
fn a_body_may_be_large() {
    Case::new("kit::large").run(|trial: Trial| async move {
        let held = [1_u8; 150_000];
        trial.call(sell("tea".into())).await.expect("an answer");
        assert!(held.iter().all(|byte| *byte == 1));
    });
}

#[tokio::test(start_paused = true)]
async fn a_scenario_may_be_large() {
    let scenario = |contest: Contest| async move {
        let held = [1_u8; 150_000];
        contest.attempt("one", false, sell("tea".into())).await.map_err(|error| error.to_string())?;
        if held.iter().all(|byte| *byte == 1) { Ok(()) } else { Err("it is another one".to_owned()) }
    };
    Interleavings::new().interruptions(0).explore(scenario).await.assert_passed();
}

/// Clocks that pass half an hour at once kill who has begun before, at its next request; a moment less kills nobody.
#[tokio::test(start_paused = true)]
async fn attempts_die_of_age() {
    async fn answers(time: Duration) -> BTreeSet<bool> {
        let answers = Mutex::new(BTreeSet::new());
        let scenario = |contest: Contest| {
            let answers = &answers;
            async move {
                let attempt = contest.attempt("one", false, sell("tea".into()));
                let (answer, ()) = tokio::join!(attempt, contest.pass(time));
                answers.lock().expect("one thread").insert(answer.is_ok());
                Ok(())
            }
        };
        Interleavings::new().interruptions(1).explore(scenario).await.assert_passed();
        answers.into_inner().expect("one thread")
    }
    let half_an_hour = Duration::from_secs(1_800);
    assert_eq!(answers(half_an_hour).await, BTreeSet::from([false, true]));
    assert_eq!(answers(half_an_hour - Duration::from_millis(1)).await, BTreeSet::from([true]));
}
