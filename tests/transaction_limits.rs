//! What a transaction may have at most: as much goes through, one more is refused with nothing done, nothing held.

use beldi::host::LocalHost;
use beldi::prelude::*;
use beldi::testing::{fresh_store, locked_rows};
use beldi::{ClientError, ProblemKind, VirtualWorld};

beldi::service!(Shop = "shop");
beldi::service!(Notes = "notes");

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Shop, table = "entries")]
struct Entry {
    #[beldi(partition_key)]
    number: u32,
    text: String,
}

#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Notes, table = "marks")]
struct Mark {
    #[beldi(partition_key)]
    number: u32,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Refused;

#[beldi::function(service = Shop)]
async fn write_rows(rows: u32) -> Result<u32, Refused> {
    beldi::txn! {
        for number in 0..rows {
            Entry { number, text: String::new() }.put().await;
        }
        Ok(rows)
    }
}

/// Every row is held before the one is asked for that is too much.
#[beldi::function(service = Shop)]
async fn read_rows(rows: u32) -> Result<u32, Refused> {
    beldi::txn! {
        for number in 0..rows {
            Entry::get(number).await;
        }
        Ok(rows)
    }
}

#[beldi::function(service = Shop)]
async fn write_bytes(bytes: u32) -> Result<u32, Refused> {
    beldi::txn! {
        Entry::get(0).await;
        for number in 0..8 {
            Entry { number, text: "x".repeat(bytes as usize / 8) }.put().await;
        }
        Ok(bytes)
    }
}

#[beldi::function(service = Notes)]
async fn mark(number: u32) {
    Mark { number }.put().await;
}

#[beldi::function(service = Shop)]
async fn call(calls: u32) -> Result<u32, Refused> {
    beldi::txn! {
        Entry { number: 0, text: String::new() }.put().await;
        for number in 0..calls {
            mark(number).await;
        }
        Ok(calls)
    }
}

#[beldi::function(service = Shop)]
async fn look(from: u32, rows: u32) -> u32 {
    for number in from..from + rows {
        Entry::get(number).await;
    }
    rows
}

/// Participants of the coordinator's own service hold rows on their side, and only those that they have changed on its.
#[beldi::function(service = Shop)]
async fn read_and_let_read(rows: u32) -> Result<u32, Refused> {
    beldi::txn! {
        let seen = look(0, 100).await + look(100, 100).await;
        for number in 200..200 + rows {
            Entry::get(number).await;
        }
        Ok(seen + rows)
    }
}

#[beldi::function(service = Shop, read_only)]
async fn entries() -> usize {
    Entry::scan().limit(1_000).await.items.len()
}

#[beldi::function(service = Notes, read_only)]
async fn marks() -> usize {
    Mark::scan().limit(1_000).await.items.len()
}

async fn host() -> LocalHost {
    let builder = LocalHost::builder(fresh_store().await.expect("a store")).world(VirtualWorld::new(0));
    builder.collect_every(None).start().await.expect("a host")
}

/// The typed error names the limit, the function and the instance, and all is as it was before.
async fn refused_with(host: &LocalHost, call: beldi::Call<impl Function<Output: std::fmt::Debug>>, limit: &str) {
    let refused = host.client().call(call).await;
    let Err(ClientError::Refused(problem)) = refused else { panic!("it is more than {limit}: {refused:?}") };
    assert_eq!(problem.kind, ProblemKind::TooLarge);
    assert!(problem.detail.contains(limit), "{problem}");
    assert!(problem.detail.contains("instance") && problem.detail.contains("shop/"), "{problem}");
    host.settle().await.expect("at rest");
    assert!(locked_rows(host).await.expect("rows").is_empty());
    let client = host.client();
    assert_eq!(client.call(entries()).await.expect("an answer"), 0);
    assert_eq!(client.call(marks()).await.expect("an answer"), 0);
}

#[tokio::test(start_paused = true)]
async fn rows() {
    let host = host().await;
    refused_with(&host, write_rows(101), "at most 100 rows").await;
    refused_with(&host, read_rows(101), "at most 100 rows").await;
    assert_eq!(host.client().call(read_rows(100)).await.expect("an answer"), Ok(100));
    assert_eq!(host.client().call(write_rows(100)).await.expect("an answer"), Ok(100));
    assert_eq!(host.client().call(entries()).await.expect("an answer"), 100);
}

#[tokio::test(start_paused = true)]
async fn rows_that_participants_have_read() {
    let host = host().await;
    refused_with(&host, read_and_let_read(101), "at most 100 rows").await;
    assert_eq!(host.client().call(read_and_let_read(100)).await.expect("an answer"), Ok(300));
    host.settle().await.expect("at rest");
    assert!(locked_rows(&host).await.expect("rows").is_empty());
}

#[tokio::test(start_paused = true)]
async fn bytes_of_writes() {
    let host = host().await;
    refused_with(&host, write_bytes(257 * 1024), "at most 262144 bytes of writes").await;
    assert_eq!(host.client().call(write_bytes(255 * 1024)).await.expect("an answer"), Ok(255 * 1024));
    assert_eq!(host.client().call(entries()).await.expect("an answer"), 8);
}

#[tokio::test(start_paused = true)]
async fn participants() {
    let host = host().await;
    refused_with(&host, call(26), "at most 25 calls").await;
    assert_eq!(host.client().call(call(25)).await.expect("an answer"), Ok(25));
    assert_eq!(host.client().call(marks()).await.expect("an answer"), 25);
}
