//! Transfers between accounts of three services.

use std::sync::{Arc, Mutex, PoisonError};

use crate::bank::{
    BALANCE, Bank, Order, Way, accounts, audit, east, inconsistent, level, north, receipt, south, total, transfer,
};
use crate::common::checks::{Check, several};
use crate::world::{App, Clients, Size, Work};

/// How many clients there are: the accounts are few, and each transfer waits for others.
const CLIENTS: usize = 5;

pub(crate) struct Money {
    /// The transfers, and whether their clients were told that they were made.
    sent: Mutex<Vec<(String, bool)>>,
    wrong_sums: Mutex<Vec<String>>,
}

impl Money {
    pub(crate) fn of(_size: Size) -> Self {
        // What an earlier run on this thread has counted is not this one's.
        inconsistent();
        Self { sent: Mutex::default(), wrong_sums: Mutex::default() }
    }

    async fn balances(clients: &Arc<Clients>) -> Vec<i64> {
        let mut balances = Vec::new();
        for (bank, number) in accounts() {
            balances.extend(match bank {
                Bank::North => clients.observe(|| north::balance(number)).await,
                Bank::South => clients.observe(|| south::balance(number)).await,
                Bank::East => clients.observe(|| east::balance(number)).await,
            });
        }
        balances
    }
}

fn order(clients: &Clients) -> Order {
    let chance = &clients.core().chance;
    let mut accounts = accounts();
    let from = accounts.swap_remove(chance.below(accounts.len()));
    let to = accounts[chance.below(accounts.len())];
    let ways = [Way::WithdrawFirst, Way::DepositFirst, Way::AtOnce, Way::InHalves];
    // Some want more than any account is likely to have.
    Order { from, to, amount: 1 + chance.below(44) as i64, way: ways[chance.below(4)] }
}

impl App for Money {
    fn prepare(&self, clients: Arc<Clients>) -> Work<'_, ()> {
        Box::pin(async move {
            for (bank, number) in accounts() {
                let key = format!("open {bank:?} {number}");
                match bank {
                    Bank::North => clients.answer(&key, move || north::open(number, BALANCE)).await,
                    Bank::South => clients.answer(&key, move || south::open(number, BALANCE)).await,
                    Bank::East => clients.answer(&key, move || east::open(number, BALANCE)).await,
                };
            }
        })
    }

    fn clients(&self) -> usize {
        CLIENTS
    }

    fn request(&self, clients: Arc<Clients>, client: usize, number: usize) -> Work<'_, ()> {
        Box::pin(async move {
            let key = format!("bank {client}.{number}.");
            match clients.core().chance.below(8) {
                0 => {
                    let sum = clients.answer(&key, || audit(accounts(), total())).await;
                    if sum.is_some_and(|sum| sum != total()) {
                        let problem = format!("request {key} found {sum:?}");
                        self.wrong_sums.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
                    }
                }
                1 => {
                    // Whether anybody was rich enough is in the balances.
                    let _ = clients.answer(&key, || level(accounts(), total())).await;
                }
                _ => {
                    let (order, id) = (order(&clients), key.clone());
                    let answer = clients.answer(&key, move || transfer(id.clone(), order.clone())).await;
                    if let Some(answer) = answer {
                        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push((key, answer.is_ok()));
                    }
                }
            }
        })
    }

    fn check(&self, clients: Arc<Clients>) -> Work<'_, Vec<Check>> {
        Box::pin(async move {
            let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut receipts = Vec::new();
            for (key, done) in &sent {
                let receipt = clients.observe(|| receipt(key.clone())).await;
                if receipt.is_none_or(|receipt| receipt.is_some() != *done) {
                    receipts
                        .push(format!("request {key} was answered with {done}, and its receipt says something else"));
                }
            }
            let mut money = self.wrong_sums.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let balances = Self::balances(&clients).await;
            if balances.iter().sum::<i64>() != total() || balances.iter().any(|balance| *balance < 0) {
                money.push(format!("{balances:?} are in the accounts"));
            }
            let inconsistent = inconsistent();
            if inconsistent > 0 {
                money.push(format!("{inconsistent} bodies saw a sum that never was"));
            }
            let transfers = several(sent.len(), "transfer");
            vec![
                Check::new("money conserved, in every audit and body", &transfers, &money),
                Check::new("a transfer has a receipt exactly if it was made", &transfers, &receipts),
            ]
        })
    }
}
