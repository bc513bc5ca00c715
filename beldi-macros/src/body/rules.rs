//! The well-known names that have no place in a body, because a replay could not repeat them.
//!
//! Names are all that a macro sees, so this is a net and no proof: what comes under another name, or
//! inside of an ordinary function, passes. The replay itself finds it then (protocol, divergence).

use crate::catalogue::{self, Mistake};

/// Which mistake a rule finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Clock,
    Randomness,
    Environment,
    Threads,
    Concurrency,
}

/// Where in a path the names of a rule are.
#[derive(Debug, Clone, Copy)]
enum Where {
    /// `..::SystemTime::now`
    Ends,
    /// `std::thread::..`, with something after it
    Starts,
    /// `..::OsRng::..`
    Holds,
}

use Kind::{Clock, Concurrency, Environment, Randomness, Threads};
use Where::{Ends, Holds, Starts};

/// The patterns of each rule are separated by spaces.
const RULES: &[(Kind, Where, &str)] = &[
    (Clock, Ends, "SystemTime::now Instant::now Utc::now Utc::today Local::now Local::today UtcDateTime::now"),
    (Clock, Ends, "Timestamp::now Zoned::now OffsetDateTime::now_utc OffsetDateTime::now_local"),
    (Randomness, Starts, "fastrand getrandom nanoid"),
    (Randomness, Holds, "OsRng SysRng ThreadRng"),
    (Randomness, Ends, "rand::random rand::random_range rand::random_bool rand::random_ratio rand::random_iter"),
    (Randomness, Ends, "rand::fill rand::rng thread_rng from_entropy from_os_rng try_from_os_rng RandomState::new"),
    (Randomness, Ends, "Uuid::new_v4 Uuid::new_v7 Uuid::now_v1 Uuid::now_v6 Uuid::now_v7 Ulid::new Ulid::generate"),
    (Environment, Starts, "std::env std::fs std::process dotenv dotenvy"),
    (
        Environment,
        Ends,
        "env::var env::vars env::var_os env::vars_os env::args env::args_os env::set_var env::remove_var",
    ),
    (Environment, Ends, "env::current_dir env::current_exe env::temp_dir process::id process::exit process::abort"),
    (Environment, Ends, "io::stdin TcpStream::connect TcpListener::bind UdpSocket::bind"),
    (Threads, Starts, "std::thread tokio::task tokio::runtime rayon async_std::task"),
    (Threads, Ends, "thread::spawn thread::sleep thread::scope thread::current thread::park thread::yield_now"),
    (Threads, Ends, "tokio::spawn smol::spawn task::spawn task::spawn_blocking task::spawn_local task::yield_now"),
    (Threads, Ends, "task::block_in_place block_on spawn_blocking spawn_local JoinSet::new"),
    (Concurrency, Ends, "join_all try_join_all select_all select_ok future::join future::try_join future::select"),
    (Concurrency, Ends, "FuturesUnordered::new FuturesOrdered::new"),
];

/// What passes although a rule above would find it.
const EXCEPTIONS: &[&str] = &["fastrand::Rng::with_seed"];

/// Crates whose futures are awaited out of habit. What comes from them is no durable operation.
const FOREIGN_CRATES: &[&str] = &[
    "async_nats",
    "async_std",
    "deadpool",
    "diesel_async",
    "futures",
    "futures_util",
    "hyper",
    "lapin",
    "mongodb",
    "rdkafka",
    "redis",
    "reqwest",
    "smol",
    "sqlx",
    "tokio",
    "tonic",
];

/// The mistake that a path of this name is, if it is one.
pub(super) fn judge(path: &[String]) -> Option<Mistake> {
    let mistake = match kind(path)? {
        Clock => catalogue::clock,
        Randomness => catalogue::randomness,
        Environment => catalogue::environment,
        Threads => catalogue::threads,
        Concurrency => catalogue::concurrency,
    };
    Some(mistake(&path.join("::")))
}

/// Whether what a path names runs its arguments where there are no steps.
pub(super) fn runs_elsewhere(path: &[String]) -> bool {
    let takes_future = ["time::timeout", "time::timeout_at"].iter().any(|pattern| Ends.matches(path, pattern));
    takes_future && !is_own(path) || matches!(kind(path), Some(Threads | Concurrency))
}

fn kind(path: &[String]) -> Option<Kind> {
    if is_own(path) || EXCEPTIONS.iter().any(|exception| Ends.matches(path, exception)) {
        return None;
    }
    let finds = |place: &Where, patterns: &str| patterns.split(' ').any(|pattern| place.matches(path, pattern));
    RULES.iter().find(|(_, place, patterns)| finds(place, patterns)).map(|(kind, ..)| *kind)
}

/// The mistake that a macro of this name is, if it is one. `join!` alone is ours.
pub(super) fn judge_macro(path: &[String]) -> Option<Mistake> {
    let name = path.last()?;
    let shown = format!("{}!", path.join("::"));
    match name.as_str() {
        "select" | "select_biased" | "try_join" => Some(catalogue::concurrency(&shown)),
        "join" if path.len() > 1 && !is_own(path) => Some(catalogue::concurrency(&shown)),
        "nanoid" => Some(catalogue::randomness(&shown)),
        _ => None,
    }
}

/// The mistake of awaiting what comes from this path, if the path is known to give no operation.
pub(super) fn judge_awaited(path: &[String]) -> Option<Mistake> {
    let (first, shown) = (path.first()?, path.join("::"));
    if path.len() < 2 || is_own(path) {
        return None;
    }
    if path.iter().any(|name| name == "time") && path.last().is_some_and(|last| TIMERS.contains(&last.as_str())) {
        return Some(catalogue::foreign_timer(&shown));
    }
    let foreign = FOREIGN_CRATES.contains(&first.as_str()) || first.starts_with("aws_sdk_");
    foreign.then(|| catalogue::foreign_future(&shown))
}

const TIMERS: &[&str] = &["sleep", "sleep_until", "timeout", "timeout_at", "interval", "interval_at"];

/// Whether a path leads into beldi or into the user's own crate.
fn is_own(path: &[String]) -> bool {
    path.first().is_some_and(|first| matches!(first.as_str(), "beldi" | "crate" | "self" | "super" | "Self"))
}

impl Where {
    fn matches(self, path: &[String], pattern: &str) -> bool {
        let pattern: Vec<String> = pattern.split("::").map(str::to_owned).collect();
        match self {
            Self::Ends => path.ends_with(&pattern),
            Self::Starts => path.len() > pattern.len() && path.starts_with(&pattern),
            Self::Holds => path.windows(pattern.len()).any(|window| window == pattern),
        }
    }
}
