//! Makes up transactions.

use super::services::{Color, Plan, Touch, Visit};

const COLORS: [Color; 3] = [Color::Red, Color::Green, Color::Blue];
const KEYS: [[&str; 2]; 3] = [["red 1", "red 2"], ["green 1", "green 2"], ["blue 1", "blue 2"]];

pub(crate) fn all_keys() -> Vec<String> {
    KEYS.iter().flatten().map(|key| (*key).to_owned()).collect()
}

/// Makes up what one client does.
pub(crate) struct Author {
    pub(crate) random: fastrand::Rng,
    pub(crate) name: String,
    values: u32,
}

impl Author {
    pub(crate) fn new(seed: u64, name: String) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), name, values: 0 }
    }

    /// One of the services.
    pub(crate) fn home(&mut self) -> Color {
        COLORS[self.random.usize(..3)]
    }

    pub(crate) fn value(&mut self) -> String {
        self.values += 1;
        format!("{}.{}", self.name, self.values)
    }

    pub(crate) fn key(&mut self, service: Color) -> &'static str {
        KEYS[service as usize][self.random.usize(..2)]
    }

    fn touches(&mut self, service: Color, most: usize) -> Vec<Touch> {
        let number = self.random.usize(..=most);
        let touches = (0..number).map(|_| {
            let value = self.random.bool().then(|| self.value());
            Touch { key: self.key(service).to_owned(), value, shared: false }
        });
        touches.collect()
    }

    fn visit(&mut self, service: Color, home: Color, may_call_back: bool) -> Visit {
        let calls_back = may_call_back && service != home && self.random.u32(..3) == 0;
        let back = if calls_back { self.touches(home, 1) } else { Vec::new() };
        Visit { service, touches: self.touches(service, 2), home, back }
    }

    /// Two calls at the same time touch different services: what they see of each other would have no order.
    pub(crate) fn plan(&mut self, home: Color) -> Plan {
        let first = self.touches(home, 1);
        let groups = self.random.usize(..3);
        let visits = (0..groups).map(|_| {
            if self.random.bool() {
                let others: Vec<Color> = COLORS.into_iter().filter(|color| *color != home).collect();
                vec![self.visit(others[0], home, true), self.visit(others[1], home, false)]
            } else {
                let service = self.home();
                vec![self.visit(service, home, true)]
            }
        });
        let visits = visits.collect();
        let mut plan = Plan { first, visits, last: self.touches(home, 2), rolls_back: self.random.u32(..5) == 0 };
        self.share(&mut plan);
        plan
    }

    /// Lets a plan share some of the keys that it only reads.
    fn share(&mut self, plan: &mut Plan) {
        let visits = plan.visits.iter_mut().flatten();
        let visited = visits.flat_map(|visit| visit.touches.iter_mut().chain(&mut visit.back));
        let mut touches: Vec<&mut Touch> = plan.first.iter_mut().chain(visited).chain(&mut plan.last).collect();
        for key in KEYS.iter().flatten() {
            let is_written = touches.iter().any(|touch| touch.key == *key && touch.value.is_some());
            let shared = !is_written && self.random.bool();
            touches.iter_mut().filter(|touch| touch.key == *key).for_each(|touch| touch.shared = shared);
        }
    }
}
