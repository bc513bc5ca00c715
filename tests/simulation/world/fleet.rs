//! The machines.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use beldi::Settings;
use beldi::host::{HostError, LocalHost};
use beldi::store::SharedStore;
use tokio::time::sleep;

use super::core::{Core, MachineWorld, count};
use super::fates::Fates;
use super::invocations::Route;
use super::network::Network;
use super::{MARGIN, MOST_SKEW, RETENTION};

/// How many attempts of one function a machine runs at once.
pub(crate) const PLACES: usize = 100;

/// How many machines there are.
pub(crate) const MACHINES: usize = 10;

/// The longest that an attempt of any machine may live.
const LONGEST: Duration = Duration::from_secs(8);

/// How long a machine that is replaced finishes what it has begun.
const GRACE: Duration = Duration::from_secs(10);

/// The machines that are alive.
pub(crate) struct Fleet {
    pub(crate) core: Arc<Core>,
    machines: Mutex<Vec<Arc<Machine>>>,
    /// Those that were replaced too.
    hosts: Mutex<Vec<LocalHost>>,
    number: AtomicU32,
}

/// A host, and which functions it has warm workers of.
pub(crate) struct Machine {
    number: u32,
    pub(crate) host: LocalHost,
    warm: Mutex<HashSet<(String, String)>>,
}

impl Machine {
    /// Whether a worker must be started for this function. There is one from then on.
    pub(super) fn is_cold(&self, service: &str, function: &str) -> bool {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        warm.insert((service.to_owned(), function.to_owned()))
    }
}

impl Fleet {
    /// Starts the machines.
    pub(crate) async fn start(core: Arc<Core>) -> Arc<Self> {
        let fleet =
            Arc::new(Self { core, machines: Mutex::default(), hosts: Mutex::default(), number: AtomicU32::new(0) });
        for _ in 0..MACHINES {
            let machine = fleet.machine().await;
            fleet.machines().push(machine);
        }
        fleet
    }

    fn machines(&self) -> MutexGuard<'_, Vec<Arc<Machine>>> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hosts(&self) -> MutexGuard<'_, Vec<LocalHost>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often beldi itself has panicked.
    pub(crate) fn panicked(&self) -> u64 {
        self.hosts().iter().map(|host| host.statistics().panicked).sum()
    }

    /// A new machine, with settings and a clock of its own.
    async fn machine(self: &Arc<Self>) -> Arc<Machine> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let (core, chance) = (Arc::clone(&self.core), &self.core.chance);
        let skew_ms = chance.up_to(MOST_SKEW * 2).as_millis() as i64 - MOST_SKEW.as_millis() as i64;
        let timeout = chance.between(Duration::from_secs(5), LONGEST);
        let settings = Settings {
            timeout,
            longest_timeout: LONGEST,
            margin: MARGIN,
            log_entries: [1, 1, 2, 4, 16][chance.below(5)],
            max_attempts: 100,
            backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(5),
            call_tries: 5,
            retention: RETENTION,
        };
        let host = loop {
            let store: SharedStore = Arc::new(Network { core: Arc::clone(&core) });
            let fates = Fates { core: Arc::clone(&core), machine: number, longest: timeout + MARGIN };
            let builder = LocalHost::builder(store)
                .world(MachineWorld { core: Arc::clone(&core), skew_ms })
                .settings(settings.clone())
                .invoker(Arc::new(Route(Arc::clone(self))))
                .crash_plan(Arc::new(fates))
                .concurrency(PLACES)
                .collect_every(None)
                .collect_garbage_every(None);
            match builder.start().await {
                Ok(host) => break host,
                // A machine that cannot look at its tables is started again.
                Err(HostError::Store(_) | HostError::Tables(_)) => sleep(Duration::from_secs(1)).await,
                Err(error) => panic!("a machine does not start: {error}"),
            }
        };
        self.hosts().push(host.clone());
        Arc::new(Machine { number, host, warm: Mutex::default() })
    }

    /// One of the machines.
    pub(crate) fn any(&self) -> Arc<Machine> {
        let machines = self.machines();
        Arc::clone(&machines[self.core.chance.below(machines.len())])
    }

    /// Replaces the machine that has been there longest. It still finishes what it has begun.
    pub(crate) async fn replace_oldest(self: &Arc<Self>) {
        let new = self.machine().await;
        let old = {
            let mut machines = self.machines();
            machines.push(new);
            machines.remove(0)
        };
        count(&self.core.counts.upgrades);
        self.core.note(("replaced", old.number), || format!("machine {} is replaced", old.number));
        tokio::spawn(async move { old.host.shutdown(GRACE).await });
    }

    /// Lets go of all machines: they and this know each other.
    pub(crate) fn end(&self) {
        self.machines().clear();
        self.hosts().clear();
    }
}
