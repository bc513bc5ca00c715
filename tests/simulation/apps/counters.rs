//! Effects outside of transactions: counters, slips of paper, detached calls, mails, rows that come and go: some so
//! seldom that they are garbage in between.
//!
//! Whatever is written once for a request has an id of its own, so that it would be there twice if it were written twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::wares::{mails, shop, tally};
use crate::common::checks::{Check, counted, once, several};
use crate::world::{App, Clients, Size, Work};

/// How many counters there are. Half of all requests are about the first.
const COUNTERS: usize = 6;

/// How many rows there are that are removed and made again: so many that each is left alone for about as long as it takes
/// to reclaim it.
const SPOTS: usize = 60;

/// What a request was, and what came of it.
#[derive(Debug, Clone, PartialEq)]
enum Done {
    Hit,
    Stepped(u64, u64),
    Looked,
    Compared(bool),
    Won(bool),
    Mailed(String),
    Visited(Option<String>),
    Cleared,
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

    fn check_all(&self, Left { counters, totals, slips, lines, visits }: &Left) -> Vec<Check> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let has_slip =
            |done: &Done| matches!(done, Done::Hit | Done::Won(true) | Done::Mailed(_) | Done::Visited(Some(_)));
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
        let counters: HashMap<_, _> = counters.iter().map(|one| (one.name.as_str(), one.value as usize)).collect();
        let totals: HashMap<_, _> = totals.iter().map(|one| (one.counter.as_str(), one.lines as usize)).collect();
        // A row that is gone counts as well.
        let names: BTreeSet<_> = noted.keys().chain(counters.keys()).chain(totals.keys()).copied().collect();
        let of = |name: &str| [&noted, &counters, &totals].map(|counts| counts.get(name).copied());
        let wrong =
            names.iter().map(|name| (name, of(name))).filter(|(_, [noted, one, other])| noted != one || noted != other);
        let wrong = wrong.map(|(name, counts)| format!("{name}: noted, counter and total are {counts:?}"));
        let standing = done.iter().filter(|(_, done)| matches!(done, Done::Stepped(before, after) if after <= before));
        let counts: Vec<_> = wrong.chain(standing.map(|(key, done)| format!("request {key} {done:?}"))).collect();
        let visited = counted(done.iter().filter_map(|(_, done)| match done {
            Done::Visited(spot) => spot.as_deref(),
            _ => None,
        }));
        let spots: BTreeSet<&str> = visited.keys().copied().chain(visits.keys().map(String::as_str)).collect();
        let of =
            |spot: &str| (visited.get(spot).copied().unwrap_or(0), visits.get(spot).copied().unwrap_or(0) as usize);
        let wrong = spots.iter().map(|spot| (spot, of(spot))).filter(|(_, (visited, counted))| visited != counted);
        let wrong: Vec<_> =
            wrong.map(|(spot, counts)| format!("spot {spot}: visited and counted {counts:?}")).collect();
        let mails = mails();
        let keys = done.iter().filter_map(|(request, done)| match (done, mails.get(request)) {
            (Done::Mailed(key), Some(keys)) if keys.len() == 1 && keys.contains(key) => None,
            (Done::Mailed(key), keys) => Some(format!("request {request} says {key}, and was mailed with {keys:?}")),
            _ => None,
        });
        let keys: Vec<_> = keys.collect();
        vec![
            Check::new("each effect once", &several(slip.len() + line.len(), "effect"), &effects),
            Check::new("counters show what was counted", &several(names.len(), "counter"), &counts),
            Check::new("rows that are made again count from where they were", &several(spots.len(), "spot"), &wrong),
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
    visits: BTreeMap<String, u64>,
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
            let spot = format!("{}", chance.below(SPOTS));
            let done = match chance.below(18) {
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
                9..=11 => {
                    let (again, there) = (chance.below(3) == 0, spot.clone());
                    let answer = clients.answer(&key, move || shop::visit(request.clone(), there.clone(), again)).await;
                    answer.map(|counted| Done::Visited(counted.then_some(spot)))
                }
                12 | 13 => {
                    let counter = format!("tick {spot}");
                    let answer = clients.answer(&key, move || shop::tick(request.clone(), counter.clone())).await;
                    answer.map(|counted| Done::Stepped(0, counted))
                }
                14..=16 => clients.answer(&key, move || shop::clear(spot.clone())).await.map(|_| Done::Cleared),
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
            let visits = clients.observe(shop::visits).await.unwrap_or_default();
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
            self.check_all(&Left { counters, totals, slips, lines, visits })
        })
    }
}
