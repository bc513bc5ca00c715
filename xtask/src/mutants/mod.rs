//! `cargo xtask mutants`: breaks each rule of the protocol in a copy of the sources, and sees a test fail.
//!
//! A rule whose removal no test notices is either useless or untested. A run writes what has noticed them into the
//! page of the book that lists them all.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use crate::progress;
use crate::tally::Tally;
use contracts::CONTRACTS;
use garbage::GARBAGE;
use refusals::REFUSALS;
use restarts::RESTARTS;
use rolls::ROLLS;
use seen::SEEN;
use table::{MUTANTS, Mutant};
use transactions::TRANSACTIONS;
use watermark::WATERMARK;

mod contracts;
mod garbage;
mod page;
mod refusals;
mod restarts;
mod rolls;
mod seen;
mod table;
mod transactions;
mod watermark;

/// All of them, by what they are about.
const ALL: &[(&str, &[Mutant])] = &[
    ("Steps and rows", MUTANTS),
    ("Transactions", TRANSACTIONS),
    ("What is refused", REFUSALS),
    ("Garbage collection", GARBAGE),
    ("How far garbage may be collected", WATERMARK),
    ("What garbage collection has seen", SEEN),
    ("Rolling", ROLLS),
    ("Replay, restarts and rows that change meanwhile", RESTARTS),
    ("Contracts", CONTRACTS),
];

#[derive(Args)]
pub(crate) struct Options {
    /// Only the rules whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Only the rules that the page does not list as noticed, such as those that an interrupted run has left
    #[arg(long)]
    missing: bool,
}

pub(crate) fn run(options: &Options) -> Result<Tally, Box<dyn Error>> {
    let root = crate::cargo::root();
    let copy = root.join("target/mutants/workspace");
    let path = root.join(page::PATH);
    let before = fs::read_to_string(&path).unwrap_or_default();
    let chosen = |mutant: &&Mutant| {
        let is_named = options.only.as_ref().is_none_or(|only| mutant.rule.contains(only));
        is_named && !(options.missing && page::is_noticed(mutant, &before))
    };
    let chosen: Vec<_> = ALL.iter().flat_map(|(_, mutants)| *mutants).filter(chosen).collect();
    copy_sources(root, &copy)?;
    let targets: BTreeSet<_> = chosen.iter().flat_map(|mutant| mutant.noticed_by).copied().collect();
    let bar = progress::bar(chosen.len() as u64, "mutations");
    progress::tick(&bar);
    for target in targets {
        bar.set_message(format!("first, without any: {target}"));
        if fails(&copy, target)? {
            return Err(format!("the tests of `{target}` fail without any change").into());
        }
    }
    let mut tally = Tally::default();
    let mut outcomes = Vec::new();
    for mutant in chosen {
        let start = Instant::now();
        bar.set_message(mutant.rule);
        let outcome = try_out(&copy, mutant)?;
        bar.inc(1);
        bar.suspend(|| println!("{outcome:<24}{:>5} s  {}", start.elapsed().as_secs(), mutant.rule));
        if matches!(outcome, Outcome::NoticedBy(_)) {
            tally.passed += 1
        } else {
            tally.failed += 1
        }
        outcomes.push((mutant.rule, outcome));
        fs::write(&path, page::of(&outcomes, &before))?;
    }
    bar.finish_and_clear();
    Ok(tally)
}

/// What became of a broken rule.
enum Outcome {
    NoticedBy(&'static str),
    Survived,
    /// What is to be replaced is not in the file any more.
    Stale,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::NoticedBy(target) => format!("noticed by {target}"),
            Self::Survived => "SURVIVED".to_owned(),
            Self::Stale => "STALE".to_owned(),
        })
    }
}

/// Breaks one rule, runs the tests until one fails, and mends it again.
fn try_out(copy: &Path, mutant: &Mutant) -> io::Result<Outcome> {
    let path = copy.join(mutant.file);
    let source = fs::read_to_string(&path)?;
    if source.matches(mutant.original).count() != 1 {
        return Ok(Outcome::Stale);
    }
    fs::write(&path, source.replace(mutant.original, mutant.broken))?;
    let noticed = first_failing(copy, mutant.noticed_by);
    fs::write(&path, source)?;
    Ok(noticed?.map_or(Outcome::Survived, Outcome::NoticedBy))
}

fn first_failing(copy: &Path, targets: &[&'static str]) -> io::Result<Option<&'static str>> {
    for target in targets {
        if fails(copy, target)? {
            return Ok(Some(target));
        }
    }
    Ok(None)
}

/// Copies what git knows and what it would know, so that the working tree is never touched.
fn copy_sources(root: &Path, copy: &Path) -> io::Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()?;
    for name in String::from_utf8_lossy(&listed.stdout).lines() {
        let (from, to): (PathBuf, PathBuf) = (root.join(name), copy.join(name));
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap_or(copy))?;
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

/// What stands for the core's unit tests among the test targets.
const UNIT_TESTS: &str = "core";

/// How long the tests of one mutation may take: what is broken may go on for ever, and that is noticed too.
const LIMIT: Duration = Duration::from_secs(600);

/// Whether one of these tests fails. A copy that does not compile is an error, and proves nothing.
fn fails(copy: &Path, tests: &str) -> io::Result<bool> {
    let (target, name) = tests.split_once("::").unwrap_or((tests, ""));
    let artifacts = copy.parent().unwrap_or(copy).join("target");
    let cargo = |argument: Option<&str>| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["test", "--quiet", "--no-default-features", "--features", "embedded"]);
        match target {
            UNIT_TESTS => command.args(["--package", "beldi-core", "--lib"]),
            _ => command.args(["--test", target]),
        };
        command.args(argument).current_dir(copy);
        command.env("CARGO_TARGET_DIR", &artifacts).env("RUST_BACKTRACE", "0");
        command
    };
    let built = cargo(Some("--no-run")).output()?;
    if !built.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&built.stderr).into_owned()));
    }
    // In a group of its own, so that the test program ends with it.
    let mut tests = cargo(Some(name)).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()?;
    let start = Instant::now();
    loop {
        if let Some(status) = tests.try_wait()? {
            return Ok(!status.success());
        }
        if start.elapsed() > LIMIT {
            Command::new("kill").args(["-KILL", "--", &format!("-{}", tests.id())]).status()?;
            tests.wait()?;
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_replaced_is_there_once() {
        for mutant in ALL.iter().flat_map(|(_, mutants)| *mutants) {
            let source = fs::read_to_string(crate::cargo::root().join(mutant.file)).expect("a source file");
            assert_eq!(source.matches(mutant.original).count(), 1, "{}: {}", mutant.file, mutant.rule);
        }
    }

    /// What the page says of a mutation that was changed since counts no more.
    #[test]
    fn the_page_lists_each_mutation_as_it_is_now() {
        let page = fs::read_to_string(crate::cargo::root().join(page::PATH)).expect("the page");
        assert_eq!(page, page::of(&[], &page), "run `cargo xtask mutants` for what has changed");
    }
}
