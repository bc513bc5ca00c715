//! `cargo xtask ci`: the gate. Everything that must hold before a change is merged.
//!
//! Every step runs, also after one that failed, so that one run shows all that is wrong. The cheap steps
//! come first.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cargo;
use crate::tally::Tally;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

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

const STEPS: [Step; 10] = [
    Step { name: "format", run: || run_cargo(&["fmt", "--all", "--check"]) },
    Step { name: "dependencies", run: dependencies },
    Step { name: "book", run: book },
    Step { name: "clippy", run: clippy },
    Step { name: "features", run: features },
    Step { name: "documentation", run: documentation },
    Step { name: "tests", run: || run_cargo(&["test", "--locked", "--workspace"]) },
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
    let deny = Tool { name: "cargo-deny", version: "0.20.2", features: &[] }.path()?;
    run_command(Command::new(deny).args(["--all-features", "--locked", "check", "bans", "licenses", "sources"]))
}

fn book() -> Result<()> {
    // Without its server, which takes as long to build as all the rest of it.
    let mdbook = Tool { name: "mdbook", version: "0.5.4", features: &["--no-default-features"] }.path()?;
    run_command(Command::new(mdbook).args(["build", "book", "--dest-dir"]).arg(cargo::target_directory().join("book")))
}

fn clippy() -> Result<()> {
    run_cargo(&[CLIPPY, &["--workspace", "--all-targets", "--all-features"], DENY].concat())
}

/// Each store alone compiles, and nothing in the code depends on the other.
fn features() -> Result<()> {
    let packages = ["--package", "beldi", "--package", "beldi-core", "--no-default-features"];
    for features in ["embedded", "aws"] {
        run_cargo(&[CLIPPY, &packages, &["--features", features], DENY].concat())?;
    }
    run_cargo(&[CLIPPY, &packages, DENY].concat())
}

fn documentation() -> Result<()> {
    let mut command = cargo_command(&["doc", "--locked", "--workspace", "--no-deps", "--all-features"]);
    run_command(command.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// What the compiler says to users. A step of its own, because the texts are those of the pinned toolchain.
fn ui() -> Result<()> {
    run_cargo(&["test", "--locked", "--no-default-features", "--test", "ui"])
}

/// The small examples, which the book shows with what they print.
fn examples() -> Result<()> {
    ["hello", "counter", "tour"].iter().try_for_each(|example| run_cargo(&["run", "--quiet", "--locked", "--example", example]))
}

fn dynamodb_local() -> Result<()> {
    run_command(Command::new(std::env::current_exe()?).arg("dynamodb-local"))
}

/// A program that is no part of the workspace.
struct Tool {
    name: &'static str,
    version: &'static str,
    features: &'static [&'static str],
}

impl Tool {
    /// Where it is: in `PATH`, or in `target/tools`, where it is built if need be.
    fn path(&self) -> Result<OsString> {
        if self.is_at(self.name.as_ref()) {
            return Ok(self.name.into());
        }
        let tools = cargo::target_directory().join("tools");
        let path = tools.join("bin").join(self.name);
        if self.is_at(path.as_os_str()) {
            return Ok(path.into());
        }
        // Built without optimisation: it runs once, for a second.
        let mut install = cargo_command(&["install", "--debug", "--locked", self.name, "--version", self.version]);
        install.args(self.features).arg("--root").arg(&tools);
        install.env("CARGO_TARGET_DIR", tools.join("build")).env("CARGO_PROFILE_DEV_DEBUG", "0");
        run_command(&mut install)?;
        Ok(path.into())
    }

    fn is_at(&self, path: &OsStr) -> bool {
        let output = Command::new(path).arg("--version").stderr(Stdio::null()).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(self.version))
    }
}

fn run_cargo(arguments: &[&str]) -> Result<()> {
    run_command(&mut cargo_command(arguments))
}

fn cargo_command(arguments: &[&str]) -> Command {
    let mut command = cargo::command().into_std();
    command.args(arguments);
    command
}

fn run_command(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let status = command
        .current_dir(cargo::root())
        .status()
        .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{program}` failed ({status})").into()) }
}
