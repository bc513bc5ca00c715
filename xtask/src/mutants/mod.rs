//! `cargo xtask mutants`: breaks each rule of the protocol in a copy of the sources, and sees a test fail.
//!
//! A rule whose removal no test notices is either useless or untested.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::tally::Tally;

#[derive(Args)]
pub(crate) struct Options {
    /// Only the rules whose name contains this
    #[arg(long)]
    only: Option<String>,
}

/// One broken rule: what is replaced where, and the tests of which at least one must fail.
struct Mutant {
    rule: &'static str,
    file: &'static str,
    original: &'static str,
    broken: &'static str,
}

/// The tests that are to notice.
const TESTS: [&str; 3] = ["crash_matrix", "interleavings", "regressions"];

const MUTANTS: [Mutant; 10] = [
    Mutant {
        rule: "observations are flushed before an effect",
        file: "beldi-core/src/attempt/mod.rs",
        original: "self.journal().flush(Some((&self.path, &fingerprint))).await?;\n        match execute",
        broken: "match execute",
    },
    Mutant {
        rule: "a journal record is put only where there is none",
        file: "beldi-core/src/attempt/journal.rs",
        original: "format!(\"attribute_not_exists({})\", placeholders.name(\"instance\"))",
        broken: "format!(\"({0} = {0} OR attribute_not_exists({0}))\", placeholders.name(\"instance\"))",
    },
    Mutant {
        rule: "a write is conditional on the absence of its log entry",
        file: "beldi-core/src/daal/write.rs",
        original: "format!(\"NOT contains({log}, {value})\")",
        broken: "format!(\"(attribute_exists({log}) OR NOT contains({log}, {value}))\")",
    },
    Mutant {
        rule: "a write after a read is conditional on the epoch",
        file: "beldi-core/src/daal/write.rs",
        original: "format!(\"{epoch} = {value}\")",
        broken: "format!(\"{epoch} >= {value}\")",
    },
    Mutant {
        rule: "a write after a read of a row never rolled is conditional on the epoch",
        file: "beldi-core/src/daal/write.rs",
        original: "self.condition.push(format!(\"attribute_not_exists({epoch})\"));",
        broken: "self.condition.push(format!(\"(attribute_not_exists({epoch}) OR attribute_exists({epoch}))\"));",
    },
    Mutant {
        rule: "a write without a read is conditional on there being no segment",
        file: "beldi-core/src/daal/write.rs",
        original: "format!(\"(attribute_not_exists({epoch}) OR {epoch} = {first})\")",
        broken: "format!(\"(attribute_not_exists({epoch}) OR {epoch} >= {first})\")",
    },
    Mutant {
        rule: "segments are searched where the epoch has moved on",
        file: "beldi-core/src/daal/write.rs",
        original: "if from >= to {",
        broken: "if from >= to || to > 0 {",
    },
    Mutant {
        rule: "an instance without effects returns only what is journaled",
        file: "beldi-core/src/attempt/journal.rs",
        original: "if !is_durable && (function.read_only || self.identity.own_id) {",
        broken: "if !is_durable {",
    },
    Mutant {
        rule: "observations after the last effect are journaled before the return",
        file: "beldi-core/src/attempt/journal.rs",
        original: "if is_durable && pending.is_empty() {",
        broken: "if is_durable {",
    },
    Mutant {
        rule: "a conditional write records that its condition did not hold",
        file: "beldi-core/src/daal/write.rs",
        original: "outcome = !outcome;",
        broken: "return Ok(Written::Refused(old));",
    },
];

pub(crate) fn run(options: &Options) -> Result<Tally, Box<dyn Error>> {
    let root = crate::cargo::root();
    let copy = root.join("target/mutants/workspace");
    let mut tally = Tally::default();
    let chosen = MUTANTS.iter().filter(|mutant| options.only.as_ref().is_none_or(|only| mutant.rule.contains(only)));
    copy_sources(root, &copy)?;
    if tests_fail(&copy)? {
        return Err("the tests fail without any change".into());
    }
    for mutant in chosen {
        let path = copy.join(mutant.file);
        let source = fs::read_to_string(&path)?;
        if !source.contains(mutant.original) {
            println!("STALE    {}: {} has changed", mutant.rule, mutant.file);
            tally.failed += 1;
            continue;
        }
        fs::write(&path, source.replace(mutant.original, mutant.broken))?;
        let noticed = tests_fail(&copy)?;
        fs::write(&path, source)?;
        println!("{} {}", if noticed { "noticed " } else { "SURVIVED" }, mutant.rule);
        if noticed { tally.passed += 1 } else { tally.failed += 1 }
    }
    Ok(tally)
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

/// Whether a test fails. A copy that does not compile is an error, and proves nothing.
fn tests_fail(copy: &Path) -> io::Result<bool> {
    let target = copy.parent().unwrap_or(copy).join("target");
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["test", "--quiet", "--no-default-features", "--features", "embedded"]);
        command.args(TESTS.iter().flat_map(|test| ["--test", test])).args(arguments);
        command.current_dir(copy).env("CARGO_TARGET_DIR", &target).env("RUST_BACKTRACE", "0").output()
    };
    let built = cargo(&["--no-run"])?;
    if !built.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&built.stderr).into_owned()));
    }
    Ok(!cargo(&[])?.status.success())
}
