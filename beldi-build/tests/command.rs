//! `cargo beldi` on a program that it builds itself.

use std::path::Path;
use std::process::{Command, Output};

/// `cargo-beldi` with these arguments, in the folder of this package.
fn cargo_beldi(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.output().expect("the command starts")
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).expect("a text")
}

/// The message of a command that failed.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_plan_is_shown() {
    // As cargo starts a command of its own, and as a person may start the program.
    let shown = printed(&cargo_beldi(&["beldi", "plan", "--example", "shop"]));
    assert_eq!(shown, printed(&cargo_beldi(&["plan", "--example", "shop"])));
    for line in [
        "Stack beldi-build: ",
        " shop      65 s      none      itself, stock ",
        " stock     35 s      none      itself ",
        " shop/sell    effects   r + w + 1    r + w + 2 ",
        " stock-items     stock   items     name (S) ",
        "12 alarms: ",
    ] {
        assert!(shown.contains(line), "{line:?} in\n{shown}");
    }
}

#[test]
fn a_template_finds_the_code_from_where_it_stands() {
    let on_terminal = printed(&cargo_beldi(&["template", "--example", "shop"]));
    assert!(on_terminal.contains("CodeUri: ../target/lambda/shop/bootstrap.zip"), "{on_terminal}");

    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("infra/template.yaml");
    let arguments = ["template", "--example", "shop", "--arch", "arm64", "--output", file.to_str().expect("a path")];
    let shown = printed(&cargo_beldi(&arguments));
    assert!(shown.starts_with("2 services and 3 tables are in "), "{shown}");
    let in_file = std::fs::read_to_string(file).expect("the template");
    assert!(in_file.contains("CodeUri: ../../lambda/shop/bootstrap.zip"), "{in_file}");
    assert!(in_file.contains("- arm64"), "{in_file}");
}

#[test]
fn a_program_that_is_not_there_is_named_with_those_that_are() {
    let output = cargo_beldi(&["plan", "--example", "shed"]);
    assert!(!output.status.success());
    let message = said(&output);
    assert!(message.contains("there is no `--example shed` in "), "{message}");
    assert!(message.contains("the binaries `cargo-beldi` and the examples `shop`"), "{message}");
}

#[test]
fn a_program_that_does_not_say_what_it_declares_is_told_how() {
    // It takes no notice of the variable, and ends because it was given no command.
    let output = cargo_beldi(&["plan", "--bin", "cargo-beldi"]);
    assert!(!output.status.success());
    let message = said(&output);
    assert!(message.contains("`cargo-beldi` fails when it is started with BELDI_MANIFEST=1"), "{message}");
    assert!(message.contains("let its `main` be `beldi::main()`"), "{message}");
}

#[test]
fn a_tool_that_is_missing_is_named_with_the_way_to_get_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"));
    command.args(["build", "--example", "shop"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // Cargo is found by its own variable, and nothing else is.
    let output = command.env("PATH", "/nowhere").env("CARGO", env!("CARGO")).output().expect("the command starts");
    assert!(!output.status.success());
    let message = said(&output);
    assert!(message.contains("`cargo-lambda` cannot be started"), "{message}");
    assert!(message.contains("pip install cargo-lambda"), "{message}");
}

#[test]
fn a_contract_is_written_and_a_service_that_is_not_there_named() {
    let declared = printed(&cargo_beldi(&["contract", "stock", "--example", "shop"]));
    assert!(declared.contains("beldi::remote! {") && declared.contains("= \"stock\""), "{declared}");
    assert!(!declared.contains("sell"), "a function of another service: {declared}");
    let message = said(&cargo_beldi(&["contract", "shed", "--example", "shop"]));
    assert!(message.contains("there is no service `shed`") && message.contains("`shop`, `stock`"), "{message}");
}
