//! Effects outside of transactions: counters, slips of paper, detached calls, rows that come and go, mails.
//!
//! Whatever is written once for a request has an id of its own, so that it would be there twice if it were written twice.

use std::sync::{Arc, Mutex, PoisonError};

use super::wares::{mails, shop, tally};
use crate::common::checks::{Check, counted, once, several};
use crate::world::{App, Clients, Size, Work};

/// How many counters there are. Half of all requests are about the first.
const COUNTERS: usize = 6;

/// What a request was, and what came of it.
#[derive(Debug, Clone, PartialEq)]
enum Done {
    Hit,
    Stepped(u64, u64),
    Looked,
    Compared(bool),
    Won(bool),
    Mailed(String),
}

pub(crate) struct Counters {
    clients: usize,
    done: Mutex<Vec<(String, Done)>>,
}

impl Counters {
    pub(crate) fn of(size: Size) -> Self {
        mails();
        Self { clients: (size.instances / 60).clamp(6, 600), done: Mutex::default() }
    }

    fn check_all(&self, Left { counters, totals, slips, lines }: &Left) -> Vec<Check> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let has_slip = |done: &Done| matches!(done, Done::Hit | Done::Won(true) | Done::Mailed(_));
        let has_line = |done: &Done| matches!(done, Done::Hit | Done::Stepped(..) | Done::Compared(true));
        let slips_of = counted(slips.iter().map(|slip| slip.request.as_str()));
        let lines_of = counted(lines.iter().map(|line| line.request.as_str()));
        let wanted = |has: &dyn Fn(&Done) -> bool| {
            let wanted = done.iter().filter(|(_, done)| has(done));
            wanted.map(|(key, _)| (key.as_str(), format!("what request {key} wrote"))).collect::<Vec<_>>()
        };
        let (slip, line) = (wanted(&has_slip), wanted(&has_line));
        let mut effects = once(&slips_of, slip.clone());
        effects.extend(once(&lines_of, line.clone()));
        if (slips.len(), lines.len()) != (slip.len(), line.len()) {
            effects.push(format!("{} slips of {}, {} lines of {}", slips.len(), slip.len(), lines.len(), line.len()));
        }
        let noted = counted(lines.iter().map(|line| line.counter.as_str()));
        let counters = counters.iter().map(|counter| (&counter.name, counter.value, "counter"));
        let totals = totals.iter().map(|total| (&total.counter, total.lines, "total"));
        let counters: Vec<_> = counters.chain(totals).collect();
        let wrong = counters.iter().filter(|(name, value, _)| noted.get(name.as_str()) != Some(&(*value as usize)));
        let wrong = wrong.map(|counter| format!("{counter:?} was noted {:?}", noted.get(counter.0.as_str())));
        let standing = done.iter().filter(|(_, done)| matches!(done, Done::Stepped(before, after) if after <= before));
        let counts: Vec<_> = wrong.chain(standing.map(|(key, done)| format!("request {key} {done:?}"))).collect();
        let mails = mails();
        let keys = done.iter().filter_map(|(request, done)| match (done, mails.get(request)) {
            (Done::Mailed(key), Some(keys)) if keys.len() == 1 && keys.contains(key) => None,
            (Done::Mailed(key), keys) => Some(format!("request {request} says {key}, and was mailed with {keys:?}")),
            _ => None,
        });
        let keys: Vec<_> = keys.collect();
        vec![
            Check::new("each effect once", &several(slip.len() + line.len(), "effect"), &effects),
            Check::new("counters show what was counted", &several(counters.len(), "counter"), &counts),
            Check::new("external actions at least once, with one key", &several(mails.len(), "mail"), &keys),
        ]
    }
}

/// What is in the tables at the end.
struct Left {
    counters: Vec<shop::Counter>,
    totals: Vec<tally::Total>,
    slips: Vec<shop::Slip>,
    lines: Vec<tally::Line>,
}

impl App for Counters {
    fn prepare(&self, _clients: Arc<Clients>) -> Work<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn clients(&self) -> usize {
        self.clients
    }

    fn request(&self, clients: Arc<Clients>, client: usize, number: usize) -> Work<'_, ()> {
        Box::pin(async move {
            let key = format!("counters {client}.{number}.");
            let (chance, request) = (&clients.core().chance, key.clone());
            let name = format!("{}", chance.below(COUNTERS) * chance.below(2));
            let done = match chance.below(10) {
                0..=2 => {
                    clients.answer(&key, move || shop::hit(request.clone(), name.clone())).await.map(|_| Done::Hit)
                }
                3 | 4 => {
                    let answer = clients.answer(&key, move || shop::step(request.clone(), name.clone())).await;
                    answer.map(|(before, after)| Done::Stepped(before, after))
                }
                5 => {
                    let answer = clients.answer(&key, move || shop::compare(request.clone(), name.clone())).await;
                    answer.map(Done::Compared)
                }
                6 | 7 => clients.answer(&key, move || shop::win(request.clone(), name.clone())).await.map(Done::Won),
                8 => {
                    let answer = clients.answer(&key, move || shop::mail(request.clone())).await;
                    answer.and_then(Result::ok).map(Done::Mailed)
                }
                _ => clients.answer(&key, move || shop::look(name.clone())).await.map(|_| Done::Looked),
            };
            if let Some(done) = done {
                self.done.lock().unwrap_or_else(PoisonError::into_inner).push((key, done));
            }
        })
    }

    fn check(&self, clients: Arc<Clients>) -> Work<'_, Vec<Check>> {
        Box::pin(async move {
            let counters = clients.observe(shop::counters).await.unwrap_or_default();
            let totals = clients.observe(tally::totals).await.unwrap_or_default();
            let (mut slips, mut lines) = (Vec::new(), Vec::new());
            let mut page = None;
            while let Some((more, next)) = clients.observe(|| shop::slips(page.clone())).await {
                slips.extend(more);
                page = next;
                if page.is_none() {
                    break;
                }
            }
            while let Some((more, next)) = clients.observe(|| tally::lines(page.clone())).await {
                lines.extend(more);
                page = next;
                if page.is_none() {
                    break;
                }
            }
            self.check_all(&Left { counters, totals, slips, lines })
        })
    }
}
