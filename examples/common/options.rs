//! The part of the command line that all shows have.

use std::path::PathBuf;

/// The share of all attempts that die, unless another is asked for.
const CRASH_SHARE: f64 = 0.3;

/// What every show can be told.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The file with all tables and journals; what it has accepted is noted beside it.
    #[arg(long, value_name = "PATH")]
    pub(crate) data: PathBuf,

    /// Begin without the data of earlier runs.
    #[arg(long)]
    pub(crate) fresh: bool,

    /// How many users there are at a time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) users: u16,

    /// For how many seconds they work; with 0 there is only what earlier runs have left.
    #[arg(long, value_name = "S", default_value_t = 8)]
    pub(crate) seconds: u64,

    /// The share of all attempts that die, 0 to 0.5. Without this it is 0.3, and less than 0.2 counts as failed.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    crash_share: Option<f64>,

    /// Run the services in so many worker processes, each an AWS Lambda function on this machine, of which one is killed
    /// each second.
    #[arg(long, value_name = "N")]
    pub(crate) processes: Option<usize>,

    /// Go on serving the gateway until Ctrl-C.
    #[arg(long)]
    pub(crate) serve: bool,

    /// The port of the gateway on 127.0.0.1: by default 8080 with --serve and any free one without.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

impl Options {
    /// The share of all attempts that are to die.
    pub(crate) fn crash_share(&self) -> f64 {
        self.crash_share.unwrap_or(CRASH_SHARE)
    }

    /// Whether the share of attempts that died is to be checked: nobody has asked for a smaller one.
    pub(crate) fn checks_crashes(&self) -> bool {
        self.crash_share.is_none()
    }

    /// The port of the gateway; 0 is any free one.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.serve { 8080 } else { 0 })
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=0.5).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 0.5".to_owned()),
    }
}
