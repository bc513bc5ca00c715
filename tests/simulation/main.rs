//! A seeded world: travel reservation, a bank, random transactions and counters on a fleet of machines, with everything
//! going wrong that can. The fault model stands in `world/mod.rs`.
//!
//! `cargo xtask simulate` runs it for long.

#![expect(clippy::print_stdout, reason = "what a simulation saw is worth seeing")]

mod agreement;
mod apps;
#[path = "../common/bank.rs"]
mod bank;
#[path = "../../examples/travel/catalogue.rs"]
#[allow(dead_code, reason = "the simulation uses a part of it")]
mod catalogue;
#[path = "../../examples/travel/checks.rs"]
mod checks;
#[path = "../../examples/common/mod.rs"]
#[allow(dead_code, reason = "the simulation uses a part of it")]
mod common;
#[path = "../../examples/travel/mix.rs"]
mod mix;
mod rights;
#[path = "../../examples/travel/services/mod.rs"]
pub mod services;
mod world;

use world::{Plan, Size, run, simulate};

fn plan(seed: u64, instances: usize) -> Plan {
    Plan { size: Size { seed, instances }, traces: false, keeps_requests: false, apps: apps::all }
}

#[test]
fn everything_holds_in_a_world_of_faults() {
    simulate(plan(1, 600), 2);
}

#[test]
fn a_seed_is_a_run() {
    let [one, again, other] = [1, 1, 2].map(|seed| run(&plan(seed, 300)));
    assert_eq!((one.digest, &one.counts), (again.digest, &again.counts), "a seed gave two runs");
    assert_ne!(one.digest, other.digest, "two seeds gave one run");
}
