//! `cargo beldi new`: a project is there as a whole, or not at all.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use beldi_build::Scaffold;

/// A folder that no workspace is above of, removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("beldi-new-{name}-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    fn new_project(&self, name: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"));
        command.args(["beldi", "new", name]).current_dir(&self.0).output().expect("the command starts")
    }

    fn is_empty(&self) -> bool {
        self.0.read_dir().expect("the folder").next().is_none()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left over is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_project_has_all_its_files_and_the_next_steps_are_told() {
    let folder = Folder::new("whole");
    let output = folder.new_project("shop");
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    for step in ["cd shop", "cargo test", "cargo beldi dev", "cargo beldi plan"] {
        assert!(told.contains(step), "{step} in {told}");
    }
    let project = folder.0.join("shop");
    for file in ["Cargo.toml", "README.md", ".gitignore", "src/main.rs", "src/lib.rs", "tests/orders.rs"] {
        let text = std::fs::read_to_string(project.join(file)).expect(file);
        assert!(!text.contains("{name}") && !text.contains("{crate}"), "{file}: {text}");
    }
    let manifest = std::fs::read_to_string(project.join("Cargo.toml")).expect("a manifest");
    assert!(manifest.contains("name = \"shop\""), "{manifest}");
    assert!(manifest.contains("path = "), "it takes beldi from the checkout that this was built from: {manifest}");
    let mut format = Command::new("rustfmt");
    format.args(["--check", "--edition", "2024", "src/lib.rs", "src/main.rs", "tests/orders.rs"]);
    let formatted = format.current_dir(&project).output().expect("rustfmt starts");
    assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stdout));
}

/// `examples/shop` is compiled and tested as a new project is by its user.
#[test]
fn the_example_is_what_it_writes() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop");
    let scaffold = Scaffold::new("shop", Some(Path::new("../.."))).expect("a name");
    for (path, text) in scaffold.in_workspace().files() {
        let file = project.join(path);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(&file, &text).expect("a file");
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == text,
            "{path} is another one: `BLESS=1 cargo test --package beldi-build --test new` writes it"
        );
    }
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let folder = Folder::new("there");
    std::fs::write(folder.0.join("shop"), "mine").expect("a file");
    let output = folder.new_project("shop");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("shop exists already"), "{output:?}");
    assert_eq!(std::fs::read_to_string(folder.0.join("shop")).expect("the file"), "mine");
}

#[test]
fn a_name_that_cannot_be_deployed_leaves_nothing() {
    let folder = Folder::new("name");
    for name in ["Shop", "my_shop", "3d", "a--b"] {
        let output = folder.new_project(name);
        assert!(!output.status.success(), "{name}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("lower-case letters"), "{output:?}");
    }
    // The project would use a crate of its own name.
    let output = folder.new_project("serde");
    assert!(String::from_utf8_lossy(&output.stderr).contains("it uses a crate of this name"), "{output:?}");
    // A name that cargo refuses, later than we would.
    let output = folder.new_project("test");
    assert!(!output.status.success());
    assert!(folder.is_empty());
}

/// A workspace with a package `shop` in a folder of another name.
fn workspace(folder: &Folder) -> PathBuf {
    let root = folder.0.join("Cargo.toml");
    std::fs::write(&root, "[workspace]\nmembers = [\"first\"]\nresolver = \"3\"\n").expect("a workspace");
    std::fs::create_dir_all(folder.0.join("first/src")).expect("a folder");
    let package = "[package]\nname = \"shop\"\nedition = \"2024\"\n";
    std::fs::write(folder.0.join("first/Cargo.toml"), package).expect("a package");
    std::fs::write(folder.0.join("first/src/lib.rs"), "").expect("a library");
    root
}

#[test]
fn a_member_of_a_workspace_tells_what_its_root_should_have() {
    let folder = Folder::new("member");
    let root = workspace(&folder);
    let output = folder.new_project("bakery");
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("[profile.release]\npanic = \"unwind\""), "{told}");
    assert!(!std::fs::read_to_string(folder.0.join("bakery/Cargo.toml")).expect("a file").contains("[profile"));
    assert!(std::fs::read_to_string(root).expect("a file").contains("\"bakery\""));
}

#[test]
fn a_workspace_that_cannot_have_it_stays_as_it_is() {
    let folder = Folder::new("collision");
    let root = workspace(&folder);
    let before = std::fs::read_to_string(&root).expect("a file");
    let output = folder.new_project("shop");
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("two packages named `shop`"), "{output:?}");
    assert!(!folder.0.join("shop").exists());
    assert_eq!(std::fs::read_to_string(&root).expect("a file"), before);
}

#[test]
fn nothing_is_made_inside_of_beldi() {
    let beldi = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"));
    let output = command.args(["new", "bakery"]).current_dir(beldi).output().expect("the command starts");
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("a part of beldi itself"), "{output:?}");
    assert!(!beldi.join("bakery").exists());
}

/// As `cargo beldi new shop | head -1` does.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_is_no_reason_to_panic() {
    let folder = Folder::new("pipe");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"));
    let output = command.arg("--help").current_dir(&folder.0).stdout(writer).output().expect("the command starts");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    command = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    command.args(["new", "shop"]).current_dir(&folder.0).stdout(writer);
    let output = command.output().expect("the command starts");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(folder.0.join("shop/src/main.rs").exists());
}
