//! What all parts of a world share: chance, the clock, what is counted, and what has happened.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use beldi::store::Request;
use beldi::{InstanceId, World};
use tokio::time::Instant;

use super::chance::Chance;
use super::memory::MemoryStore;

/// What all parts of a world share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) chance: Chance,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) counts: Counts,
    pub(crate) start: Instant,
    /// No faults.
    calm: AtomicBool,
    /// Nothing happens any more but that time passes.
    quiet: AtomicBool,
    /// The share of requests that are throttled, in millionths.
    throttled: AtomicU64,
    /// Services that refuse invocations, and until when.
    down: Mutex<BTreeMap<String, Instant>>,
    instances: Mutex<HashSet<u128>>,
    digest: Mutex<u64>,
    trace: Option<Mutex<Vec<String>>>,
    requests: Option<Mutex<Vec<Request>>>,
}

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) attempts: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) crashes: AtomicU64,
    pub(crate) stalls: AtomicU64,
    pub(crate) late: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) given_up: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) not_taken: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) throttles: AtomicU64,
    pub(crate) disconnections: AtomicU64,
    pub(crate) cold: AtomicU64,
    pub(crate) outages: AtomicU64,
    pub(crate) upgrades: AtomicU64,
    pub(crate) repeats: AtomicU64,
    pub(crate) collectors_died: AtomicU64,
    pub(crate) garbage: AtomicU64,
    /// How many invocations are at work, and the most that were at once.
    at_work: AtomicU64,
    most_at_work: AtomicU64,
    pub(crate) settled_ms: AtomicU64,
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Where virtual time starts: 2025-01-01, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_735_689_600_000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    /// Does what an invocation is for, and counts it meanwhile.
    pub(crate) async fn at_work<T>(&self, work: impl Future<Output = T>) -> T {
        struct AtWork<'a>(&'a AtomicU64);
        impl Drop for AtWork<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let now = self.counts.at_work.fetch_add(1, Ordering::Relaxed) + 1;
        let _at_work = AtWork(&self.counts.at_work);
        self.counts.most_at_work.fetch_max(now, Ordering::Relaxed);
        work.await
    }

    /// The most invocations that were at work at once.
    pub(crate) fn most_at_work(&self) -> u64 {
        self.counts.most_at_work.load(Ordering::Relaxed)
    }

    pub(crate) fn new(seed: u64, traces: bool, keeps_requests: bool) -> Self {
        let chance = Chance::of(seed);
        let lag = chance.up_to(Duration::from_millis(200));
        Self {
            store: Arc::new(MemoryStore::new(lag)),
            chance,
            counts: Counts::default(),
            start: Instant::now(),
            calm: AtomicBool::new(true),
            quiet: AtomicBool::new(false),
            throttled: AtomicU64::new(0),
            down: Mutex::default(),
            instances: Mutex::default(),
            digest: Mutex::default(),
            trace: traces.then(Mutex::default),
            requests: keeps_requests.then(Mutex::default),
        }
    }

    /// Whether a fault with this chance happens now.
    pub(crate) fn fault(&self, share: f64) -> bool {
        !self.is_calm() && self.chance.chance(share)
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// From now on nothing is left to be done but to wait until results expire.
    pub(crate) fn rest(&self) {
        self.quiet.store(true, Ordering::Relaxed);
    }

    pub(crate) fn rests(&self) -> bool {
        self.quiet.load(Ordering::Relaxed)
    }

    /// From now on there are faults, or none any more.
    pub(crate) fn calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::Relaxed);
        self.throttle(0.0);
        lock(&self.down).clear();
    }

    /// Lets a share of all requests be throttled.
    pub(crate) fn throttle(&self, share: f64) {
        self.throttled.store((share * 1e6) as u64, Ordering::Relaxed);
    }

    pub(crate) fn throttled(&self) -> f64 {
        self.throttled.load(Ordering::Relaxed) as f64 / 1e6
    }

    /// Lets a service refuse invocations for a while.
    pub(crate) fn take_down(&self, service: &str, time: Duration) {
        lock(&self.down).insert(service.to_owned(), Instant::now() + time);
    }

    pub(crate) fn is_down(&self, service: &str) -> bool {
        lock(&self.down).get(service).is_some_and(|until| *until > Instant::now())
    }

    /// Counts an instance, if it was not known.
    pub(crate) fn known(&self, instance: InstanceId) {
        lock(&self.instances).insert(u128::from_be_bytes(instance.to_bytes()));
    }

    pub(crate) fn instances(&self) -> usize {
        lock(&self.instances).len()
    }

    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes that something has happened: what decides whether two runs are the same, and what a trace shows.
    pub(crate) fn note(&self, what: impl Hash, told: impl FnOnce() -> String) {
        let now_ms = self.now_ms();
        let mut hasher = DefaultHasher::new();
        let mut digest = lock(&self.digest);
        (*digest, now_ms, what).hash(&mut hasher);
        *digest = hasher.finish();
        if let Some(trace) = &self.trace {
            lock(trace).push(format!("{:>10.3} s  {}", now_ms as f64 / 1e3, told()));
        }
    }

    /// Keeps a request, if they are kept.
    pub(crate) fn keep(&self, request: &Request) {
        if let Some(requests) = &self.requests {
            lock(requests).push(request.clone());
        }
    }

    /// The requests that were kept, in the order in which they took place.
    pub(crate) fn kept(&self) -> Vec<Request> {
        self.requests.as_ref().map(|requests| std::mem::take(&mut *lock(requests))).unwrap_or_default()
    }

    /// A digest of everything that has happened.
    pub(crate) fn digest(&self) -> u64 {
        *lock(&self.digest)
    }

    /// What was traced.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.trace.as_ref().map(|trace| lock(trace).clone()).unwrap_or_default()
    }
}

/// The clock of a machine, and its ids.
#[derive(Debug)]
pub(crate) struct MachineWorld {
    pub(crate) core: Arc<Core>,
    pub(crate) skew_ms: i64,
}

impl World for MachineWorld {
    fn now_ms(&self) -> u64 {
        (EPOCH_MS + self.core.now_ms()).saturating_add_signed(self.skew_ms)
    }

    fn fresh_id(&self) -> InstanceId {
        InstanceId::from_u128(self.core.chance.id())
    }
}
