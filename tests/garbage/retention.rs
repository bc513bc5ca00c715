//! How long results are kept, and what becomes of callers that come later.

use std::time::Duration;

use beldi::host::{HostError, LocalHost};
use beldi::testing::fresh_store;
use beldi::{Settings, SettingsError};
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

/// A caller dies when it has called, and is restarted when the callee's result is gone.
async fn calls_too_late<F: beldi::Function>(function: &'static str, made: beldi::Call<F>) -> LocalHost {
    let plan = match function {
        "call_pay" => Plan::new(
            |point| {
                !before(point, "call_pay", "")
                    && point.action.contains("Invoke")
                    && point.invocation.function == "call_pay"
            },
            1,
            Then::Crash,
        ),
        _ => Plan::new(
            |point| {
                !before(point, "detach_pay", "")
                    && point.action.contains("Invoke")
                    && point.invocation.function == "detach_pay"
            },
            1,
            Then::Crash,
        ),
    };
    let host = start(fresh_store().await.expect("a store"), settings(), Some(plan.clone())).await;
    assert!(try_call(&host.client(), "one", made).await.is_none());
    assert!(plan.has_struck());
    sleep(Duration::from_secs(120)).await;
    host.collect_garbage().await.expect("the store answers");
    host
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_too_old_is_parked_and_calls_nobody_anew() {
    for host in [
        calls_too_late("call_pay", call_pay("ann".into())).await,
        calls_too_late("detach_pay", detach_pay("ann".into())).await,
    ] {
        for _ in 0..4 {
            host.settle().await.expect("the store answers");
            sleep(Duration::from_millis(1200)).await;
            host.collect_garbage().await.expect("the store answers");
        }
        let parked = host.client().parked("shop").await.expect("the parked instances");
        assert!(parked.len() == 1 && parked[0].1.contains("keeps its results"), "{parked:?}");
        let accounts = format!("{:?}", items(&host, "accounts").await);
        assert!(accounts.contains("N(\"1\")"), "{accounts}");
    }
}

/// Whoever asked for an instance again before a collector had claimed it, when it was parked and restarted, made its
/// first attempt once more: it called what it had called before as if for the first time, and that ran anew.
#[tokio::test(start_paused = true)]
async fn a_restarted_caller_that_is_too_old_calls_nobody_anew() {
    let host = calls_too_late("call_pay", call_pay("ann".into())).await;
    host.settle().await.expect("the store answers");
    let instance = beldi::InstanceId::from_idempotency_key("shop", "call_pay", "one");
    assert!(host.client().restart("shop", instance).await.expect("an answer"));
    assert!(try_call(&host.client(), "one", call_pay("ann".into())).await.is_none());
    let accounts = format!("{:?}", items(&host, "accounts").await);
    assert!(accounts.contains("N(\"1\")"), "{accounts}");
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
