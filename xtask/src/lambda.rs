//! `cargo xtask lambda`: builds the travel reservation for AWS Lambda, and measures what a cold start loads and takes.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::cargo;
use crate::tally::Tally;
use crate::tools::CARGO_LAMBDA;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How often the program is started.
const STARTS: usize = 20;

/// How long a start may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Builds, then prints sizes and times. Each start is a check.
pub(crate) fn run() -> Result<Tally> {
    let tools = CARGO_LAMBDA.directory()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(&tools))
}

async fn measure(tools: &Path) -> Result<Tally> {
    let zip = build(tools, "zip").await?;
    let binary = build(tools, "binary").await?;
    println!("| travel for AWS Lambda, x86-64 | |\n|---|---|");
    println!("| binary | {} |", megabytes(&binary)?);
    println!("| zip | {} |", megabytes(&zip)?);
    let mut times = Vec::new();
    for _ in 0..STARTS {
        if let Ok(time) = tokio::time::timeout(PATIENCE, start(&binary)).await {
            times.push(time?);
        }
    }
    times.sort_unstable();
    if let [shortest, .., _] = times[..] {
        let median = times[times.len() / 2];
        println!("| process start to first poll, shortest of {STARTS} | {} |", milliseconds(shortest));
        println!("| process start to first poll, median of {STARTS} | {} |", milliseconds(median));
    }
    Ok(Tally { passed: times.len() as u64, failed: (STARTS - times.len()) as u64 })
}

/// Builds as `cargo beldi build` does. Gives the file.
async fn build(tools: &Path, format: &str) -> Result<PathBuf> {
    let mut command = cargo_lambda(tools)?;
    command.args(["build", "--release", "--example", "travel"]);
    command.args(["--no-default-features", "--features", "aws", "--output-format", format]);
    if !command.status().await?.success() {
        return Err("cargo-lambda could not build the example".into());
    }
    let file = if format == "zip" { "bootstrap.zip" } else { "bootstrap" };
    Ok(cargo::target_directory().join("lambda/travel").join(file))
}

/// `cargo lambda`, with what it needs in the path.
pub(crate) fn cargo_lambda(tools: &Path) -> Result<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tools.to_path_buf()].into_iter().chain(std::env::split_paths(&path)))?;
    let mut command = cargo::command();
    command.env("PATH", path).arg("lambda");
    Ok(command)
}

/// The time from the start of the process to its first poll for an event.
async fn start(binary: &Path) -> Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let begin = Instant::now();
    let _process = Command::new(binary)
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "travel-frontend")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("BELDI_SERVICE", "frontend")
        .env("BELDI_FUNCTIONS", "{}")
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    loop {
        let (connection, _) = listener.accept().await?;
        if polls(connection).await? {
            return Ok(begin.elapsed());
        }
    }
}

/// Whether one of the requests on a connection asks for an event. All others are answered with what registers an
/// extension; the extension's own wait for an event has no answer.
async fn polls(mut connection: TcpStream) -> Result<bool> {
    let mut head = Vec::new();
    loop {
        let mut bytes = [0; 4096];
        let length = connection.read(&mut bytes).await?;
        if length == 0 {
            return Ok(false);
        }
        head.extend_from_slice(&bytes[..length]);
        let text = String::from_utf8_lossy(&head);
        if text.contains("/runtime/invocation/next") {
            return Ok(true);
        }
        if text.contains("/extension/register") && text.ends_with('}') {
            let body = r#"{"functionName":"travel","functionVersion":"1","handler":"bootstrap"}"#;
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: 1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            connection.write_all(answer.as_bytes()).await?;
            return Ok(false);
        }
        if text.contains("/extension/event/next") {
            // It waits until the process ends.
            tokio::spawn(async move { connection.read_to_end(&mut Vec::new()).await });
            return Ok(false);
        }
    }
}

fn megabytes(file: &Path) -> Result<String> {
    let bytes = std::fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?.len();
    Ok(format!("{:.1} MB", bytes as f64 / 1e6))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}
