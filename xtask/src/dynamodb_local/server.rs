//! The server process.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::Result;

/// It is ready after some three seconds on an idle machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_PAUSE: Duration = Duration::from_millis(100);

/// A running DynamoDB Local, with its tables in memory. Killed when it is dropped.
pub(super) struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts the jar in `package` on a free port and waits until it answers. What it prints goes to `log`.
    pub(super) async fn start(package: &Path, log: &Path) -> Result<Self> {
        let address = free_address().await?;
        let output = File::create(log)?;
        let process = Command::new("java")
            .current_dir(package)
            .args(["-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory", "-port"])
            .arg(address.port().to_string())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("java cannot be started, which runs DynamoDB Local: {error}"))?;
        let mut server = Self { process, address };
        server.wait_until_ready().await.map_err(|error| format!("{error}; see {}", log.display()))?;
        Ok(server)
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends the process and waits until it is gone.
    pub(super) async fn stop(&mut self) {
        if let Err(error) = self.process.kill().await {
            eprintln!("DynamoDB Local could not be stopped: {error}");
        }
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START_TIMEOUT {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("DynamoDB Local ended at its start ({status})").into());
            }
            if answers(self.address).await {
                return Ok(());
            }
            sleep(POLL_PAUSE).await;
        }
        Err(format!("DynamoDB Local did not answer within {} s", START_TIMEOUT.as_secs()).into())
    }
}

/// A port that nobody listens on. Somebody could take it before the server does; then the server ends at
/// its start, which is reported.
async fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?)
}

/// Whether an HTTP server answers, if only to refuse the request.
async fn answers(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
        let mut start = [0; 5];
        stream.read_exact(&mut start).await?;
        std::io::Result::Ok(start)
    };
    matches!(tokio::time::timeout(Duration::from_secs(1), ask).await, Ok(Ok(start)) if &start == b"HTTP/")
}
