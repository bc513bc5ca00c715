//! Many seeds, on all cores, and what they gave together.
//!
//! | variable | what | default |
//! |---|---|---|
//! | `BELDI_SIMULATE_MINUTES` | begin no further seed after so many minutes | no limit |
//! | `BELDI_SIMULATE_SEED` | the first seed | 1 |
//! | `BELDI_SIMULATE_SEEDS` | how many seeds | the test's |
//! | `BELDI_SIMULATE_INSTANCES` | how many instances each has | the test's |

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::run::{Plan, Run, Size, run};

/// So many worlds have each kind of fault.
const MANY: u64 = 20;
/// How much of a trace is shown, and after how many seeds a line is printed where there is no terminal.
const SHOWN: usize = 300;
const LINE_EVERY: u64 = 25;

/// What all seeds gave together.
#[derive(Default)]
struct Total {
    seeds: u64,
    counts: BTreeMap<&'static str, u64>,
    order: Vec<&'static str>,
    held: BTreeMap<&'static str, u64>,
    failed: Vec<(u64, String)>,
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(format!("BELDI_SIMULATE_{name}")).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("BELDI_SIMULATE_{name} is a number")))
}

/// Runs seeds, as many and as large as the environment says or else the test, and prints what they gave.
///
/// # Panics
///
/// Something did not hold.
pub(crate) fn simulate(mut plan: Plan, seeds: u64) {
    let first = variable("SEED").unwrap_or(1);
    let minutes: Option<f64> = variable("MINUTES");
    let seeds = variable("SEEDS").unwrap_or(if minutes.is_some() { u64::MAX } else { seeds });
    plan.size.instances = variable("INSTANCES").unwrap_or(plan.size.instances);
    let end = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(60.0 * minutes));
    // A command has started it, not the test suite: see `xtask/src/suites.rs`.
    let bar = if minutes.is_some() { progress(seeds) } else { ProgressBar::hidden() };
    let (next, total) = (AtomicU64::new(0), Mutex::new(Total::default()));
    let began = Instant::now();
    let work = || loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= seeds || end.is_some_and(|end| Instant::now() >= end) {
            return;
        }
        let size = Size { seed: first + number, ..plan.size };
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&Plan { size, ..plan })));
        let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
        total.add(&plan, size, outcome.ok());
        total.show(&bar, began);
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    bar.finish_and_clear();
    let total = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    total.print(began.elapsed());
    assert!(total.failed.is_empty(), "{} seeds failed", total.failed.len());
    let missing = total.missing();
    assert!(missing.is_empty(), "the worlds are not as bad as they claim to be, there were no {missing:?}");
}

/// How far a long run has come; nothing where there is no terminal.
fn progress(seeds: u64) -> ProgressBar {
    let bar = if seeds == u64::MAX { ProgressBar::no_length() } else { ProgressBar::new(seeds) };
    let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} seeds {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

impl Total {
    fn add(&mut self, plan: &Plan, size: Size, outcome: Option<Run>) {
        self.seeds += 1;
        let Some(outcome) = outcome else {
            self.failed.push((size.seed, "it panicked".to_owned()));
            return;
        };
        if self.order.is_empty() {
            self.order = outcome.counts.iter().map(|(name, _)| *name).collect();
        }
        for (name, value) in &outcome.counts {
            let total = self.counts.entry(name).or_default();
            let is_most = name.starts_with("most ") || name.starts_with("workers ");
            *total = if is_most { (*total).max(*value) } else { *total + value };
        }
        let mut failed = String::new();
        for check in &outcome.checks {
            let held = self.held.entry(check.name).or_default();
            *held += u64::from(check.held);
            if !check.held {
                failed.push_str(&format!("  {}\n    {}\n", check.name, check.detail.replace('\n', "\n    ")));
            }
        }
        if !failed.is_empty() {
            print_failure(plan, size, &failed, outcome.digest);
            self.failed.push((size.seed, failed));
        }
    }

    fn show(&self, bar: &ProgressBar, began: Instant) {
        let instances = self.counts.get("instances").copied().unwrap_or_default();
        bar.inc(1);
        bar.set_message(format!("{} instances, {} failed", HumanCount(instances), self.failed.len()));
        if bar.is_hidden() && self.seeds.is_multiple_of(LINE_EVERY) {
            let (seconds, seeds, failed) = (began.elapsed().as_secs(), self.seeds, self.failed.len());
            println!("{seconds} s: {seeds} seeds, {} instances, {failed} failed", HumanCount(instances));
        }
    }

    /// The faults that never happened, in so many worlds that each should have.
    fn missing(&self) -> Vec<&'static str> {
        self.order.iter().copied().filter(|name| self.seeds >= MANY && self.counts[name] == 0).collect()
    }

    fn print(&self, took: Duration) {
        for name in &self.order {
            println!("{:>14}  {name}", HumanCount(self.counts[name]).to_string());
        }
        println!("{:>14}  seconds", took.as_secs());
        for (name, held) in &self.held {
            println!("{held:>8} of {} seeds: {name}", self.seeds);
        }
        for (seed, failed) in &self.failed {
            println!("seed {seed} failed:\n{failed}");
        }
        println!("seeds: {} passed, {} failed", self.seeds - self.failed.len() as u64, self.failed.len());
    }
}

/// Runs a seed once more, with a trace, and prints what concerns the instances that are wrong.
fn print_failure(plan: &Plan, size: Size, failed: &str, digest: u64) {
    let Size { seed, instances } = size;
    println!("seed {seed} failed:\n{failed}");
    let again = catch_unwind(AssertUnwindSafe(|| run(&Plan { size, traces: true, ..*plan })));
    let Ok(again) = again else { return };
    if again.digest != digest {
        println!("it was another run when it was repeated: what follows may not be what failed");
    }
    let skipped = again.trace.len().saturating_sub(SHOWN);
    again.trace.iter().take(SHOWN).for_each(|line| println!("{line}"));
    if skipped > 0 {
        println!("and {skipped} lines more");
    }
    // The test target is the name of the world.
    let world = env!("CARGO_CRATE_NAME");
    println!("again: cargo xtask simulate --world {world} --seed {seed} --seeds 1 --instances {instances}");
}
