//! `cargo xtask ci`: the gate. Everything that must hold before a change is merged.
//!
//! Every step runs, also after one that failed, so that one run shows all that is wrong. The cheap steps
//! come first.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cargo;
use crate::suites;
use crate::tally::Tally;
use crate::tools;

mod book;
mod template;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only these steps
    #[arg(value_parser = STEPS.map(|step| step.name))]
    steps: Vec<String>,
}

struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: [Step; 12] = [
    Step { name: "format", run: || run_cargo(&["fmt", "--all", "--check"]) },
    Step { name: "dependencies", run: dependencies },
    Step { name: "book", run: book::build_and_check },
    Step { name: "template", run: template::lint },
    Step { name: "clippy", run: clippy },
    Step { name: "features", run: features },
    Step { name: "documentation", run: documentation },
    Step { name: "tests", run: || run_cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]) },
    Step { name: "simulation", run: simulation },
    Step { name: "ui", run: ui },
    Step { name: "examples", run: examples },
    Step { name: "dynamodb-local", run: dynamodb_local },
];

const CLIPPY: &[&str] = &["clippy", "--locked"];
const DENY: &[&str] = &["--", "--deny", "warnings"];

pub(crate) fn run(options: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut report = Vec::new();
    for Step { name, run } in STEPS {
        if !options.steps.is_empty() && !options.steps.iter().any(|step| step == name) {
            continue;
        }
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = run();
        if let Err(error) = &outcome {
            println!("{name}: {error}");
        }
        match outcome {
            Ok(()) => tally.passed += 1,
            Err(_) => tally.failed += 1,
        }
        report.push((name, outcome.is_ok(), start.elapsed()));
    }
    println!();
    for (name, passed, elapsed) in report {
        println!("{:<6} {name:<16} {}", if passed { "ok" } else { "FAILED" }, rounded(elapsed));
    }
    Ok(tally)
}

fn rounded(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().round() as u64;
    format!("{:>2} min {:>2} s", seconds / 60, seconds % 60)
}

/// Licences, duplicates and origins of all crates that are used. Advisories are left out: they come from a
/// database that changes without any change here.
fn dependencies() -> Result<()> {
    let deny = tools::CARGO_DENY.path()?;
    run_command(Command::new(deny).args(["--all-features", "--locked", "check", "bans", "licenses", "sources"]))
}

fn clippy() -> Result<()> {
    run_cargo(&[CLIPPY, &["--workspace", "--all-targets", "--all-features"], DENY].concat())
}

/// Each store alone compiles, and nothing in the code depends on the other; the fuzz targets compile.
fn features() -> Result<()> {
    let packages = ["--package", "beldi", "--package", "beldi-core", "--no-default-features"];
    for features in ["embedded", "aws"] {
        run_cargo(&[CLIPPY, &packages, &["--features", features], DENY].concat())?;
    }
    run_cargo(&[CLIPPY, &packages, DENY].concat())?;
    no_sqlite()?;
    fuzz_targets()
}

/// They are a workspace of their own, which nothing else builds. The fuzzer itself, in C++, is left out, and so is the
/// AWS SDK: what is fuzzed with it is checked with the tests of the seeds.
fn fuzz_targets() -> Result<()> {
    let targets = ["--manifest-path", "fuzz/Cargo.toml", "--no-default-features", "--bins"];
    let mut command = cargo_command(&[CLIPPY, &targets, DENY].concat());
    command.env("CARGO_TARGET_DIR", cargo::target_directory().join("fuzz"));
    run_command(command.env("CUSTOM_LIBFUZZER_PATH", "/not/linked"))
}

/// A program for AWS Lambda has no embedded store in it.
fn no_sqlite() -> Result<()> {
    let features = ["--no-default-features", "--features", "aws"];
    let mut command =
        cargo_command(&[&["tree", "--locked", "--package", "beldi", "--edges", "normal"], &features[..]].concat());
    let output = command.current_dir(cargo::root()).output()?;
    let tree = String::from_utf8_lossy(&output.stdout);
    match tree.lines().find(|line| line.contains("sqlite") || line.contains("dynoxide")) {
        _ if !output.status.success() => Err("`cargo tree` failed".into()),
        Some(line) => Err(format!("without `embedded` there is still {line}").into()),
        None => Ok(()),
    }
}

fn documentation() -> Result<()> {
    let mut command = cargo_command(&["doc", "--locked", "--workspace", "--no-deps", "--all-features"]);
    run_command(command.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// Half a minute for each world, of the programs that the tests have built.
fn simulation() -> Result<()> {
    let targets = ["--test", "simulation", "--test", "simulation_movies"];
    let mut command = cargo_command(&[&["test", "--locked", "--workspace"], &targets[..]].concat());
    command.args(["--", "--exact", "--nocapture", suites::EVERYTHING]);
    run_command(command.env("BELDI_SIMULATE_MINUTES", "0.5"))
}

/// What the compiler says to users. A step of its own, because the texts are those of the pinned toolchain.
fn ui() -> Result<()> {
    run_cargo(&["test", "--locked", "--no-default-features", "--test", "ui"])
}

/// The small examples, which the book shows with what they print; as the tests have built them.
fn examples() -> Result<()> {
    let examples = ["hello", "counter", "tour"];
    let named = examples.iter().flat_map(|example| ["--example", example]);
    run_cargo(&["build", "--locked", "--workspace"].into_iter().chain(named).collect::<Vec<_>>())?;
    let built = cargo::target_directory().join("debug/examples");
    examples.iter().try_for_each(|example| run_command(&mut Command::new(built.join(example))))
}

fn dynamodb_local() -> Result<()> {
    run_command(Command::new(std::env::current_exe()?).args(["dynamodb-local", "--quick"]))
}

fn run_cargo(arguments: &[&str]) -> Result<()> {
    run_command(&mut cargo_command(arguments))
}

pub(crate) fn cargo_command(arguments: &[&str]) -> Command {
    let mut command = cargo::command().into_std();
    command.args(arguments);
    command
}

pub(crate) fn run_command(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let status = command
        .current_dir(cargo::root())
        .status()
        .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{program}` failed ({status})").into()) }
}
