//! Accounts in three services, and an office that transfers between them: what the tests of money share.

use std::cell::Cell;

use beldi::prelude::*;

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bank {
    North,
    South,
    East,
}

/// An account: its bank, and its number there.
pub(crate) type Name = (Bank, u32);

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Insufficient {
    pub(crate) missing: i64,
}

/// A service that owns accounts.
macro_rules! bank {
    ($module:ident $service:ident $name:tt $table:tt) => {
        pub(crate) mod $module {
            use beldi::prelude::*;

            use super::Insufficient;

            beldi::service!(pub(crate) $service = $name);

            #[derive(Item, Serialize, Deserialize, Clone, Debug)]
            #[beldi(service = $service, table = $table)]
            struct Account {
                #[beldi(partition_key)]
                number: u32,
                balance: i64,
            }

            #[beldi::function(service = $service)]
            pub(crate) async fn open(number: u32, balance: i64) {
                Account { number, balance }.put().await;
            }

            #[beldi::function(service = $service)]
            pub(crate) async fn withdraw(number: u32, amount: i64) -> Result<i64, Insufficient> {
                let balance = Account::get(number).await.map_or(0, |account| account.balance) - amount;
                if balance < 0 {
                    return Err(Insufficient { missing: -balance });
                }
                Account { number, balance }.put().await;
                Ok(balance)
            }

            #[beldi::function(service = $service)]
            pub(crate) async fn deposit(number: u32, amount: i64) -> i64 {
                let balance = Account::get(number).await.map_or(0, |account| account.balance) + amount;
                Account { number, balance }.put().await;
                balance
            }

            #[beldi::function(service = $service, read_only)]
            pub(crate) async fn balance(number: u32) -> i64 {
                Account::get(number).await.map_or(0, |account| account.balance)
            }
        }
    };
}

bank!(north North "north" "north_accounts");
bank!(south South "south" "south_accounts");
bank!(east East "east" "east_accounts");

beldi::service!(pub(crate) Office = "office");

/// What was transferred, written in the same transaction.
#[derive(Item, Serialize, Deserialize, Clone, Debug)]
#[beldi(service = Office, table = "receipts")]
struct Receipt {
    #[beldi(partition_key)]
    id: String,
    order: Order,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub(crate) struct Order {
    pub(crate) from: Name,
    pub(crate) to: Name,
    pub(crate) amount: i64,
    pub(crate) way: Way,
}

/// In which order the calls of a transfer are made.
#[derive(Serialize, Deserialize, Clone, Copy, Debug)]
pub(crate) enum Way {
    WithdrawFirst,
    /// Finds out that there is not enough when the deposit has been made.
    DepositFirst,
    AtOnce,
    /// Each bank is called twice.
    InHalves,
}

#[beldi::helper]
async fn withdraw((bank, number): Name, amount: i64) -> Result<i64, Insufficient> {
    match bank {
        Bank::North => north::withdraw(number, amount).await,
        Bank::South => south::withdraw(number, amount).await,
        Bank::East => east::withdraw(number, amount).await,
    }
}

#[beldi::helper]
async fn deposit((bank, number): Name, amount: i64) -> i64 {
    match bank {
        Bank::North => north::deposit(number, amount).await,
        Bank::South => south::deposit(number, amount).await,
        Bank::East => east::deposit(number, amount).await,
    }
}

#[beldi::helper(read_only)]
async fn balance((bank, number): Name) -> i64 {
    match bank {
        Bank::North => north::balance(number).await,
        Bank::South => south::balance(number).await,
        Bank::East => east::balance(number).await,
    }
}

#[beldi::function(service = Office)]
pub(crate) async fn transfer(id: String, order: Order) -> Result<(), Insufficient> {
    let Order { from, to, amount, way } = order.clone();
    beldi::txn! {
        match way {
            Way::WithdrawFirst => {
                withdraw(from, amount).await?;
                deposit(to, amount).await;
            }
            Way::DepositFirst => {
                deposit(to, amount).await;
                withdraw(from, amount).await?;
            }
            Way::AtOnce => {
                let (withdrawn, _) = beldi::join!(withdraw(from, amount), deposit(to, amount));
                withdrawn?;
            }
            Way::InHalves => {
                for part in [amount / 2, amount - amount / 2] {
                    withdraw(from, part).await?;
                    deposit(to, part).await;
                }
            }
        }
        Receipt { id: id.clone(), order: order.clone() }.put().await;
        Ok(())
    }
}

#[beldi::function(service = Office, read_only)]
pub(crate) async fn receipt(id: String) -> Option<Order> {
    Receipt::get(&id).await.map(|receipt| receipt.order)
}

/// The sum of all accounts, read in one transaction.
#[beldi::function(service = Office)]
pub(crate) async fn audit(accounts: Vec<Name>, total: i64) -> i64 {
    let sum: Result<i64, Insufficient> = beldi::txn! { read_only =>
        let mut sum = 0;
        for account in &accounts {
            sum += balance(*account).await;
        }
        must_be(total, sum);
        Ok(sum)
    };
    sum.unwrap_or_default()
}

/// Moves one from the richest account to the poorest. What it reads, it may write.
#[beldi::function(service = Office)]
pub(crate) async fn level(accounts: Vec<Name>, total: i64) -> Result<(), Insufficient> {
    beldi::txn! {
        let mut balances = Vec::new();
        for account in &accounts {
            balances.push((balance(*account).await, *account));
        }
        must_be(total, balances.iter().map(|(balance, _)| balance).sum());
        balances.sort_unstable();
        if let [(_, poorest), .., (_, richest)] = balances[..] {
            withdraw(richest, 1).await?;
            deposit(poorest, 1).await;
        }
        Ok(())
    }
}

thread_local! {
    /// How often a body saw a sum that never was, in the runs of this thread.
    static INCONSISTENT: Cell<u64> = const { Cell::new(0) };
}

/// How often a body saw a sum that never was, since this was last asked.
pub(crate) fn inconsistent() -> u64 {
    INCONSISTENT.take()
}

/// The attempt would be repeated after the panic, and might see a right sum then: so it is counted, too.
fn must_be(total: i64, sum: i64) {
    if sum != total {
        INCONSISTENT.set(INCONSISTENT.get() + 1);
        panic!("the sum of all accounts is {sum} and not {total}");
    }
}

pub(crate) const BALANCE: i64 = 30;

pub(crate) fn accounts() -> Vec<Name> {
    [Bank::North, Bank::South, Bank::East].into_iter().flat_map(|bank| [(bank, 1), (bank, 2)]).collect()
}

pub(crate) fn total() -> i64 {
    BALANCE * i64::try_from(accounts().len()).expect("a few accounts")
}
