//! Interleavings of transactions: two attempts of one, with others on the same rows.
//!
//! Each test takes a random sample, the same in every run; `cargo xtask interleave` runs all in which attempts are
//! interrupted a few times at most; never, in one of them.

#[path = "../common/interleavings.rs"]
mod interleavings;
mod rows;
mod shop;

use std::time::Duration;

use beldi::InstanceId;
use beldi::prelude::*;
use beldi::testing::{Contest, Interleavings};
use interleavings::all_or;
use rows::Rows;
use shop::*;

/// A test over the interleavings of a scenario: with logs that are full all the time, and half of the time.
macro_rules! interleaved {
    ($($(#[$doc:meta])* $test:ident $(, $how:ident($($argument:expr)?))?: |$rows:ident| $scenario:expr;)+) => {$(
        $(#[$doc])*
        #[tokio::test(start_paused = true)]
        async fn $test() {
            for entries in [1, 2] {
                let sample = |all: Interleavings| all.sample(20_201_104 + entries as u64, 80);
                let interleavings = all_or(sample, Interleavings::new().log_entries(entries));
                let explored = interleavings$(.$how($($argument)?))?.explore(|contest: Contest| async move {
                    let $rows = Rows::filled(contest).await;
                    $scenario
                });
                let explored = explored.await;
                println!("{}, {entries} entries: {explored}", stringify!($test));
                explored.assert_passed();
            }
        }
    )+};
}

fn one_of<T: PartialEq + std::fmt::Debug>(found: &T, serial: &[T]) -> Result<(), String> {
    if serial.contains(found) { Ok(()) } else { Err(format!("no serial order gives {found:?}")) }
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("found {found:?}, expected {expected:?}")) }
}

interleaved! {
    two_attempts_of_a_transaction: |rows| {
        let (one, other) = rows.names();
        same(&rows.twice(|| shift(one.clone(), other.clone(), 2)).await?, &Ok((8, 12)))?;
        rows.left((8, 12), 10).await
    };

    two_attempts_of_a_transaction_that_only_writes: |rows| {
        let (one, other) = rows.names();
        rows.twice(|| set_both(one.clone(), other.clone(), 1)).await?.map_err(|_| "refused")?;
        rows.left((1, 19), 10).await
    };

    against_a_younger_transaction_in_the_other_order: |rows| {
        let (one, other) = rows.names();
        let (twice, younger) = tokio::join!(
            rows.twice(|| shift(one.clone(), other.clone(), 2)),
            rows.younger(shift(other.clone(), one.clone(), 3)),
        );
        let serial = [(Ok((8, 12)), Ok((9, 11))), (Ok((11, 9)), Ok((7, 13)))];
        one_of(&(twice?, younger?), &serial)?;
        rows.left((11, 9), 10).await
    };

    against_an_older_transaction_in_the_other_order: |rows| {
        let (one, other) = rows.names();
        let later = async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            rows.twice(|| shift(one.clone(), other.clone(), 2)).await
        };
        let (twice, older) = tokio::join!(later, rows.beside(shift(other.clone(), one.clone(), 3)));
        let serial = [(Ok((8, 12)), Ok((9, 11))), (Ok((11, 9)), Ok((7, 13)))];
        one_of(&(twice?, older?), &serial)?;
        rows.left((11, 9), 10).await
    };

    a_body_that_depends_on_the_time, time_passes(): |rows| {
        let (one, other) = rows.names();
        let (left, there) = rows.twice(|| shift_by_time(one.clone(), other.clone())).await?.map_err(|_| "refused")?;
        rows.left((left, there), 10).await
    };

    a_participant_that_is_told_while_it_runs: |rows| {
        let (one, other) = rows.names();
        let (older, bought) = tokio::join!(
            rows.beside(shift(one.clone(), other.clone(), 1)),
            rows.younger(buy_at_once(one.clone(), 2)),
        );
        one_of(&(older?, bought?), &[(Ok((9, 11)), Ok((7, 8))), (Ok((7, 11)), Ok((8, 8)))])?;
        rows.left((7, 11), 8).await
    };

    two_attempts_of_a_coordinator_with_a_participant: |rows| {
        let (one, _) = rows.names();
        same(&rows.twice(|| buy(one.clone(), 4)).await?, &Ok((6, 6)))?;
        rows.left((6, 10), 6).await
    };

    two_attempts_of_a_participant: |rows| {
        let (one, _) = rows.names();
        let (paid, ()) =
            tokio::join!(rows.beside(pay(one.clone(), 3, false)), rows.contest.repetition_of::<charge>());
        same(&paid?, &Ok(7))?;
        rows.left((10, 10), 7).await
    };

    two_attempts_of_a_participant_that_is_rolled_back: |rows| {
        let (one, _) = rows.names();
        let (paid, ()) =
            tokio::join!(rows.beside(pay(one.clone(), 3, true)), rows.contest.repetition_of::<charge>());
        same(&paid?, &Err(Refused))?;
        rows.left((10, 10), 10).await
    };

    two_attempts_of_a_participant_that_depends_on_the_time, time_passes(): |rows| {
        let (one, _) = rows.names();
        let (paid, ()) =
            tokio::join!(rows.beside(pay_by_time(one)), rows.contest.repetition_of::<charge_by_time>());
        let balance = paid?.map_err(|_| "refused")?;
        rows.left((10, 10), balance).await
    };

    an_operator_rolls_back_what_still_runs: |rows| {
        let (one, _) = rows.names();
        let operator = async {
            rows.contest.seen::<charge>().await;
            let coordinator = InstanceId::from_idempotency_key(Shop::NAME, pay_and_take::NAME, "beside");
            rows.contest.client().roll_back(Shop::NAME, coordinator).await
        };
        // Whatever the operator is told: another try follows.
        let (paid, _) = tokio::join!(rows.beside(pay_and_take(one, 4)), operator);
        same(&paid?, &Ok((6, 6)))?;
        rows.left((6, 10), 6).await
    };

    two_participants_on_one_row: |rows| {
        let (one, _) = rows.names();
        let (older, younger) =
            tokio::join!(rows.beside(pay(one.clone(), 3, false)), rows.younger(pay(one.clone(), 1, false)));
        one_of(&(older?, younger?), &[(Ok(7), Ok(6)), (Ok(6), Ok(9))])?;
        rows.left((10, 10), 6).await
    };

    // Seed 342 of the simulation: the coordinator took the lock off without ending the acquisition of the participant that
    // had only read the row. A zombie of it took the row for ever.
    a_row_that_is_handed_over_twice: |rows| {
        let (one, _) = rows.names();
        let (seen, ()) = tokio::join!(rows.beside(hand_over(one)), rows.contest.repetition_of::<see>());
        same(&seen?, &Ok(12))?;
        rows.left((12, 10), 10).await
    };

    // The same with the participants in the other order: the one that changed the row could never be told of the commit,
    // because the lock was gone, and its transaction never ended.
    a_row_that_is_handed_over_to_be_looked_at_first: |rows| {
        let (one, _) = rows.names();
        let (seen, ()) =
            tokio::join!(rows.beside(hand_over_to_look_first(one)), rows.contest.repetition_of::<see>());
        same(&seen?, &Ok(11))?;
        rows.left((12, 10), 10).await
    };

    // Which of the two branches took the row, or both, once depended on which was answered first: an attempt that came
    // later went another way through what was recorded, and the instance was parked with its rows locked.
    a_row_that_is_written_before_its_branches: |rows| {
        let (one, _) = rows.names();
        same(&rows.twice(|| add_before_branches(one.clone(), 2)).await?, &Ok((8, 12)))?;
        rows.left((12, 10), 8).await
    };

    // A call that dies leaves the rows in the journal that it took before. A later attempt did not ask for them in a try
    // that was carried out, and the instance was parked. There are too many with an interruption.
    a_row_that_is_written_before_a_call_that_dies, interruptions(0): |rows| {
        let (one, _) = rows.names();
        let younger = async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            rows.twice(|| add_before_branches(one.clone(), 2)).await
        };
        let (older, younger) = tokio::join!(rows.beside(withdraw(one.clone(), 1)), younger);
        one_of(&(older?, younger?), &[(Ok(9), Ok((7, 12))), (Ok(7), Ok((8, 12)))])?;
        rows.left((12, 10), 7).await
    };

    // The same with the write in one of the branches.
    a_row_that_is_written_in_a_branch: |rows| {
        let (one, other) = rows.names();
        same(&rows.twice(|| add_in_a_branch(one.clone(), other.clone(), 2)).await?, &Ok((8, 10)))?;
        rows.left((12, 10), 8).await
    };

    // A branch that puts a record was not polled any more when another one had died, and the decision waited for it
    // until the attempt was out of time.
    a_branch_dies_while_another_puts_a_record: |rows| {
        let (one, other) = rows.names();
        let (older, younger) = tokio::join!(
            rows.beside(shift(other.clone(), one.clone(), 1)),
            rows.younger(charge_and_glance(one.clone(), other.clone())),
        );
        one_of(&(older?, younger?), &[(Ok((9, 11)), Ok((9, -1))), (Ok((9, 11)), Ok((10, 0)))])?;
        rows.left((11, 9), 0).await.or(rows.left((11, 9), -1).await)
    };

    a_plain_write_against_a_transaction: |rows| {
        let (one, other) = rows.names();
        let (twice, added) =
            tokio::join!(rows.twice(|| shift(one.clone(), other.clone(), 2)), rows.beside(add(one.clone(), 100)));
        added?;
        one_of(&twice?, &[Ok((8, 12)), Ok((108, 12))])?;
        rows.left((108, 12), 10).await
    };

    a_rollback_with_a_zombie_and_a_plain_write: |rows| {
        let (one, other) = rows.names();
        // The second row would be below zero.
        let (twice, added) =
            tokio::join!(rows.twice(|| shift(one.clone(), other.clone(), -11)), rows.beside(add(one.clone(), 1)));
        added?;
        same(&twice?, &Err(Refused))?;
        rows.left((11, 10), 10).await
    };

    readers_see_both_rows_or_neither: |rows| {
        let (one, other) = rows.names();
        let (twice, moved) = tokio::join!(
            rows.twice(|| look(one.clone(), other.clone())),
            rows.younger(shift(one.clone(), other.clone(), 2)),
        );
        moved?.map_err(|_| "refused")?;
        one_of(&twice?, &[Ok((10, 10)), Ok((8, 12))])?;
        rows.left((8, 12), 10).await
    };

    readers_against_plain_writes: |rows| {
        let (one, other) = rows.names();
        let (twice, added) = tokio::join!(
            rows.twice(|| look(one.clone(), other.clone())),
            rows.younger(add_to_both(one.clone(), other.clone())),
        );
        added?;
        one_of(&twice?, &[Ok((10, 10)), Ok((11, 10)), Ok((11, 11))])?;
        rows.left((11, 11), 10).await
    };
}
