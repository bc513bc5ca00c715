//! The test: starts the host, sends the load, kills the host in the middle and starts it again, and looks at the end.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::catalogue::Catalogue;
use crate::common::checks::Check;
use crate::common::report;
use crate::host::PROCESSES;
use crate::load::{Answers, Clerk, USERS};
use crate::{single, verify};

const SECONDS: u64 = 20;

/// Of each second, the workers that must have been killed for the rest to say something.
const KILLS: f64 = 0.5;

/// The data file of a run, removed with the run.
struct Data(PathBuf);

impl Drop for Data {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-lock"] {
            // What is not there needs no removing.
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

/// A host that was started, and how many workers it has killed when it ends.
struct Host {
    child: Child,
    killed: tokio::task::JoinHandle<u64>,
}

pub(crate) async fn run() -> Result<Vec<Check>, Box<dyn Error>> {
    let seconds = match std::env::var("BELDI_CHAOS_SECONDS") {
        Ok(seconds) => seconds.parse()?,
        Err(_) => SECONDS,
    };
    let data = Data(std::env::temp_dir().join(format!("beldi-chaos-{}.db", std::process::id())));
    let catalogue = Arc::new(Catalogue::of(2020));
    verify::prepare(&data.0, &catalogue).await?;
    let port = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port();
    println!("{PROCESSES} worker processes, {} clients, {seconds} s", 2 * USERS);
    let host = Host::start(&data.0, port).await?;
    let clerk = Clerk::new(port);
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut users = JoinSet::new();
    for name in 0..USERS {
        users.spawn(clerk.clone().travel(name, Arc::clone(&catalogue), until));
        users.spawn(clerk.clone().transfer(name, until));
    }
    tokio::time::sleep(Duration::from_secs(seconds) / 2).await;
    let mut killed = host.kill().await?;
    println!("the host is killed, with all its workers");
    let host = Host::start(&data.0, port).await?;
    let mut answers = Answers::default();
    while let Some(one) = users.join_next().await {
        let Answers { trips, transfers, problems } = one?;
        answers.trips.extend(trips);
        answers.transfers.extend(transfers);
        answers.problems.extend(problems);
    }
    killed += host.kill().await?;
    let mut checks = single::check().await?;
    checks.extend(verify::verify(&data.0, &catalogue, &answers).await?);
    let enough = killed as f64 >= seconds as f64 * KILLS;
    checks.push(Check { name: "workers were killed all the time", held: enough, detail: format!("{killed} kills") });
    let (trips, transfers) = (answers.trips.len(), answers.transfers.len());
    let repeated = clerk.repeated.load(Ordering::Relaxed);
    println!("{trips} reservations and {transfers} transfers were answered; requests were sent again {repeated} times");
    println!("{}\n", report::invariants(&checks));
    Ok(checks)
}

impl Host {
    /// Starts a host, and waits until it serves.
    async fn start(data: &Path, port: u16) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["host".as_ref(), data.as_os_str(), port.to_string().as_ref()])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the host has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        if lines.next_line().await?.is_none() {
            return Err(format!("the host ended: {}", child.wait().await?).into());
        }
        let killed = tokio::spawn(async move {
            let mut killed = 0;
            while let Ok(Some(line)) = lines.next_line().await {
                let number = line.split(' ').nth(1).and_then(|number| number.parse().ok());
                killed = number.unwrap_or(killed);
            }
            killed
        });
        Ok(Self { child, killed })
    }

    /// Kills the host as `kill -9` does. Gives how many workers it had killed.
    async fn kill(mut self) -> Result<u64, Box<dyn Error>> {
        self.child.kill().await?;
        Ok(self.killed.await?)
    }
}
