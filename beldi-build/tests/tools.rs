//! What `cargo beldi` asks the tools of others to do. Scripts that take down what they are told stand in for them.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with scripts in place of tools.
struct Tools(PathBuf);

impl Tools {
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the folder of an earlier run");
        }
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    /// A tool that takes down its arguments and then runs `script`.
    fn with(self, name: &str, script: &str) -> Self {
        let file = self.0.join(name);
        let told = self.0.join("told");
        let script = format!("#!/bin/sh\necho {name} \"$@\" >> '{}'\n{script}\n", told.display());
        fs::write(&file, script).expect("a script");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a script that can be run");
        self
    }

    fn cargo_beldi(&self, arguments: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"));
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        command.env("PATH", format!("{}:{path}", self.0.display())).output().expect("the command starts")
    }

    /// What the tools were told, a line for each call.
    fn told(&self) -> Vec<String> {
        let told = fs::read_to_string(self.0.join("told")).unwrap_or_default();
        told.lines().map(str::to_owned).collect()
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Puts an archive where cargo-lambda is told to.
const CARGO_LAMBDA: &str = r#"
while [ $# -gt 0 ]; do [ "$1" = --lambda-dir ] && folder="$2"; shift; done
mkdir -p "$folder/shop" && echo packed > "$folder/shop/bootstrap.zip""#;

#[test]
fn a_deployment_shows_its_plan_builds_and_tells_sam() {
    let tools = Tools::new("deploy").with("cargo-lambda", CARGO_LAMBDA).with("sam", "");
    let output = tools.cargo_beldi(&["deploy", "--example", "shop", "--", "--region", "eu-central-1"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = printed(&output);
    let (plan, built) = (shown.find("Stack beldi-build: "), shown.find(" MB and is every service"));
    assert!(plan.is_some() && plan < built, "{shown}");

    let told = tools.told();
    let [version, build, deploy] = told.as_slice() else { panic!("three calls: {told:?}") };
    assert_eq!(version, "sam --version");
    assert!(
        build.starts_with("cargo-lambda lambda build --release --output-format zip --no-default-features --x86-64")
    );
    assert!(build.ends_with("--example shop"), "{build}");
    let (deploy, template) = deploy.split_once(" --template-file ").expect("a template");
    let expected = "sam deploy --resolve-s3 --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
                    --confirm-changeset --stack-name beldi-build";
    assert_eq!(deploy, expected);
    let (template, region) = template.split_once(' ').expect("further arguments");
    assert_eq!(region, "--region eu-central-1");
    let template = fs::read_to_string(template).expect("the template");
    assert!(template.contains("CodeUri: ../lambda/shop/bootstrap.zip"), "{template}");
}

#[test]
fn a_deployment_that_cannot_be_built_tells_sam_nothing() {
    let tools = Tools::new("broken").with("cargo-lambda", "exit 3").with("sam", "");
    let output = tools.cargo_beldi(&["deploy", "--example", "shop", "--yes"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("`cargo-lambda` failed (exit status: 3)"));
    assert_eq!(tools.told().iter().filter(|line| line.starts_with("sam deploy")).count(), 0);
}

/// Knows the tables of the shop, but for one: `stock-items`. The journal of the stock never expires.
const AWS: &str = r#"
case "$2 $4" in
"describe-table stock-items") echo "An error occurred (ResourceNotFoundException)" >&2; exit 254;;
"describe-table "*) cat <<'END'
{ "Table": { "KeySchema": [{ "AttributeName": "instance", "KeyType": "HASH" }, { "AttributeName": "record", "KeyType": "RANGE" }],
  "AttributeDefinitions": [
    { "AttributeName": "instance", "AttributeType": "S" }, { "AttributeName": "record", "AttributeType": "N" },
    { "AttributeName": "shard", "AttributeType": "S" }, { "AttributeName": "due", "AttributeType": "N" },
    { "AttributeName": "reclaim", "AttributeType": "S" }, { "AttributeName": "reclaim_from", "AttributeType": "N" }],
  "GlobalSecondaryIndexes": [
    { "IndexName": "due", "Projection": { "ProjectionType": "ALL" },
      "KeySchema": [{ "AttributeName": "shard", "KeyType": "HASH" }, { "AttributeName": "due", "KeyType": "RANGE" }] },
    { "IndexName": "reclaim", "Projection": { "ProjectionType": "ALL" },
      "KeySchema": [{ "AttributeName": "reclaim", "KeyType": "HASH" }, { "AttributeName": "reclaim_from", "KeyType": "RANGE" }] }] } }
END
;;
"describe-time-to-live shop-journal")
  echo '{ "TimeToLiveDescription": { "TimeToLiveStatus": "ENABLED", "AttributeName": "expires" } }';;
"describe-time-to-live "*) echo '{ "TimeToLiveDescription": { "TimeToLiveStatus": "DISABLED" } }';;
*) echo "An error occurred (UnknownOperationException)" >&2; exit 254;;
esac"#;

#[test]
fn a_check_says_what_differs_in_the_account_and_in_the_template() {
    let tools = Tools::new("check").with("aws", AWS);
    let template = tools.0.join("template.yaml");
    let template = template.to_str().expect("a path");
    assert!(tools.cargo_beldi(&["template", "--example", "shop", "--output", template]).status.success());

    let output = tools.cargo_beldi(&["check", "--example", "shop", "--template", template]);
    assert!(!output.status.success());
    let shown = printed(&output);
    for line in [
        format!("ok     the template {template}\n"),
        "ok     the table shop-journal\n".to_owned(),
        "FAILED the table stock-items\n       it does not exist: deploy the program, or create it".to_owned(),
        "FAILED the table stock-journal\n       items do not expire by `expires`: turn it on with `aws ".to_owned(),
    ] {
        assert!(shown.contains(&line), "{line} in\n{shown}");
    }
    assert!(shown.ends_with("2 passed, 2 failed\n"), "{shown}");
}

#[test]
fn a_template_of_another_program_differs_at_a_line() {
    let tools = Tools::new("stale");
    let file = tools.0.join("template.yaml");
    let path = file.to_str().expect("a path");
    let template = ["template", "--example", "shop", "--output", path];
    assert!(tools.cargo_beldi(&template).status.success());
    let check = ["check", "--example", "shop", "--offline", "--template", path];
    assert!(tools.cargo_beldi(&check).status.success());

    let changed = fs::read_to_string(&file).expect("the template").replacen("Timeout: 65", "Timeout: 60", 1);
    fs::write(&file, changed).expect("a file");
    let output = tools.cargo_beldi(&check);
    assert!(!output.status.success());
    let shown = printed(&output);
    assert!(shown.contains("it is `Timeout: 60` and would be `Timeout: 65`"), "{shown}");
    assert!(shown.ends_with("0 passed, 1 failed\n"), "{shown}");
}
