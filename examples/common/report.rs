//! What there is to see at the end.

use std::fmt;

use beldi::host::Statistics;
use beldi::store::Counts;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use hdrhistogram::Histogram;
use indicatif::HumanCount;

use super::checks::Check;
use super::load::{Kind, Measured};

/// A line under the header, and nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));

/// What is told of users at work.
pub(crate) struct Report<'a> {
    pub(crate) phase: &'a str,
    pub(crate) kinds: &'a [Kind],
    pub(crate) measured: &'a Measured,
    /// What attempts did, where they ran in this process, and what they asked of the store.
    pub(crate) attempts: Option<(Statistics, Counts)>,
    /// How many attempts or worker processes died.
    pub(crate) killed: u64,
}

impl Report<'_> {
    /// What was done, and what it took.
    fn numbers(&self) -> String {
        let all = self.measured.total();
        let each_second = all as f64 / self.measured.time.as_secs_f64().max(f64::MIN_POSITIVE);
        let mut table = Table::new();
        table.load_style(STYLE).set_header([self.phase, "", ""]);
        let mut row = |name: &str, number: u64, remark: String| {
            table.add_row([name.to_owned(), HumanCount(number).to_string(), remark]);
        };
        row("requests", all, format!("{each_second:.0} a second"));
        let Some((statistics, requests)) = &self.attempts else {
            row("killed", self.killed, "worker processes, by `kill -9`".to_owned());
            right_aligned(&mut table, 1..2);
            return table.trim_fmt();
        };
        let Statistics { attempts, timed_out, restarted, repeated, garbage, .. } = *statistics;
        let Statistics { committed, rolled_back, died, most_tries, .. } = *statistics;
        let (crashed, total) = (self.killed, requests.total());
        let for_each = total as f64 / all.max(1) as f64;
        row("attempts", attempts, format!("{timed_out} of them ended at their deadline"));
        row("crashes", crashed, format!("{:.1} % of the attempts", percent(crashed, attempts)));
        row("restarts", restarted, "by a collector, of instances whose attempt had died".to_owned());
        row("repeats", repeated, "by callers, of calls with effects whose attempt had died".to_owned());
        if committed + rolled_back + died > 0 {
            row("committed", committed, "transactions".to_owned());
            row("rolled back", rolled_back, "transactions, because the function refused".to_owned());
            let remark = format!("of a conflict, and were made again; at most {most_tries} tries in one attempt");
            row("tries died", died, remark);
        }
        let reclaimed = format!("segments, tombstones and records, for {} requests", garbage.requests);
        row("reclaimed", garbage.reclaimed(), reclaimed);
        row("store requests", total, format!("{for_each:.1} for each request, repetitions and collectors included"));
        right_aligned(&mut table, 1..2);
        table.trim_fmt()
    }

    /// How long requests took, crashes and repetitions included.
    fn latencies(&self) -> String {
        let mut table = Table::new();
        table.load_style(STYLE);
        table.set_header(["latency in ms", "p50", "p90", "p99", "max", "count"]);
        for (kind, histogram) in self.kinds.iter().zip(&self.measured.latencies) {
            table.add_row(latency(kind.request, histogram));
        }
        right_aligned(&mut table, 1..6);
        table.trim_fmt()
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.numbers(), self.latencies())
    }
}

/// What must hold, and whether it did.
pub(crate) fn invariants(checks: &[Check]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(["invariant", "", "looked at"]);
    for Check { name, held, detail } in checks {
        table.add_row([*name, if *held { "held" } else { "BROKEN" }, detail]);
    }
    table.trim_fmt()
}

/// A share in percent, 0 of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn latency(name: &str, histogram: &Histogram<u64>) -> Vec<String> {
    let ms = |micros: u64| format!("{:.1}", micros as f64 / 1000.0);
    let quantiles = [0.5, 0.9, 0.99].map(|quantile| ms(histogram.value_at_quantile(quantile)));
    let rest = [ms(histogram.max()), HumanCount(histogram.len()).to_string()];
    [name.to_owned()].into_iter().chain(quantiles).chain(rest).collect()
}

fn right_aligned(table: &mut Table, columns: std::ops::Range<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
