//! Which test targets of the workspace run on any store, and why the others do not.

/// What is run of a test target on DynamoDB Local.
pub(super) struct Suite {
    pub(super) target: &'static str,
    tests: Tests,
    /// Takes more than a minute against a server.
    pub(super) long: bool,
}

/// Tests of a target, by parts of their names.
enum Tests {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

impl Suite {
    /// What the test program is to run.
    pub(super) fn arguments(&self) -> Vec<&'static str> {
        match self.tests {
            Tests::Only(tests) => tests.to_vec(),
            Tests::AllBut(tests) => tests.iter().flat_map(|test| ["--skip", test]).collect(),
        }
    }
}

/// All tests of a target. In the workspace no other package has one of that name.
const fn all(target: &'static str) -> Suite {
    but(target, &[])
}

const fn only(target: &'static str, tests: &'static [&'static str]) -> Suite {
    Suite { target, tests: Tests::Only(tests), long: false }
}

const fn but(target: &'static str, tests: &'static [&'static str]) -> Suite {
    Suite { target, tests: Tests::AllBut(tests), long: false }
}

/// What takes more than a minute.
const fn long(suite: Suite) -> Suite {
    Suite { long: true, ..suite }
}

/// The test targets that run on any store. All of them find the server by the environment variable
/// [`ENDPOINT`](super::ENDPOINT).
pub(super) const SUITES: &[Suite] = &[
    only("store", &["in_memory_or_at_the_endpoint"]),
    all("operations"),
    all("protocol"),
    all("regressions"),
    all("rules"),
    all("budget"),
    all("bad_input"),
    all("transactions"),
    all("transaction_limits"),
    all("walks"),
    all("operators"),
    all("audit"),
    all("book"),
    all("differences"),
    all("rules_of_transactions"),
    all("remote"),
    all("gateway"),
    all("lambda"),
    all("kit"),
    but("garbage", LONG_GARBAGE),
    only("transactions_matrix", QUICK_TRANSACTIONS),
    but("crash_matrix", LONG_CRASHES),
    long(only("garbage", LONG_GARBAGE)),
    long(but("transactions_matrix", QUICK_TRANSACTIONS)),
    long(only("crash_matrix", LONG_CRASHES)),
    long(all("bank")),
    long(all("contention")),
    long(all("damage")),
    long(all("interleavings")),
    long(all("interleavings_operations")),
    long(all("interleavings_garbage")),
    long(all("interleavings_transactions")),
    long(all("transaction_attacks")),
    long(all("serializability")),
    long(all("movie_review")),
    long(all("movie_review_matrix")),
    long(all("travel")),
    long(all("travel_matrix")),
];

/// What `--suite` can name.
pub(super) fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = SUITES.iter().map(|suite| suite.target).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What takes many rows, or a walk through many crash points.
const LONG_GARBAGE: &[&str] = &[
    "costs::",
    "storage::",
    "collectors::",
    "reclaimed::a_tombstone_with_a_younger_entry",
    "retention::a_decision_that_is_told_again",
];

/// One commit over two services.
const QUICK_TRANSACTIONS: &[&str] = &["commit_over_services_at_once"];

/// The tests that have as many crash points as all the others together.
const LONG_CRASHES: &[&str] = &["several_instances_write_one_row", "started_calls_run_once", "detached_call", "join"];

/// The other test targets, those of packages beside the main one with the package before a slash; and the reason.
#[cfg(test)]
const ONLY_IN_MEMORY: &[(&[&str], &str)] = &[
    (&["chaos"], "kills the process of the host, and the host that follows opens the same file"),
    (&["simulation", "simulation_movies"], "the world has a store of its own, which is late and fails by the seed"),
    (&["history"], "checks histories that are written down in the test"),
    (&["fuzz_seeds"], "parses what stands in `fuzz/seeds`"),
    (&["ui"], "compiles, and runs nothing"),
    (&["two-programs/two_programs"], "each of the programs has a store of its own; `remote` has both sides in one"),
    (
        &["shop/orders", "testing-example/faults", "testing-example/mended"],
        "shows projects how to use the test kit, which `kit` tries out at the endpoint",
    ),
    (
        &[
            "beldi-build/command",
            "beldi-build/contract",
            "beldi-build/deployment",
            "beldi-build/dev",
            "beldi-build/helpers",
            "beldi-build/live",
            "beldi-build/manifest",
            "beldi-build/new",
            "beldi-build/plan",
            "beldi-build/projects",
            "beldi-build/tools",
        ],
        "is about what is built and deployed, and asks no store",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// The test targets as cargo knows them, named as above.
    fn targets() -> BTreeSet<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = std::process::Command::new(cargo);
        command.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
        let output = command.current_dir(crate::cargo::root()).output().expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let packages = metadata["packages"].as_array().expect("packages");
        let targets = packages.iter().flat_map(|package| {
            let all = package["targets"].as_array().expect("targets").iter();
            all.filter(|target| target["kind"] == serde_json::json!(["test"])).map(|target| {
                match (package["name"].as_str().expect("a name"), target["name"].as_str().expect("a name")) {
                    ("beldi", target) => target.to_owned(),
                    (package, target) => format!("{package}/{target}"),
                }
            })
        });
        targets.collect()
    }

    #[test]
    fn each_test_target_runs_on_any_store_or_says_why_it_does_not() {
        let anywhere: BTreeSet<_> = SUITES.iter().map(|suite| suite.target.to_owned()).collect();
        let in_memory = ONLY_IN_MEMORY.iter().flat_map(|(targets, _)| *targets);
        let in_memory: BTreeSet<_> = in_memory.map(|target| (*target).to_owned()).collect();
        assert_eq!(anywhere.intersection(&in_memory).collect::<Vec<_>>(), Vec::<&String>::new(), "in both lists");
        assert_eq!(anywhere.union(&in_memory).cloned().collect::<BTreeSet<_>>(), targets());
        // `cargo test --workspace` would run both.
        let others = in_memory.iter().filter_map(|target| Some(target.split_once('/')?.1.to_owned()));
        assert_eq!(others.filter(|other| anywhere.contains(other)).collect::<Vec<_>>(), Vec::<String>::new());
    }
}
