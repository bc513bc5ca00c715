//! Caller and callee disagree: a typed error where the call is made, nothing half-done, and no replay that goes wrong
//! when they agree again.

use std::sync::atomic::Ordering;

use beldi::prelude::*;
use beldi::{ClientError, InstanceId, Problem, ProblemKind, Status};

use crate::travel::{TYPES_ARE_MENDED, wrong};
use crate::{Bench, hotel, travel};

fn refusal<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Problem {
    match answer {
        Err(ClientError::Refused(problem)) => *problem,
        other => panic!("expected a refusal, not {other:?}"),
    }
}

fn id(function: &str) -> InstanceId {
    InstanceId::from_idempotency_key("travel", function, "1")
}

#[tokio::test(start_paused = true)]
async fn a_client_is_told_both_signatures_and_nothing_is_done() {
    let bench = Bench::new().await;
    let call = wrong::reserve("ritz".to_owned());
    let problem = refusal(bench.client.call(call).idempotency_key("1").await);
    assert_eq!((problem.kind, problem.kind.as_str()), (ProblemKind::ContractMismatch, "contract-mismatch"));
    assert_eq!((problem.service.as_str(), problem.function.as_str()), ("hotel", "reserve"));
    for signature in [hotel::reserve::SIGNATURE, wrong::reserve::SIGNATURE] {
        assert!(problem.detail.contains(signature), "{}", problem.detail);
    }
    let instance = InstanceId::from_idempotency_key("hotel", "reserve", "1");
    assert_eq!(problem.instance, Some(instance));
    assert!(bench.client.status::<hotel::reserve>(instance).await.expect("an answer").is_none());
    assert!(
        refusal(bench.client.start(wrong::reserve("ritz".to_owned())).await).detail.contains("Result<u64, SoldOut>")
    );
    assert_eq!(bench.free("ritz").await, 3);
}

#[tokio::test(start_paused = true)]
async fn the_caller_goes_on_when_they_agree_again() {
    let bench = Bench::new().await;
    bench.differs(Some(("reserve", "")));
    let book = || travel::book("ada".to_owned(), "ritz".to_owned());
    let problem = refusal(bench.client.call(book()).idempotency_key("1").await);
    assert_eq!((problem.kind, problem.step.as_deref()), (ProblemKind::CalleeFailed, Some("2")));
    assert!(problem.detail.contains(hotel::reserve::SIGNATURE), "{problem}");
    assert_eq!((bench.booked("ada").await, bench.free("ritz").await), (1, 3));
    assert!(matches!(bench.client.status::<travel::book>(id("book")).await, Ok(Some(Status::Running { .. }))));

    bench.differs(None);
    bench.settle().await;
    assert_eq!(bench.client.result::<travel::book>(id("book")).await.expect("an answer"), Some(Ok(2)));
    assert_eq!((bench.booked("ada").await, bench.free("ritz").await), (11, 2));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_nobody_mends_is_parked_and_can_be_restarted() {
    let bench = Bench::new().await;
    let problem = refusal(bench.client.call(travel::book_wrongly("ada".to_owned())).idempotency_key("1").await);
    assert_eq!(problem.kind, ProblemKind::CalleeFailed);
    bench.settle().await;
    let parked = bench.client.parked("travel").await.expect("a list");
    let [(instance, error)] = parked.as_slice() else { panic!("one parked instance, not {parked:?}") };
    assert_eq!(*instance, id("book_wrongly"));
    assert!(error.contains("the caller has another contract of hotel/reserve"), "{error}");
    assert_eq!((bench.booked("ada").await, bench.free("ritz").await), (1, 3));
    assert!(bench.client.restart("travel", *instance).await.expect("an answer"));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_rolled_back_and_tried_again() {
    let bench = Bench::new().await;
    bench.differs(Some(("reserve", "savoy")));
    let both = travel::book_both("ada".to_owned(), "ritz".to_owned(), "savoy".to_owned());
    bench.client.call(both).idempotency_key("1").await.expect_err("a mismatch");
    assert_eq!(beldi::testing::locked_rows(&bench.host).await.expect("rows"), Vec::<String>::new());
    assert_eq!((bench.free("ritz").await, bench.free("savoy").await, bench.booked("ada").await), (3, 3, 0));

    bench.differs(None);
    bench.settle().await;
    assert_eq!(bench.client.result::<travel::book_both>(id("book_both")).await.expect("an answer"), Some(Ok(4)));
    assert_eq!((bench.free("ritz").await, bench.free("savoy").await, bench.booked("ada").await), (2, 2, 2));
}

/// The coordinator's callee was told by its own callee that the contract differs. It said `unavailable`, so nobody
/// decided: the rows of all services stayed locked until the two sides agreed again, or an operator came.
#[tokio::test(start_paused = true)]
async fn a_transaction_is_rolled_back_when_a_participant_is_refused() {
    let bench = Bench::new().await;
    bench.differs(Some(("reserve", "savoy")));
    let error =
        bench.client.call(travel::book_through("ada".to_owned())).idempotency_key("1").await.expect_err("a mismatch");
    assert!(error.to_string().contains(hotel::reserve::SIGNATURE), "{error}");
    assert_eq!(beldi::testing::locked_rows(&bench.host).await.expect("rows"), Vec::<String>::new());
    assert_eq!((bench.free("ritz").await, bench.free("savoy").await, bench.booked("ada").await), (3, 3, 0));

    bench.differs(None);
    bench.settle().await;
    assert_eq!(bench.client.result::<travel::book_through>(id("book_through")).await.expect("an answer"), Some(Ok(4)));
    assert_eq!((bench.free("ritz").await, bench.free("savoy").await, bench.booked("ada").await), (2, 2, 1));
}

/// A detached call is refused like any other: it is not taken down, and the caller's step is still to be made.
#[tokio::test(start_paused = true)]
async fn a_detached_call_is_placed_when_they_agree_again() {
    let bench = Bench::new().await;
    bench.differs(Some(("clean", "")));
    let leave = travel::leave("ritz".to_owned());
    let error = bench.client.call(leave).idempotency_key("1").await.expect_err("a mismatch");
    assert!(error.to_string().contains(hotel::clean::SIGNATURE), "{error}");
    assert_eq!(bench.free("ritz").await, 3);

    bench.differs(None);
    bench.settle().await;
    assert_eq!(bench.client.result::<travel::leave>(id("leave")).await.expect("an answer"), Some(()));
    assert_eq!(bench.free("ritz").await, 4);
}

/// What a transaction holds back is delivered by the record of its decision, which carries the contract too.
#[tokio::test(start_paused = true)]
async fn a_call_that_was_held_back_is_placed_when_they_agree_again() {
    let bench = Bench::new().await;
    bench.differs(Some(("clean", "")));
    let change = travel::change("ada".to_owned(), "ritz".to_owned());
    bench.client.call(change).idempotency_key("1").await.expect_err("a mismatch");
    assert_eq!((bench.booked("ada").await, bench.free("ritz").await), (1, 2), "committed, and not cleaned");

    bench.differs(None);
    bench.settle().await;
    assert_eq!(bench.client.result::<travel::change>(id("change")).await.expect("an answer"), Some(Ok(2)));
    assert_eq!((bench.booked("ada").await, bench.free("ritz").await), (1, 3), "cleaned once");
}

/// A caller that relies on a result for longer than it is kept would let the callee run twice.
#[tokio::test(start_paused = true)]
async fn a_caller_that_relies_on_results_for_too_long_is_refused() {
    let bench = Bench::new().await;
    let problem = refusal(bench.client.call(travel::leave_and_rely("ritz".to_owned())).await);
    assert!(problem.detail.contains("relies on results of hotel/clean for 604800000 ms"), "{problem}");
    assert!(problem.detail.contains("kept for 86400000 ms"), "{problem}");
    assert_eq!(bench.free("ritz").await, 3);
}

/// The signatures agree, and serde does not: the callee has run, and must not run again.
#[tokio::test(start_paused = true)]
async fn a_result_of_another_form_is_named_and_read_again_by_new_code() {
    let bench = Bench::new().await;
    TYPES_ARE_MENDED.store(false, Ordering::SeqCst);
    let error = bench.client.call(travel::reserve("carlton".to_owned())).await.expect_err("another form");
    let ClientError::UnexpectedResult { service: "hotel", function: "reserve", .. } = error else {
        panic!("{error:?}")
    };
    let book = || travel::book("ada".to_owned(), "carlton".to_owned());
    let problem = refusal(bench.client.call(book()).idempotency_key("1").await);
    assert_eq!((problem.kind, problem.step.as_deref()), (ProblemKind::InvalidData, Some("2")));
    let callee = bench.seen("reserve").last().expect("a call").instance;
    let expected = format!("the result of hotel/reserve instance {callee} is not what the caller expects");
    assert!(problem.detail.contains("travel/book instance") && problem.detail.contains(&expected), "{problem:?}");
    let parked = bench.client.parked("travel").await.expect("a list");
    assert_eq!(parked.iter().map(|(instance, _)| *instance).collect::<Vec<_>>(), [id("book")]);

    TYPES_ARE_MENDED.store(true, Ordering::SeqCst);
    assert!(bench.client.restart("travel", id("book")).await.expect("an answer"));
    bench.settle().await;
    assert_eq!(bench.client.result::<travel::book>(id("book")).await.expect("an answer"), Some(Ok(1)));
    assert_eq!((bench.booked("ada").await, bench.free("carlton").await), (11, 1));
}
