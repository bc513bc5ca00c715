//! Effects outside of transactions: counters, slips of paper, detached calls, rows that come and go, mails.
//!
//! Whatever is written once for a request has an id of its own, so that it would be there twice if it were written twice.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::common::checks::{Check, counted, once, several};
use crate::world::{App, Clients, Size, Work};

/// How many counters there are: some are hot.
const COUNTERS: usize = 6;

pub(crate) mod shop {
    use beldi::prelude::*;
    use beldi::{ExternalError, PageToken};
    use uuid::Uuid;

    beldi::service!(pub(crate) Shop = "counters");

    #[derive(Item, Serialize, Deserialize, Clone, Debug)]
    #[beldi(service = Shop, table = "counters")]
    pub(crate) struct Counter {
        #[beldi(partition_key)]
        pub(crate) name: String,
        pub(crate) value: u64,
    }

    #[derive(Item, Serialize, Deserialize, Clone, Debug)]
    #[beldi(service = Shop, table = "slips")]
    pub(crate) struct Slip {
        #[beldi(partition_key)]
        pub(crate) id: Uuid,
        pub(crate) request: String,
    }

    /// Who was first.
    #[derive(Item, Serialize, Deserialize, Clone, Debug)]
    #[beldi(service = Shop, table = "prizes")]
    pub(crate) struct Prize {
        #[beldi(partition_key)]
        pub(crate) name: String,
        pub(crate) winner: String,
    }

    /// Counts, leaves a slip, and has it noted elsewhere.
    #[beldi::function(service = Shop)]
    pub(crate) async fn hit(request: String, counter: String) -> Uuid {
        Counter::update(&counter).add(Counter::VALUE, 1u64).await;
        let id = beldi::uuid().await;
        Slip { id, request: request.clone() }.put().await;
        super::tally::note(request, counter).detach().await;
        id
    }

    /// Counts by reading and writing if nothing has changed in between, a few times.
    #[beldi::function(service = Shop)]
    pub(crate) async fn compare(request: String, counter: String) -> bool {
        for _ in 0..3 {
            let seen = Counter::get(&counter).await;
            let value = seen.as_ref().map_or(0, |counter| counter.value);
            let unchanged = if seen.is_some() { Counter::VALUE.eq(value) } else { Counter::absent() };
            let next = Counter { name: counter.clone(), value: value + 1 };
            if next.put().when(unchanged).await.is_ok() {
                super::tally::note(request, counter).await;
                return true;
            }
        }
        false
    }

    /// The first wins, until somebody gives the prize back.
    #[beldi::function(service = Shop)]
    pub(crate) async fn win(request: String, name: String) -> bool {
        let won = Prize { name: name.clone(), winner: request.clone() }.put().when(Prize::absent()).await.is_ok();
        if won {
            Slip { id: beldi::uuid().await, request: request.clone() }.put().await;
            // It is still the winner's: nobody else gives it back.
            let back = Prize::delete(&name).when(Prize::WINNER.eq(request)).await;
            return back.is_ok();
        }
        false
    }

    /// Sends a mail, and says with which key.
    #[beldi::function(service = Shop)]
    pub(crate) async fn mail(request: String) -> Result<String, ExternalError<String>> {
        let sent = beldi::external("mail", |key| {
            let request = request.clone();
            async move { Ok::<_, String>(super::sent(&request, key)) }
        });
        let key = sent.await?;
        Slip { id: beldi::uuid().await, request }.put().await;
        Ok(key)
    }

    #[beldi::function(service = Shop, read_only)]
    pub(crate) async fn counters() -> Vec<Counter> {
        Counter::scan().await.items
    }

    #[beldi::function(service = Shop, read_only)]
    pub(crate) async fn slips(page: Option<PageToken>) -> (Vec<Slip>, Option<PageToken>) {
        let slips = Slip::scan().limit(500).page(page).await;
        (slips.items, slips.next)
    }
}

pub(crate) mod tally {
    use beldi::PageToken;
    use beldi::prelude::*;
    use uuid::Uuid;

    beldi::service!(pub(crate) Tally = "tally");

    #[derive(Item, Serialize, Deserialize, Clone, Debug)]
    #[beldi(service = Tally, table = "lines")]
    pub(crate) struct Line {
        #[beldi(partition_key)]
        pub(crate) id: Uuid,
        pub(crate) request: String,
        pub(crate) counter: String,
    }

    #[beldi::function(service = Tally)]
    pub(crate) async fn note(request: String, counter: String) {
        Line { id: beldi::uuid().await, request, counter }.put().await;
    }

    #[beldi::function(service = Tally, read_only)]
    pub(crate) async fn lines(page: Option<PageToken>) -> (Vec<Line>, Option<PageToken>) {
        let lines = Line::scan().limit(500).page(page).await;
        (lines.items, lines.next)
    }
}

thread_local! {
    /// The mails that were sent in the run of this thread: for each request, the keys.
    static MAILS: RefCell<BTreeMap<String, BTreeSet<String>>> = const { RefCell::new(BTreeMap::new()) };
}

fn sent(request: &str, key: String) -> String {
    MAILS.with_borrow_mut(|mails| mails.entry(request.to_owned()).or_default().insert(key.clone()));
    key
}

/// What a request was, and what came of it.
#[derive(Debug, Clone, PartialEq)]
enum Done {
    Hit,
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
        MAILS.take();
        Self { clients: (size.instances / 60).clamp(6, 600), done: Mutex::default() }
    }

    fn check_all(&self, counters: &[shop::Counter], slips: &[shop::Slip], lines: &[tally::Line]) -> Vec<Check> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let has_slip = |done: &Done| matches!(done, Done::Hit | Done::Won(true) | Done::Mailed(_));
        let has_line = |done: &Done| matches!(done, Done::Hit | Done::Compared(true));
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
        let counts = counters.iter().filter(|counter| noted.get(&*counter.name) != Some(&(counter.value as usize)));
        let counts: Vec<_> =
            counts.map(|counter| format!("{counter:?} was noted {:?}", noted.get(&*counter.name))).collect();
        let mails = MAILS.with_borrow(Clone::clone);
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
            let name = format!("{}", chance.below(COUNTERS));
            let done = match chance.below(8) {
                0..=3 => {
                    clients.answer(&key, move || shop::hit(request.clone(), name.clone())).await.map(|_| Done::Hit)
                }
                4 => {
                    let answer = clients.answer(&key, move || shop::compare(request.clone(), name.clone())).await;
                    answer.map(Done::Compared)
                }
                5 | 6 => clients.answer(&key, move || shop::win(request.clone(), name.clone())).await.map(Done::Won),
                _ => {
                    let answer = clients.answer(&key, move || shop::mail(request.clone())).await;
                    answer.and_then(Result::ok).map(Done::Mailed)
                }
            };
            if let Some(done) = done {
                self.done.lock().unwrap_or_else(PoisonError::into_inner).push((key, done));
            }
        })
    }

    fn check(&self, clients: Arc<Clients>) -> Work<'_, Vec<Check>> {
        Box::pin(async move {
            let counters = clients.observe(shop::counters).await.unwrap_or_default();
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
            self.check_all(&counters, &slips, &lines)
        })
    }
}
