//! What no record can hold, with nothing left locked.

use std::time::Duration;

use beldi::prelude::*;
use beldi::{ClientError, ProblemKind, Settings};

use crate::{Depot, Refused, Shop, Stock, assert_nothing_locked, filled_host, take};

#[beldi::function(service = Shop)]
async fn fill_with_notes(articles: Vec<String>, bytes: usize) {
    for article in &articles {
        Stock::update(article).append(Stock::NOTES, ["x".repeat(bytes)]).await;
    }
}

/// Writes little, and leaves much.
#[beldi::function(service = Shop)]
async fn append_to_all(articles: Vec<String>) -> Result<(), Refused> {
    beldi::txn! {
        for article in &articles {
            Stock::update(article).append(Stock::NOTES, ["y".to_owned()]).await;
        }
        Ok(())
    }
}

#[beldi::function(service = Depot)]
async fn keep(text: String) -> usize {
    text.len()
}

#[beldi::function(service = Shop)]
async fn detach_much(calls: u32) -> Result<(), Refused> {
    beldi::txn! {
        take("tea", 1).await?;
        for _ in 0..calls {
            keep("x".repeat(100_000)).detach().await;
        }
        Ok(())
    }
}

/// What a transaction leaves in rows and calls was not measured: its decision fitted into no record, no attempt came
/// to an end, and its rows stayed locked.
#[tokio::test(start_paused = true)]
async fn a_decision_that_fits_into_no_record_is_refused() {
    let host = filled_host(Settings::default()).await;
    let client = host.client();
    let articles: Vec<String> = ["tea", "milk", "coffee"].map(str::to_owned).to_vec();
    client.call(fill_with_notes(articles.clone(), 200_000)).await.expect("notes");
    assert_too_large(client.call(append_to_all(articles)).await);
    assert_too_large(client.call(detach_much(3)).await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_nothing_locked(&host).await;
    assert_eq!(client.call(detach_much(1)).await.expect("a result"), Ok(()), "less fits");
}

fn assert_too_large<T: std::fmt::Debug>(answer: Result<T, ClientError>) {
    match answer {
        Err(ClientError::Refused(problem)) => assert_eq!(problem.kind, ProblemKind::TooLarge, "{problem}"),
        answer => panic!("not refused: {answer:?}"),
    }
}
