//! Random transactions over the cells of three services, and whether a serial order explains them.

#[path = "../../serializability/author.rs"]
mod author;
#[path = "../../serializability/services.rs"]
mod services;

use std::sync::{Arc, Mutex, PoisonError};

use beldi::testing::{Access, History, Transaction};

use self::author::{Author, all_keys};
use self::services::{Color, Outcome, Plan, blue, color_of, green, red};
use crate::common::checks::Check;
use crate::world::{App, Clients, Size, Work};

/// How many clients there are: the cells are few, and each transaction waits for others.
const CLIENTS: usize = 5;

pub(crate) struct Registers {
    authors: Vec<Mutex<Author>>,
    history: Mutex<History>,
    problems: Mutex<Vec<String>>,
}

impl Registers {
    pub(crate) fn of(size: Size) -> Self {
        let authors = (0..CLIENTS).map(|client| {
            Mutex::new(Author::new(size.seed.wrapping_mul(1_000) + client as u64, format!("registers {client}")))
        });
        Self { authors: authors.collect(), history: Mutex::default(), problems: Mutex::default() }
    }

    fn author<T>(&self, client: usize, ask: impl FnOnce(&mut Author) -> T) -> T {
        ask(&mut self.authors[client].lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, transaction: Transaction) {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).record(transaction);
    }

    async fn one(&self, clients: &Arc<Clients>, client: usize, key: &str) -> Option<()> {
        let began = clients.core().now_ms();
        let (dice, home) = self.author(client, |author| (author.random.u32(..10), author.home()));
        let transaction = match dice {
            0..=5 => {
                let plan = self.author(client, |author| author.plan(home));
                let rolls_back = plan.rolls_back;
                let Outcome { accesses, committed } = transact(clients, key, home, plan).await?;
                if committed == rolls_back {
                    let problem = format!("request {key}: what is committed is not what was to be");
                    self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
                }
                let transaction = if committed { Transaction::committed(key) } else { Transaction::rolled_back(key) };
                transaction.with(accesses)
            }
            6 => Transaction::committed(key).with(audit(clients, key, home).await?),
            7 | 8 => {
                let (cell, value) = self.author(client, |author| (author.key(home), author.value()));
                let (seen, swapped) = swap(clients, key, cell, &value).await?;
                let read = Transaction::committed(key).read(cell, seen.as_deref());
                if !swapped {
                    // It has changed nothing, and so is a plain read.
                    self.record(read.since(began));
                    return Some(());
                }
                read.write(cell, &value)
            }
            _ => {
                let cell = self.author(client, |author| author.key(home));
                let seen = peek(clients, cell).await?;
                self.record(Transaction::committed(key).read(cell, seen.as_deref()).since(began));
                return Some(());
            }
        };
        self.record(transaction.between(began, clients.core().now_ms()));
        Some(())
    }
}

async fn transact(clients: &Arc<Clients>, key: &str, home: Color, plan: Plan) -> Option<Outcome> {
    match home {
        Color::Red => clients.answer(key, move || red::transact(plan.clone())).await,
        Color::Green => clients.answer(key, move || green::transact(plan.clone())).await,
        Color::Blue => clients.answer(key, move || blue::transact(plan.clone())).await,
    }
}

async fn audit(clients: &Arc<Clients>, key: &str, home: Color) -> Option<Vec<Access>> {
    match home {
        Color::Red => clients.answer(key, || red::audit(all_keys())).await,
        Color::Green => clients.answer(key, || green::audit(all_keys())).await,
        Color::Blue => clients.answer(key, || blue::audit(all_keys())).await,
    }
}

async fn swap(clients: &Arc<Clients>, key: &str, cell: &str, value: &str) -> Option<(Option<String>, bool)> {
    let (cell, value) = (cell.to_owned(), value.to_owned());
    match color_of(&cell) {
        Color::Red => clients.answer(key, move || red::swap(cell.clone(), value.clone())).await,
        Color::Green => clients.answer(key, move || green::swap(cell.clone(), value.clone())).await,
        Color::Blue => clients.answer(key, move || blue::swap(cell.clone(), value.clone())).await,
    }
}

async fn peek(clients: &Arc<Clients>, cell: &str) -> Option<Option<String>> {
    let cell = cell.to_owned();
    match color_of(&cell) {
        Color::Red => clients.observe(|| red::peek(cell.clone())).await,
        Color::Green => clients.observe(|| green::peek(cell.clone())).await,
        Color::Blue => clients.observe(|| blue::peek(cell.clone())).await,
    }
}

impl App for Registers {
    fn prepare(&self, _clients: Arc<Clients>) -> Work<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn clients(&self) -> usize {
        CLIENTS
    }

    fn request(&self, clients: Arc<Clients>, client: usize, number: usize) -> Work<'_, ()> {
        Box::pin(async move {
            self.one(&clients, client, &format!("registers {client}.{number}.")).await;
        })
    }

    fn check(&self, clients: Arc<Clients>) -> Work<'_, Vec<Check>> {
        Box::pin(async move {
            let began = clients.core().now_ms();
            if let Some(last) = audit(&clients, "the last audit", Color::Red).await {
                let transaction = Transaction::committed("the last audit").with(last);
                self.record(transaction.between(began, clients.core().now_ms()));
            }
            let history = self.history.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let (detail, problems) = match history.check() {
                Ok(summary) => (summary.to_string(), Vec::new()),
                Err(anomaly) => (String::new(), vec![anomaly.to_string()]),
            };
            let outcomes = self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone();
            vec![
                Check::new("all transactions have a serial order", &detail, &problems),
                Check::new("a transaction commits exactly if its body said so", &detail, &outcomes),
            ]
        })
    }
}
