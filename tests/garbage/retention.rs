//! How long results are kept, and what becomes of callers that come later.

use std::time::Duration;

use beldi::host::{CrashPoint, HostError, LocalHost, When};
use beldi::store::AttributeValue;
use beldi::testing::fresh_store;
use beldi::{Delivery, InstanceId, Invocation, Invoker, Settings, SettingsError, World};
use tokio::time::sleep;

use crate::world::*;

#[tokio::test(start_paused = true)]
async fn a_function_says_how_long_its_results_are_kept() {
    let host = host().await;
    call(&host.client(), pay("ann".into())).await;
    call(&host.client(), deposit("ann".into())).await;
    reclaim(&host).await;
    assert_eq!(journal(&host, "bank").await.len(), 2);
    sleep(Duration::from_secs(62)).await;
    host.collect_garbage().await.expect("the store answers");
    let left = journal(&host, "bank").await;
    assert!(left.len() == 1 && left[0].contains("deposit"), "{left:#?}");
    sleep(Duration::from_secs(3600)).await;
    host.collect_garbage().await.expect("the store answers");
    assert_eq!(journal(&host, "bank").await, [""; 0]);
}

/// A host on which the first caller dies when it has called.
async fn dies_when_it_has_called() -> LocalHost {
    let called = |point: &CrashPoint| {
        let calls = ["call_pay", "detach_pay"].contains(&point.invocation.function.as_str());
        calls && point.when == When::After && point.action.contains("Invoke")
    };
    let plan = Plan::new(called, 1, Then::Crash);
    start(fresh_store().await.expect("a store"), settings(), Some(plan)).await
}

/// A caller dies when it has called, and is restarted when the callee's result is gone.
async fn calls_too_late<F: beldi::Function>(made: beldi::Call<F>) -> LocalHost {
    let host = dies_when_it_has_called().await;
    assert!(try_call(&host.client(), "one", made).await.is_none());
    sleep(Duration::from_secs(120)).await;
    host.collect_garbage().await.expect("the store answers");
    host
}

/// Whoever was to pay has, and not twice.
async fn is_paid_once(host: &LocalHost) {
    let accounts = format!("{:?}", items(host, "accounts").await);
    assert!(accounts.contains("N(\"1\")"), "{accounts}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_too_old_is_parked_and_calls_nobody_anew() {
    for host in [calls_too_late(call_pay("ann".into())).await, calls_too_late(detach_pay("ann".into())).await] {
        for _ in 0..4 {
            host.settle().await.expect("the store answers");
            sleep(Duration::from_millis(1200)).await;
            host.collect_garbage().await.expect("the store answers");
        }
        let parked = host.client().parked("shop").await.expect("the parked instances");
        assert!(parked.len() == 1 && parked[0].1.contains("keeps its results"), "{parked:?}");
        is_paid_once(&host).await;
    }
}

/// Whoever asked for an instance again before a collector had claimed it, when it was parked and restarted, made its
/// first attempt once more: it called what it had called before as if for the first time, and that ran anew.
#[tokio::test(start_paused = true)]
async fn a_restarted_caller_that_is_too_old_calls_nobody_anew() {
    let host = calls_too_late(call_pay("ann".into())).await;
    host.settle().await.expect("the store answers");
    let instance = InstanceId::from_idempotency_key("shop", "call_pay", "one");
    assert!(host.client().restart("shop", instance).await.expect("an answer"));
    assert!(try_call(&host.client(), "one", call_pay("ann".into())).await.is_none());
    is_paid_once(&host).await;
}

/// An accepted call whose first trigger has come to something, and another one so late that the result is gone of what
/// it has called.
#[tokio::test(start_paused = true)]
async fn a_late_trigger_of_a_caller_that_is_too_old_calls_nobody_anew() {
    let host = dies_when_it_has_called().await;
    let start_ms = clock().now_ms();
    let instance = host.client().start(call_pay("ann".into())).await.expect("an id");
    sleep(Duration::from_secs(120)).await;
    host.collect_garbage().await.expect("the store answers");
    assert_eq!(journal(&host, "bank").await, [""; 0]);
    let (service, function, arguments) = ("shop".to_owned(), "call_pay".to_owned(), arguments(&host, instance).await);
    let delivery = Delivery::Accepted { start_ms };
    let (caller, transaction, contract) = (None, None, None);
    let late = Invocation { service, function, instance, arguments, caller, delivery, transaction, contract };
    host.invoke(late).await.expect_err("nobody knows whether it has paid");
    is_paid_once(&host).await;
}

/// What an instance of the shop was called with.
async fn arguments(host: &LocalHost, instance: InstanceId) -> String {
    let instance = AttributeValue::S(instance.to_string());
    let records = items(host, "shop-journal").await;
    let intent = records.iter().find(|record| record.get("instance") == Some(&instance)).expect("it is open");
    match intent.get("arguments") {
        Some(AttributeValue::S(arguments)) => arguments.clone(),
        other => panic!("{other:?}"),
    }
}

/// Where nothing is left of it but its result, it would begin anew.
#[tokio::test(start_paused = true)]
async fn a_call_that_was_accepted_and_is_done_is_not_accepted_again() {
    let host = dies_when_it_has_called().await;
    assert!(try_call(&host.client(), "one", detach_pay("ann".into())).await.is_none());
    sleep(Duration::from_secs(10)).await;
    assert_eq!(try_call(&host.client(), "one", detach_pay("ann".into())).await, Some(()));
    sleep(Duration::from_secs(10)).await;
    is_paid_once(&host).await;
}

/// A participant that was told the decision, marked as done and reclaimed is told again: when its records are gone, and
/// when its result is gone too.
async fn told_again(refuse: bool, after_s: u64) {
    // The coordinator dies before it is marked as done.
    let plan = Plan::new(|point| before(point, "buy", "UpdateItem shop-journal"), 1, Then::Crash);
    let host = start(fresh_store().await.expect("a store"), settings(), Some(plan.clone())).await;
    let buy = || buy("tea".into(), "ann".into(), refuse);
    let _ = try_call(&host.client(), "one", buy()).await;
    for _ in 0..after_s {
        sleep(Duration::from_secs(1)).await;
        host.collect_garbage().await.expect("the store answers");
    }
    assert!(plan.has_struck());
    let left = journal(&host, "bank").await;
    assert!(left.iter().all(|record| !record.contains("prepared")), "{left:#?}");
    assert_eq!(left.len(), usize::from(after_s < 60), "{left:#?}");
    host.settle().await.expect("the store answers");
    let answer = try_call(&host.client(), "one", buy()).await;
    assert_eq!(answer, Some(if refuse { Err(Refused) } else { Ok(1) }));
    assert_eq!(host.client().parked("shop").await.expect("the parked"), []);
    let accounts = format!("{:?}", items(&host, "accounts").await);
    assert_eq!(accounts.contains("N(\"1\")"), !refuse, "{accounts}");
    reclaim_all(&host).await;
    assert_eq!(leftovers(&host).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_is_told_again_after_the_participant_is_gone_is_acknowledged() {
    for refuse in [false, true] {
        told_again(refuse, 10).await;
        told_again(refuse, 200).await;
    }
}

#[tokio::test(start_paused = true)]
async fn settings_that_do_not_fit_together_are_refused() {
    let refused = |settings: Settings| async move {
        let host = LocalHost::builder(fresh_store().await.expect("a store")).settings(settings).start().await;
        match host.err() {
            Some(HostError::Settings(errors)) => errors,
            other => panic!("{other:?}"),
        }
    };
    let short = Settings { longest_timeout: Duration::from_secs(60), ..Settings::default() };
    let errors = refused(Settings { retention: Duration::from_secs(129), ..short.clone() }).await;
    assert_eq!(errors.len(), 3, "the settings, `pay` and `close`: {errors:?}");
    assert!(matches!(&errors[0], SettingsError::Retention { shortest, .. } if *shortest == Duration::from_secs(130)));
    let errors = refused(Settings { timeout: Duration::from_secs(61), ..short }).await;
    assert!(matches!(&errors[0], SettingsError::Timeout { longest, .. } if *longest == Duration::from_secs(60)));
    assert!(errors[0].to_string().contains("raise `longest_timeout`"), "{}", errors[0]);
    for log_entries in [0, 129] {
        let errors = refused(Settings { log_entries, ..Settings::default() }).await;
        assert_eq!(errors.last(), Some(&SettingsError::LogEntries { entries: log_entries, most: 128 }));
    }
}
