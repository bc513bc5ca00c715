//! Projects that the command cannot use, and what it says of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package without dependencies, with these settings and these programs.
fn project(name: &str, settings: &str, programs: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects").join(name);
    fs::create_dir_all(folder.join("src/bin")).expect("a folder");
    let file = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[workspace]\n\n[package.metadata.beldi]\n{settings}\n"
    );
    fs::write(folder.join("Cargo.toml"), file).expect("a project");
    for (program, body) in programs {
        fs::write(folder.join(format!("src/bin/{program}.rs")), format!("fn main() {{ {body} }}\n"))
            .expect("a program");
    }
    folder
}

/// What `cargo beldi plan` says, which must fail, in a folder of the project.
fn said(folder: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"));
    command.arg("plan").current_dir(folder.join("src")).env_remove("CARGO_TARGET_DIR");
    let output = command.output().expect("the command starts");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_setting_that_is_unknown_is_told_with_its_file() {
    let folder = project("unknown", "adpot = []", &[("shop", "")]);
    let message = said(&folder);
    let file = folder.join("Cargo.toml");
    let expected = format!("`[package.metadata.beldi]` in {}: unknown field `adpot`, expected one of", file.display());
    assert!(message.contains(&expected), "{message}");
}

#[test]
fn a_feature_that_is_not_there_is_told_before_anything_is_built() {
    let folder =
        project("features", "lambda-features = [\"metrix\"]\n[features]\nmetrics = []", &[("shop", "nothing")]);
    let message = said(&folder);
    assert!(
        message.contains("names the feature `metrix`, which the package does not have. It has `metrics`"),
        "{message}"
    );
}

#[test]
fn a_program_must_be_chosen_where_there_are_several() {
    let message = said(&project("several", "", &[("shop", ""), ("tool", "")]));
    assert!(message.contains("there are several binaries in "), "{message}");
    assert!(message.contains("with `bin` or `example` in `[package.metadata.beldi]`"), "{message}");
    assert!(message.contains("there are the binaries `shop`, `tool`"), "{message}");
}

#[test]
fn the_settings_choose() {
    // The other one would not compile.
    let programs = [("shop", r#"println!("{{}}");"#), ("tool", "nothing")];
    let message = said(&project("chosen", "bin = \"shop\"", &programs));
    let expected = "(it prints something else: missing field `version` at line 1 column 2): let its `main` be";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn a_program_that_does_not_compile_is_told_by_the_compiler() {
    let message = said(&project("broken", "", &[("shop", "nothing")]));
    assert!(message.contains("cannot find value `nothing` in this scope"), "{message}");
    assert!(message.contains("error: `cargo build --bin shop` failed (exit status: 101)"), "{message}");
}

#[test]
fn a_program_that_ends_badly_or_says_nothing_is_told_how_to_answer() {
    let message = said(&project("bad", "", &[("shop", "std::process::exit(3)")]));
    assert!(message.contains("with BELDI_MANIFEST=1 (exit status: 3), and has said why above. If those"), "{message}");
    assert!(message.contains("let it call `beldi::Program::deployed` before anything else"), "{message}");
    let message = said(&project("silent", "", &[("shop", "")]));
    assert!(message.contains("(it prints nothing)"), "{message}");
}
