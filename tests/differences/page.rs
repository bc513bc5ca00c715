//! The page: written from answers, and read again.

use std::fmt::Write;

use crate::Answers;
use crate::probes::PROBES;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Page {
    pub(crate) embedded: Answers,
    pub(crate) local: Answers,
}

const HEAD: &str = "# Differences of the stores

beldi runs on Amazon DynamoDB, and in tests on an embedded engine or on Amazon's own DynamoDB Local. This page is
generated: `cargo xtask differences` sends each probe to both, and the tests see that the page is up to date. The column
*DynamoDB* is what its documentation says; nobody has asked the service.
";

const SAME: &str = "
## Where all agree
";

const DIFFERENT: &str = "
## Where they differ
";

const UNSEEN: &str = "
## What no probe can show

| what | DynamoDB | DynamoDB Local, embedded engine | why it does not matter here |
|---|---|---|---|
| throttling | refuses requests beyond a partition's capacity | never | `Faulty` injects it below the decorator that retries, and so does the simulation |
| two transactions at once | may be cancelled with `TransactionConflict` | rarely, never | only garbage collection sends transactional writes; such a conflict is mapped to throttling, and retried |
| eventually consistent reads and indexes | may be old | never old | rows are read consistently; indexes serve the collectors and queries that users ask for, and a test decorator lets them lag |
| TTL | removes expired items within days | only when swept, or not at all | nothing waits for an item to go, and whatever must be gone is removed by beldi itself |
| capacity that transactions are billed | documented | wrong, as documented | requests are counted by beldi's own decorator |
| tokens of transactional writes | idempotent for ten minutes | the same; lost with the process | only the SDK sends them, against its own retries: the protocol rests on conditions |
| several processes on one database | any number | one for each file | the local host is one process |
";

impl Page {
    pub(crate) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        text += DIFFERENT;
        text += "\n| probe | DynamoDB | DynamoDB Local | embedded engine | why it does not matter here |\n|---|---|---|---|---|\n";
        for probe in PROBES.iter().filter(|probe| !probe.why_it_does_not_matter.is_empty()) {
            let (local, embedded) = (&self.local[probe.asked], &self.embedded[probe.asked]);
            let (asked, documented, why) = (probe.asked, probe.documented, probe.why_it_does_not_matter);
            writeln!(text, "| {asked} | {documented} | {local} | {embedded} | {why} |").expect("a String grows");
        }
        text += UNSEEN;
        text += SAME;
        text += "\n| probe | DynamoDB | DynamoDB Local | embedded engine |\n|---|---|---|---|\n";
        for probe in PROBES.iter().filter(|probe| probe.why_it_does_not_matter.is_empty()) {
            let (local, embedded) = (&self.local[probe.asked], &self.embedded[probe.asked]);
            writeln!(text, "| {} | {} | {local} | {embedded} |", probe.asked, probe.documented)
                .expect("a String grows");
        }
        text
    }

    pub(crate) fn parse(text: &str) -> Self {
        let mut page = Self::default();
        for line in text.lines() {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let known = cells.get(1).filter(|asked| PROBES.iter().any(|probe| probe.asked == **asked));
            if let (Some(asked), Some(local), Some(embedded)) = (known, cells.get(3), cells.get(4)) {
                page.local.insert((*asked).to_owned(), (*local).to_owned());
                page.embedded.insert((*asked).to_owned(), (*embedded).to_owned());
            }
        }
        page
    }
}
