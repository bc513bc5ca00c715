//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz/`, each for a while, from the committed seeds.
//!
//! What a run finds interesting stays in `fuzz/corpus`, so that the next one goes on from there.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::cargo;
use crate::progress;
use crate::tally::Tally;

/// The targets, with the dictionaries that help them.
const TARGETS: [(&str, Option<&str>); 10] = [
    ("bytes", None),
    ("event", Some("event")),
    ("gateway", Some("gateway")),
    ("invocation", Some("invocation")),
    ("item", Some("item")),
    ("json", None),
    ("key", None),
    ("manifest", None),
    ("record", Some("item")),
    ("row", Some("item")),
];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Run only this target
    #[arg(long, value_parser = TARGETS.map(|(target, _)| target))]
    target: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        check_tools().await?;
        let mut tally = Tally::default();
        let chosen = TARGETS.iter().filter(|(target, _)| options.target.as_ref().is_none_or(|only| only == target));
        let bar = progress::bar(chosen.clone().count() as u64, "targets");
        progress::tick(&bar);
        for (target, dictionary) in chosen {
            bar.set_message(*target);
            let outcome = run_target(target, *dictionary, options.seconds).await;
            bar.inc(1);
            match outcome {
                Ok(executions) => {
                    bar.suspend(|| println!("{target:<12} {executions:>12} executions, nothing found"));
                    tally.passed += 1;
                }
                Err(error) => {
                    bar.suspend(|| println!("{target:<12} {error}"));
                    tally.failed += 1;
                }
            }
        }
        bar.finish_and_clear();
        Ok(tally)
    })
}

/// cargo-fuzz, on the toolchain that it needs.
fn cargo_fuzz() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]).current_dir(folder()).kill_on_drop(true);
    command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
    command
}

fn folder() -> PathBuf {
    cargo::root().join("fuzz")
}

async fn check_tools() -> Result<()> {
    let version = cargo_fuzz().arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    if version.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err("fuzzing needs a nightly toolchain and cargo-fuzz: \
         `rustup toolchain install nightly`, then `cargo install cargo-fuzz --locked`"
        .into())
}

/// Runs one target. Gives how many inputs it was executed with; an error says what was found.
async fn run_target(target: &str, dictionary: Option<&str>, seconds: u64) -> Result<u64> {
    let (corpus, seeds) = (Path::new("corpus").join(target), Path::new("seeds").join(target));
    fs::create_dir_all(folder().join(&corpus))?;
    let mut command = cargo_fuzz();
    // No unsafe code of ours, so nothing for a sanitizer to find.
    command.args(["run", "--sanitizer", "none", target]).args([&corpus, &seeds]).arg("--");
    command.args(["-print_final_stats=1", "-max_len=8192", "-timeout=20"]).arg(format!("-max_total_time={seconds}"));
    if let Some(dictionary) = dictionary {
        command.arg(format!("-dict=dictionaries/{dictionary}.dict"));
    }
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut output = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        let mut lines = BufReader::new(stderr).lines();
        while let Some(line) = lines.next_line().await? {
            output.push(line);
        }
    }
    match (child.wait().await?.success(), executions(&output)) {
        (true, Some(executions)) => Ok(executions),
        _ => Err(found(&output).into()),
    }
}

/// What libFuzzer says at its end.
fn executions(output: &[String]) -> Option<u64> {
    output.iter().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok())
}

/// The message of what was found, and where the input is; all of the output's end where there is none.
fn found(output: &[String]) -> String {
    let panic = output.iter().position(|line| line.contains("panicked at"));
    let input = output.iter().find(|line| line.contains("Test unit written to"));
    match (panic, input) {
        (Some(panic), Some(input)) => {
            let message = output[panic..].iter().take(3).map(String::as_str).collect::<Vec<_>>().join("\n");
            format!("{message}\n{input} (below fuzz/)")
        }
        _ => output[output.len().saturating_sub(20)..].join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn executions_and_findings_are_read_from_the_output() {
        let output = lines("#2 INITED\nstat::number_of_executed_units: 4711\nstat::average_exec_per_sec: 9");
        assert_eq!(executions(&output), Some(4711));
        let output = lines(
            "#9 NEW\nthread panicked at a.rs:1:\nassertion failed\n 1\nartifact; Test unit written to ./artifacts/x",
        );
        let found = found(&output);
        assert!(found.contains("assertion failed") && found.contains("./artifacts/x"), "{found}");
    }

    #[test]
    fn every_target_is_run_and_every_one_that_is_run_is_there() {
        let files = fs::read_dir(folder().join("fuzz_targets")).expect("the targets");
        let mut names: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        names.sort();
        let names: Vec<_> = names.iter().map(|file| file.file_stem().expect("a name").to_string_lossy()).collect();
        assert_eq!(names, TARGETS.map(|(target, _)| target));
    }
}
