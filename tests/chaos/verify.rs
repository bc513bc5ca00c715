//! What must hold when everything is over: looked at in the stored tables, without workers.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use beldi::Client;
use beldi::host::LocalHost;
use beldi::store::EmbeddedStore;
use indicatif::ProgressBar;

use crate::bank::{BALANCE, Bank, Name, accounts, east, north, receipt, south, total};
use crate::catalogue::{self, Catalogue};
use crate::checks::Snapshot;
use crate::common::checks::{Check, several};
use crate::common::rows;
use crate::load::{Answers, Transfer};
use crate::settings;

/// Opens the accounts, the hotels and the flights.
pub(crate) async fn prepare(data: &Path, catalogue: &Catalogue) -> Result<(), Box<dyn Error>> {
    let host = open(data).await?;
    let client = host.client();
    catalogue::load(&client, catalogue, &ProgressBar::hidden()).await?;
    for (bank, number) in accounts() {
        match bank {
            Bank::North => client.call(north::open(number, BALANCE)).await?,
            Bank::South => client.call(south::open(number, BALANCE)).await?,
            Bank::East => client.call(east::open(number, BALANCE)).await?,
        }
    }
    host.shutdown(Duration::from_secs(10)).await;
    Ok(())
}

async fn open(data: &Path) -> Result<LocalHost, Box<dyn Error>> {
    let store = Arc::new(EmbeddedStore::open(data)?);
    Ok(LocalHost::builder(store).settings(settings()).start().await?)
}

/// Finishes what the workers have left, and looks at everything.
pub(crate) async fn verify(
    data: &Path,
    catalogue: &Catalogue,
    answers: &Answers,
) -> Result<Vec<Check>, Box<dyn Error>> {
    let host = open(data).await?;
    host.settle().await?;
    let client = host.client();
    let asked = answers.trips.len() + answers.transfers.len();
    let mut checks = vec![Check::new("every request got its answer", &several(asked, "request"), &answers.problems)];
    let snapshot = Snapshot::take(&client).await?;
    checks.extend(snapshot.agrees(catalogue));
    checks.extend(snapshot.fulfils(&answers.trips));
    checks.extend(money(&client, &answers.transfers).await?);
    checks.push(rows::none_locked(&host.environment()).await?);
    checks.push(at_rest(&host).await?);
    host.shutdown(Duration::from_secs(10)).await;
    Ok(checks)
}

/// Whether the accounts are what the receipts make them, and the receipts what the clients were told.
async fn money(client: &Client, transfers: &[Transfer]) -> Result<Vec<Check>, Box<dyn Error>> {
    let mut expected: BTreeMap<Name, i64> = accounts().into_iter().map(|account| (account, BALANCE)).collect();
    let mut told = Vec::new();
    for Transfer { id, order, done } in transfers {
        let written = client.call(receipt(id.clone())).await?.is_some();
        if written != *done {
            told.push(format!("{id}: done is {done}, and that there is a receipt is {written}"));
        }
        if *done {
            *expected.entry(order.from).or_default() -= order.amount;
            *expected.entry(order.to).or_default() += order.amount;
        }
    }
    let (mut balances, mut sum) = (Vec::new(), 0);
    for ((bank, number), expected) in expected {
        let balance = match bank {
            Bank::North => client.call(north::balance(number)).await?,
            Bank::South => client.call(south::balance(number)).await?,
            Bank::East => client.call(east::balance(number)).await?,
        };
        sum += balance;
        if balance != expected {
            balances.push(format!("account {bank:?} {number} has {balance}, and should have {expected}"));
        }
    }
    let conserved = if sum == total() { Vec::new() } else { vec![format!("the sum is {sum} and not {}", total())] };
    let (looked_at, accounts) = (several(transfers.len(), "transfer"), several(accounts().len(), "account"));
    Ok(vec![
        Check::new("a receipt for each transfer that was done, and no other", &looked_at, &told),
        Check::new("each balance is what the transfers make it", &accounts, &balances),
        Check::new("money is conserved", &accounts, &conserved),
    ])
}

/// Whether nothing is parked or waits for a decision.
async fn at_rest(host: &LocalHost) -> Result<Check, Box<dyn Error>> {
    let (client, environment) = (host.client(), host.environment());
    let (mut problems, mut services) = (Vec::new(), 0);
    for service in environment.registry.services() {
        services += 1;
        let parked = client.parked(service).await?;
        problems.extend(parked.into_iter().map(|(instance, error)| format!("{service} {instance} is parked: {error}")));
        let in_doubt = client.in_doubt(service).await?;
        problems.extend(in_doubt.iter().map(|waiting| format!("{service} waits for a decision: {waiting:?}")));
    }
    Ok(Check::new("nothing unfinished, parked or in doubt", &several(services, "service"), &problems))
}
