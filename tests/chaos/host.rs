//! The host: eight workers, of which a random one is killed each second.

use std::error::Error;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use beldi::host::ProcessHost;
use beldi::store::EmbeddedStore;

use crate::settings;

/// How many workers there are.
pub(crate) const PROCESSES: usize = 8;

const KILL_EVERY: Duration = Duration::from_secs(1);

/// Serves at a port until it is killed. Says so, and then on each line of its output how many workers it
/// has killed.
pub(crate) async fn serve(data: &Path, port: &str) -> Result<(), Box<dyn Error>> {
    let store = Arc::new(EmbeddedStore::open(data)?);
    let host = ProcessHost::builder(store)
        .settings(settings())
        .processes(PROCESSES)
        .collect_every(Duration::from_millis(500))
        .collect_garbage_every(Duration::from_secs(5))
        .start()
        .await?;
    host.serve((Ipv4Addr::LOCALHOST, port.parse()?)).await?;
    println!("serving");
    let mut killed = 0;
    loop {
        tokio::time::sleep(KILL_EVERY).await;
        killed += u64::from(host.kill_one(fastrand::usize(..)));
        println!("killed {killed} of {} started", host.started());
    }
}
