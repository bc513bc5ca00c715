//! A shop with counters, slips and prizes, and a tally that others keep for it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) mod shop {
    use std::collections::BTreeMap;

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

    /// What was counted since the row was cleared last.
    #[derive(Item, Serialize, Deserialize, Clone, Debug)]
    #[beldi(service = Shop, table = "spots")]
    pub(crate) struct Spot {
        #[beldi(partition_key)]
        pub(crate) name: String,
        pub(crate) visits: u64,
    }

    /// What was counted until then.
    #[derive(Item, Serialize, Deserialize, Clone, Debug)]
    #[beldi(service = Shop, table = "cleared")]
    pub(crate) struct Cleared {
        #[beldi(partition_key)]
        pub(crate) id: Uuid,
        pub(crate) spot: String,
        pub(crate) visits: u64,
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

    /// Counts, has it noted elsewhere, and says how high the counter was before and is afterwards.
    #[beldi::function(service = Shop)]
    pub(crate) async fn step(request: String, counter: String) -> (u64, u64) {
        let before = Counter::get(&counter).await.map_or(0, |counter| counter.value);
        super::tally::note(request, counter.clone()).detach().await;
        Counter::update(&counter).add(Counter::VALUE, 1u64).await;
        let after = Counter::get(&counter).await.map_or(0, |counter| counter.value);
        (before, after)
    }

    /// Counts and has it noted elsewhere, in a transaction whose other branch looks at the counter meanwhile.
    #[beldi::function(service = Shop)]
    pub(crate) async fn tick(request: String, counter: String) -> u64 {
        let ticked: Result<u64, ()> = beldi::txn! {
            Counter::update(&counter).add(Counter::VALUE, 1u64).await;
            let noted = super::tally::note(request.clone(), counter.clone());
            let ((), counted) = beldi::join!(noted, value(&counter));
            Ok(counted)
        };
        ticked.unwrap_or_default()
    }

    #[beldi::helper(service = Shop)]
    async fn value(counter: &str) -> u64 {
        Counter::get(counter).await.map_or(0, |counter| counter.value)
    }

    /// Says how high a counter is, once and for all for each request.
    #[beldi::function(service = Shop)]
    pub(crate) async fn look(counter: String) -> u64 {
        Counter::get(&counter).await.map_or(0, |counter| counter.value)
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

    /// Counts in a row that others remove; if it is there, where `again` says so.
    #[beldi::function(service = Shop)]
    pub(crate) async fn visit(request: String, spot: String, again: bool) -> bool {
        let counts = Spot::update(&spot).add(Spot::VISITS, 1u64);
        if again {
            if counts.when(Spot::exists()).await.is_err() {
                return false;
            }
        } else {
            counts.await;
        }
        Slip { id: beldi::uuid().await, request }.put().await;
        true
    }

    /// Removes a row, and keeps what was counted in it.
    #[beldi::function(service = Shop)]
    pub(crate) async fn clear(spot: String) -> u64 {
        let cleared: Result<u64, ()> = beldi::txn! {
            let visits = Spot::get(&spot).await.map_or(0, |spot| spot.visits);
            if visits > 0 {
                Spot::delete(&spot).await;
                Cleared { id: beldi::uuid().await, spot: spot.clone(), visits }.put().await;
            }
            Ok(visits)
        };
        cleared.unwrap_or_default()
    }

    /// All that was counted, for each spot.
    #[beldi::function(service = Shop, read_only)]
    pub(crate) async fn visits() -> BTreeMap<String, u64> {
        let mut visits = BTreeMap::new();
        let cleared = Cleared::scan().await.items.into_iter().map(|cleared| (cleared.spot, cleared.visits));
        let spots = Spot::scan().await.items.into_iter().map(|spot| (spot.name, spot.visits));
        for (spot, counted) in cleared.chain(spots) {
            *visits.entry(spot).or_default() += counted;
        }
        visits
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

    /// How many lines there are for a counter.
    #[derive(Item, Serialize, Deserialize, Clone, Debug)]
    #[beldi(service = Tally, table = "totals")]
    pub(crate) struct Total {
        #[beldi(partition_key)]
        pub(crate) counter: String,
        pub(crate) lines: u64,
    }

    #[beldi::function(service = Tally)]
    pub(crate) async fn note(request: String, counter: String) {
        Total::update(&counter).add(Total::LINES, 1u64).await;
        Line { id: beldi::uuid().await, request, counter }.put().await;
    }

    #[beldi::function(service = Tally, read_only)]
    pub(crate) async fn totals() -> Vec<Total> {
        Total::scan().await.items
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

/// The mails that were sent in the run of this thread until now; the next run begins with none.
pub(crate) fn mails() -> BTreeMap<String, BTreeSet<String>> {
    MAILS.take()
}
