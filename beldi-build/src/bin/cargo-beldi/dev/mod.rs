//! `cargo beldi dev`
//!
//! Invariants: what is served is the last program that compiled; two of them never run at once, because one file keeps
//! the tables; one that is replaced has been asked to end first, and has had the time to.

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::process::{ExitCode, Stdio};

use beldi_build::{Project, ProjectError};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use self::served::{Build, Served};
use self::watch::Watch;
use super::Result;
use super::options::ProjectOptions;

mod served;
mod watch;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    project: ProjectOptions,
    /// Where to serve on this machine; 0 stands for any port that is free [default: BELDI_PORT, or 8080]
    #[arg(long)]
    port: Option<u16>,
    /// The file of the tables, or `memory` for none [default: BELDI_DATA, or beldi.db in the target folder]
    #[arg(long, value_name = "FILE")]
    data: Option<OsString>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: &Options) -> Result<ExitCode> {
    let told_to_end = told_to_end()?;
    tokio::pin!(told_to_end);
    let project = options.project.project()?;
    let data = data(&project, options)?;
    let mut watch = Watch::of(&project.source_folders()?, &data)?;
    let mut served: Option<Served> = None;
    loop {
        let built = tokio::select! {
            biased;
            () = &mut told_to_end => break,
            built = build(&project, options) => built,
        };
        match built {
            Ok(build) if served.as_ref().is_some_and(|served| served.build == build) => {}
            Ok(build) => {
                if let Some(served) = served.take() {
                    served.end().await?;
                }
                served = Some(Served::start(build, options.port, &data)?);
            }
            Err(error) => {
                let what = if served.is_some() { "the program before it is served" } else { "nothing is served" };
                eprintln!("{error}: {what} until a build succeeds");
            }
        }
        tokio::select! {
            biased;
            () = &mut told_to_end => break,
            () = changed(&mut watch, &mut served, &project.program) => {}
        }
        // Watching begins anew before anything is built: folders may have come, and nothing is missed in between. If
        // cargo cannot read the project now, it says so when it is to build it.
        if let Ok(folders) = project.source_folders() {
            watch = Watch::of(&folders, &data)?;
        }
    }
    if let Some(served) = served {
        served.end().await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Resolves when a file has changed. Tells if the program ends before.
async fn changed(watch: &mut Watch, served: &mut Option<Served>, program: &str) {
    if let Some(running) = served {
        tokio::select! {
            biased;
            () = watch.changed() => return,
            status = running.ended() => {
                let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                eprintln!("`{program}` has ended ({how}): it is started again at the next build that succeeds");
            }
        }
        *served = None;
    }
    watch.changed().await;
}

/// Where the tables are: where the user says, or in the target folder, as seen from here.
fn data(project: &Project, options: &Options) -> Result<OsString> {
    if let Some(data) = options.data.clone().or_else(|| std::env::var_os("BELDI_DATA")) {
        return Ok(data);
    }
    let data = project.target_directory.join("beldi.db");
    Ok(data.strip_prefix(std::env::current_dir()?).unwrap_or(&data).into())
}

/// Builds the program, with what cargo says of it on the terminal. Cargo ends when the future is dropped.
async fn build(project: &Project, options: &Options) -> Result<Build> {
    let start = |source| ProjectError::Start { program: "cargo build".to_owned(), source, hint: "" };
    let mut command = Command::from(project.build_command(options.project.cargo_arguments()));
    let mut cargo = command.stdin(Stdio::null()).kill_on_drop(true).spawn().map_err(start)?;
    let mut lines = BufReader::new(cargo.stdout.take().expect("it is piped")).lines();
    let mut executable = None;
    while let Some(line) = lines.next_line().await? {
        executable = project.executable(&line).or(executable);
    }
    if !cargo.wait().await?.success() {
        return Err(format!("`{}` does not compile", project.program).into());
    }
    let executable = executable.ok_or_else(|| ProjectError::NotBuilt { name: project.program.clone() })?;
    let made = std::fs::metadata(&executable)?.modified()?;
    Ok(Build { executable, made })
}

/// Resolves at Ctrl-C and SIGTERM, from now on.
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let (mut interrupt, mut terminate) = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
