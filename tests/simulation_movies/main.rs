//! Movie review in the world of `tests/simulation`, whose fault model stands in its `world/mod.rs`.
//!
//! A target of its own, because this application and travel reservation both have a service `frontend`.

#![expect(clippy::print_stdout, reason = "what a simulation saw is worth seeing")]

#[path = "../../examples/movie_review/checks.rs"]
mod checks;
#[path = "../../examples/common/mod.rs"]
#[allow(dead_code, reason = "the simulation uses a part of it")]
mod common;
#[path = "../../examples/movie_review/load.rs"]
#[allow(dead_code, reason = "the simulation uses a part of it")]
mod load;
mod movies;
#[path = "../../examples/movie_review/services/mod.rs"]
pub mod services;
#[path = "../simulation/world/mod.rs"]
#[allow(dead_code, reason = "this target uses a part of it")]
mod world;

use std::sync::Arc;

use world::{App, Plan, Size, run, simulate};

fn apps(size: Size) -> Vec<Arc<dyn App>> {
    vec![Arc::new(movies::Movies::of(size))]
}

fn plan(seed: u64, instances: usize) -> Plan {
    Plan { size: Size { seed, instances }, traces: false, keeps_requests: false, apps }
}

#[test]
fn everything_holds_in_a_world_of_faults() {
    simulate(plan(1, 1_000), 2);
}

#[test]
fn a_seed_is_a_run() {
    let [one, again] = [1, 1].map(|seed| run(&plan(seed, 500)));
    assert_eq!((one.digest, &one.counts), (again.digest, &again.counts), "a seed gave two runs");
}
