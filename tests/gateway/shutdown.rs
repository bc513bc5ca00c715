//! The end of a gateway: nothing new begins, everything begun is answered.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::library::{Bench, GATES};

const GRACE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_shutdown_answers_what_is_under_way_and_accepts_nothing_more() {
    let bench = Bench::new().await;
    let ask = async { bench.http.post_as("k", "/functions/library/wait", "1").await };
    let stop = async {
        GATES[1].reached().await;
        let refused = async {
            while TcpStream::connect(bench.gateway.address()).await.is_ok() {
                tokio::task::yield_now().await;
            }
            GATES[1].open();
        };
        let refused = tokio::time::timeout(GRACE, refused);
        let (all_ended, refused) = tokio::join!(bench.host.shutdown(GRACE), refused);
        refused.expect("connections are refused");
        all_ended
    };
    let (answer, all_ended) = tokio::join!(ask, stop);
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!(1)));
    assert!(all_ended);
}

#[tokio::test]
async fn a_request_whose_body_comes_after_the_end_is_refused() {
    let bench = Bench::new().await;
    let mut connection = TcpStream::connect(bench.gateway.address()).await.expect("a connection");
    let head = "POST /functions/library/ticket HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 5\r\nexpect: 100-continue\r\n\r\n";
    connection.write_all(head.as_bytes()).await.expect("a head");
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    connection.read_exact(&mut go_on).await.expect("a first answer");
    assert!(go_on.starts_with(b"HTTP/1.1 100"));

    assert!(!bench.host.shutdown(Duration::ZERO).await, "a request is under way");
    connection.write_all(b"\"ann\"").await.expect("a body");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    for part in ["retry-after: 1", "application/problem+json", "urn:beldi:problem:unavailable", "stopping"] {
        assert!(answer.contains(part), "{answer}");
    }
    assert!(bench.host.shutdown(GRACE).await, "nothing is left");
    assert_eq!(bench.host.statistics().attempts, 0);
}
