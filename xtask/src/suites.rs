//! `cargo xtask matrix`, `interleave`, `simulate`, `histories`, `damage`, `garbage`, `chaos` and `budget`: test targets
//! run in a way of their own.

use std::error::Error;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};

use indicatif::ProgressBar;

use crate::cargo;
use crate::progress;
use crate::tally::Tally;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The test targets that explore interleavings.
const INTERLEAVINGS: [&str; 4] =
    ["interleavings", "interleavings_garbage", "interleavings_operations", "interleavings_transactions"];

/// How many interleavings to explore.
#[derive(clap::Args)]
pub(crate) struct Interleave {
    /// How many each exploration may have with more than one interruption
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    at_most: usize,

    /// Only those of this test target
    #[arg(long, value_name = "TARGET", value_parser = INTERLEAVINGS)]
    target: Option<String>,
}

/// Explores all interleavings, where the test suite takes a sample, or those with the fewest interruptions, and those
/// with one in any case where the scenario does not ask for less. Says how many there were.
pub(crate) fn interleave(options: &Interleave) -> Result<Tally> {
    let chosen = |target: &&str| options.target.as_ref().is_none_or(|one| one == target);
    let targets = INTERLEAVINGS.into_iter().filter(chosen).flat_map(|target| ["--test", target]);
    let arguments: Vec<_> = ["test", "--release"].into_iter().chain(targets).chain(["--", "--nocapture"]).collect();
    let (mut explorations, mut parts, mut ended, mut broken_off) = (0u64, 0u64, 0u64, 0u64);
    let variables = [("BELDI_INTERLEAVINGS", options.at_most.to_string())];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let tally = run(&arguments, &variables, &progress::bar(0, "tests"), |line| {
        // Before it stands the name of the test, as cargo prints it.
        let explored = line.split_once(" ... ").map_or(line, |(_, explored)| explored);
        let before = |words: &str| explored.split_once(words)?.0.rsplit(' ').next()?.parse::<u64>().ok();
        let run_to_their_end = before(" run to their end")?;
        explorations += u64::from(explored.contains(" entries: all "));
        parts += u64::from(explored.contains(" entries: a part "));
        ended += run_to_their_end;
        broken_off += before(" broken off").unwrap_or_default();
        Some(explored.to_owned())
    })?;
    println!("{explorations} explorations to their end, {parts} in part");
    println!("{ended} interleavings run to their end, {broken_off} broken off");
    if parts > 0 {
        return Err("an exploration has left out what it was to explore".into());
    }
    Ok(tally)
}

/// The test targets that disturb every point of operations, of transactions and of applications.
const MATRICES: &[&str] =
    &["crash_matrix", "transactions_matrix", "transaction_attacks", "travel_matrix", "movie_review_matrix"];

/// Disturbs every point at which something can go wrong, as the test suite does. Says how many points there were.
pub(crate) fn matrix() -> Result<Tally> {
    let targets = MATRICES.iter().flat_map(|target| ["--test", target]);
    let arguments: Vec<_> = ["test"].into_iter().chain(targets).chain(["--", "--nocapture"]).collect();
    let (mut points, mut disturbed) = (0u64, 0u64);
    let tally = run(&arguments, &[], &progress::bar(0, "tests"), |line| {
        let (before, after) = line.split_once(" crash points")?;
        points += before.rsplit(' ').next()?.parse::<u64>().ok()?;
        disturbed += after.split_once(" passed")?.0.rsplit(' ').next()?.parse::<u64>().ok()?;
        Some(line.to_owned())
    })?;
    println!("{points} crash points: {disturbed} disturbed runs passed");
    Ok(tally)
}

/// Writes a hot row for long, where the test suite does for a while, and prints what each write costs; then lets many
/// instances come and go, and prints what they leave.
pub(crate) fn garbage() -> Result<Tally> {
    let target = ["test", "--release", "--quiet", "--test", "garbage", "--"];
    let arguments = [&target[..], &["costs", "storage", "--nocapture", "--test-threads", "1"]].concat();
    // Behind the dots of the tests that have passed.
    run(&arguments, &[("BELDI_GARBAGE", "long")], &progress::bar(0, "tests"), |line| {
        Some(line.trim_start_matches('.').to_owned()).filter(|line| line.starts_with('|'))
    })
}

/// How long to kill processes.
#[derive(clap::Args)]
pub(crate) struct Chaos {
    /// How long the load lasts
    #[arg(long, value_name = "N", default_value_t = 2.0)]
    minutes: f64,
}

/// Kills worker processes and their host for long, where the test suite does for a while.
pub(crate) fn chaos(options: &Chaos) -> Result<Tally> {
    let seconds = ((options.minutes * 60.0).round() as u64).to_string();
    let mut checks = None;
    let arguments = ["test", "--release", "--test", "chaos"];
    run(&arguments, &[("BELDI_CHAOS_SECONDS", &seconds)], &progress::bar(0, "tests"), |line| {
        checks = checks.or_else(|| Tally::of_checks(line));
        Some(line.to_owned())
    })?;
    checks.ok_or_else(|| "the test did not run to its end".into())
}

/// How long to simulate, and what.
#[derive(clap::Args)]
pub(crate) struct Simulate {
    /// Begin no further seed after so many minutes
    #[arg(long, value_name = "N", default_value_t = 60.0)]
    minutes: f64,

    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// How many seeds of each world, if that takes less time
    #[arg(long, value_name = "K")]
    seeds: Option<u64>,

    /// How many instances a run has at least
    #[arg(long, value_name = "I", default_value_t = 2_000)]
    instances: u64,

    /// Only this world
    #[arg(long, value_name = "WORLD", value_parser = WORLDS)]
    world: Option<String>,
}

/// The test targets that simulate: each is a program of its own, with the services of its applications.
const WORLDS: [&str; 2] = ["simulation", "simulation_movies"];

/// The test of these targets that runs seeds.
pub(crate) const EVERYTHING: &str = "everything_holds_in_a_world_of_faults";

/// Simulates worlds full of faults, one seed after another. Each seed counts as a check.
pub(crate) fn simulate(options: &Simulate) -> Result<Tally> {
    let worlds: Vec<_> =
        WORLDS.into_iter().filter(|world| options.world.as_ref().is_none_or(|one| one == world)).collect();
    let mut total = Tally::default();
    for world in &worlds {
        let arguments = ["test", "--release", "--test", world, "--", "--exact", "--nocapture", EVERYTHING];
        let minutes = (options.minutes / worlds.len() as f64).to_string();
        let (seed, instances) = (options.seed.to_string(), options.instances.to_string());
        let mut variables = vec![
            ("BELDI_SIMULATE_MINUTES", minutes.as_str()),
            ("BELDI_SIMULATE_SEED", seed.as_str()),
            ("BELDI_SIMULATE_INSTANCES", instances.as_str()),
        ];
        let seeds = options.seeds.map(|seeds| seeds.to_string());
        variables.extend(seeds.as_deref().map(|seeds| ("BELDI_SIMULATE_SEEDS", seeds)));
        let mut seeds = None;
        // The simulation has a bar of its own, over its seeds.
        let tests = run(&arguments, &variables, &ProgressBar::hidden(), |line| {
            seeds = seeds.or_else(|| Tally::of_seeds(line));
            Some(line.to_owned())
        })?;
        let seeds = seeds.ok_or("the simulation did not run to its end")?;
        total.passed += seeds.passed;
        total.failed += seeds.failed.max(tests.failed);
    }
    Ok(total)
}

/// Lets many clients move money and run random transactions while attempts die, with more clients and seeds than the test
/// suite has, and looks for a serial order.
pub(crate) fn histories() -> Result<Tally> {
    let targets = ["--test", "bank", "--test", "serializability"];
    let arguments = [&["test", "--release"], &targets[..], &["--", "--nocapture"]].concat();
    run(&arguments, &[("BELDI_SIMULATION", "long")], &progress::bar(0, "tests"), |line| Some(line.to_owned()))
}

/// Damages what is stored at each of its bytes, where the test suite leaves some of them out.
pub(crate) fn damage() -> Result<Tally> {
    let arguments = ["test", "--release", "--test", "damage", "--", "--nocapture"];
    run(&arguments, &[("BELDI_DAMAGES", "all")], &progress::bar(0, "tests"), |line| Some(line.to_owned()))
}

/// Prints the table of the request budget.
pub(crate) fn budget() -> Result<Tally> {
    let arguments = ["test", "--quiet", "--test", "budget", "--", "--nocapture", "--test-threads", "1"];
    println!("| work | raw | beldi, critical | beldi, all |\n|---|---|---|---|");
    // Behind the dots of the tests that have passed.
    let shown = |line: &str| Some(line.trim_start_matches('.').to_owned()).filter(|line| line.starts_with('|'));
    run(&arguments, &[], &progress::bar(0, "tests"), shown)
}

/// Runs cargo, prints what is to be shown of each line, and counts the tests.
fn run(
    arguments: &[&str],
    variables: &[(&str, &str)],
    bar: &ProgressBar,
    mut shown: impl FnMut(&str) -> Option<String>,
) -> Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut tally = Tally::default();
        let mut command = cargo::command();
        let mut child = command.args(arguments).envs(variables.iter().copied()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("cargo has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            tally.add_line(&line);
            progress::add_line(bar, &line);
            if let Some(shown) = shown(&line) {
                bar.suspend(|| println!("{shown}"));
            }
        }
        bar.finish_and_clear();
        let success = child.wait().await?.success();
        if !success && tally.failed == 0 {
            return Err("the tests did not run to their end".into());
        }
        Ok(tally)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What one command runs of each kind is all that there is of it.
    #[test]
    fn no_target_of_interleavings_or_of_a_matrix_or_a_simulation_is_forgotten() {
        let entries = std::fs::read_dir(cargo::root().join("tests")).expect("the tests");
        let names = entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>();
        let names: Vec<_> = names.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
        let like = |kind: &str| names.iter().filter(|name| name.contains(kind)).copied().collect::<BTreeSet<_>>();
        assert_eq!(INTERLEAVINGS.into_iter().collect::<BTreeSet<_>>(), like("interleavings"));
        assert_eq!(WORLDS.into_iter().collect::<BTreeSet<_>>(), like("simulation"));
        assert!(like("_matrix").is_subset(&MATRICES.iter().copied().collect()), "{MATRICES:?}");
    }
}
