//! `cargo beldi dev`: what is served is the last program that compiled, and each has the time to end.
//!
//! The program here says which one it is and ends with its input, as `beldi::main()` does.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Far more than a build of nothing takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A project that is served, removed with the test.
struct Dev {
    folder: PathBuf,
    process: Child,
    lines: Receiver<String>,
}

fn program(number: u32) -> String {
    format!(
        "fn main() {{\n    println!(\"program {number} begins\");\n    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());\n    println!(\"program {number} ends\");\n}}\n"
    )
}

fn tell(from: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        // Nobody listens any more when the test is over.
        BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| to.send(line))
    });
}

impl Dev {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("beldi-dev-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("src")).expect("a folder");
        let manifest = "[package]\nname = \"served\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        std::fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
        write(&folder, &program(1));
        let mut process = Command::new(env!("CARGO_BIN_EXE_cargo-beldi"))
            .args(["beldi", "dev"])
            .current_dir(&folder)
            .env_remove("CARGO_TARGET_DIR")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let (sender, lines) = channel();
        tell(process.stdout.take().expect("its output"), sender.clone());
        tell(process.stderr.take().expect("its errors"), sender);
        Self { folder, process, lines }
    }

    /// Waits for a line with these words in it. Gives the lines before it.
    fn until(&self, words: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return before,
                Ok(line) => before.push(line),
                Err(error) => panic!("no line has `{words}` ({error}): {before:#?}"),
            }
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // A test that failed leaves a process; what is left over is in the folder for temporary files.
        let _ = self.process.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn write(folder: &Path, program: &str) {
    std::fs::write(folder.join("src/main.rs"), program).expect("a program");
}

#[test]
fn the_last_program_that_compiled_is_served_until_the_end() {
    let mut dev = Dev::start();
    dev.until("program 1 begins");

    write(&dev.folder, "fn main() { nonsense }");
    let before = dev.until("the program before it is served");
    assert!(before.iter().any(|line| line.contains("nonsense")), "the compiler's message: {before:#?}");
    assert!(!before.iter().any(|line| line.contains("program 1 ends")), "{before:#?}");

    write(&dev.folder, &program(2));
    let before = dev.until("program 2 begins");
    assert!(before.iter().any(|line| line.contains("program 1 ends")), "it was asked to end first: {before:#?}");

    let status = Command::new("kill").args(["-TERM", &dev.process.id().to_string()]).status().expect("kill starts");
    assert!(status.success());
    dev.until("program 2 ends");
    assert!(dev.process.wait().expect("it ends").success());
}
