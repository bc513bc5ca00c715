//! `cargo beldi check`

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use beldi_build::{DescribedTable, LiveTable, ProjectError, TablePlan, template};
use serde::Deserialize;

use super::Result;
use super::options::ProjectOptions;
use super::run::AWS;
use super::template::folder_of;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    project: ProjectOptions,
    /// The template that must be what `cargo beldi template` would write
    #[arg(short, long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Look at no account: compare the template alone
    #[arg(long, requires = "template")]
    offline: bool,
    /// Further arguments for the AWS CLI, such as `--region eu-central-1`
    #[arg(last = true)]
    aws_arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let project = options.project.project()?;
    let folder = options.template.as_deref().map_or_else(|| project.directory(), folder_of);
    let plan = options.project.plan(&project, folder)?;
    let (mut passed, mut failed) = (0, 0);
    let mut tell = |name: &str, differences: Vec<String>| {
        *if differences.is_empty() { &mut passed } else { &mut failed } += 1;
        println!("{:<6} {name}", if differences.is_empty() { "ok" } else { "FAILED" });
        differences.iter().for_each(|difference| println!("       {difference}"));
    };
    if let Some(file) = &options.template {
        let found = std::fs::read_to_string(file)
            .map_err(|source| ProjectError::File { path: file.display().to_string(), source })?;
        let differs = first_difference(&found, &template(&plan));
        tell(&format!("the template {}", file.display()), differs.into_iter().collect());
    }
    if !options.offline {
        for TablePlan { table, adopted } in &plan.tables {
            let differences = look(&table.name, &options.aws_arguments)?.differs(table, *adopted);
            tell(&format!("the table {}", table.name), differences.iter().map(ToString::to_string).collect());
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn first_difference(found: &str, expected: &str) -> Option<String> {
    if found == expected {
        return None;
    }
    let mut pairs = found.lines().zip(expected.lines()).enumerate();
    let told = match pairs.find(|(_, (found, expected))| found != expected) {
        Some((number, (found, expected))) => {
            format!("line {}: it is `{}` and would be `{}`", number + 1, found.trim(), expected.trim())
        }
        None => format!("it has {} lines and would have {}", found.lines().count(), expected.lines().count()),
    };
    Some(format!("{told}: write it anew with `cargo beldi template`"))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    table: DescribedTable,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Expiry {
    time_to_live_description: Expires,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Expires {
    time_to_live_status: String,
    attribute_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Backups {
    continuous_backups_description: Recovery,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Recovery {
    point_in_time_recovery_description: Option<RecoveryStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecoveryStatus {
    point_in_time_recovery_status: String,
}

/// What the account has of a table. The AWS CLI finds the region, the credentials and, if there is one, the endpoint.
fn look(table: &str, arguments: &[String]) -> Result<LiveTable> {
    let ask = |what: &str| {
        let mut command = AWS.command();
        command.args(["dynamodb", what, "--table-name", table, "--output", "json"]).args(arguments);
        command
    };
    let described = answer::<Described>(&mut ask("describe-table"), "ResourceNotFoundException")?;
    if described.is_none() {
        return Ok(LiveTable { described: None, expires: None, restorable: None });
    }
    let expiry = answer::<Expiry>(&mut ask("describe-time-to-live"), "ResourceNotFoundException")?;
    let expires = expiry.map(|expiry| expiry.time_to_live_description);
    let expires = expires.filter(|expires| ["ENABLED", "ENABLING"].contains(&expires.time_to_live_status.as_str()));
    // No local DynamoDB knows of backups.
    let backups = answer::<Backups>(&mut ask("describe-continuous-backups"), "UnknownOperationException")?;
    let recovery = backups.map(|backups| backups.continuous_backups_description.point_in_time_recovery_description);
    Ok(LiveTable {
        described: described.map(|described| described.table),
        expires: expires.and_then(|expires| expires.attribute_name),
        restorable: recovery
            .map(|recovery| recovery.is_some_and(|recovery| recovery.point_in_time_recovery_status == "ENABLED")),
    })
}

/// What the AWS CLI says, or nothing if it fails with `absent`.
fn answer<T: serde::de::DeserializeOwned>(command: &mut Command, absent: &str) -> Result<Option<T>> {
    let output = AWS.output(command)?;
    if output.status.success() {
        return Ok(Some(serde_json::from_slice(&output.stdout)?));
    }
    let message = String::from_utf8_lossy(&output.stderr);
    if message.contains(absent) {
        return Ok(None);
    }
    Err(format!("`aws` says: {}", message.trim()).into())
}
