//! Who calls whom, from the marks of a binary: the ground of all rights to invoke.
//!
//! Invariant: a service may invoke another if, and only if, some step, some transaction or some wait of its own does:
//! - itself, because its collector starts what is due;
//! - the services that its functions call;
//! - if it has transactions, the services that these can reach, because a coordinator tells its participants;
//! - the services whose transactions can reach it, because one that waits for a row nudges the coordinator that has it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{ANY_SERVICE, Mark};

/// The calls between the services of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    calls: BTreeMap<String, BTreeSet<String>>,
    transactions: BTreeSet<String>,
}

impl Graph {
    /// The graph that these marks say. What stands in helpers of no service is done by each service that uses such
    /// helpers.
    ///
    /// ```
    /// use beldi_build::{Graph, Mark};
    ///
    /// let call = |caller: &str, service: &str| Mark::Call {
    ///     caller: caller.into(),
    ///     service: service.into(),
    ///     function: "run".into(),
    /// };
    /// let graph = Graph::of(&[call("shop", "stock"), call("stock", "audit")]);
    /// assert_eq!(graph.called_by("shop").collect::<Vec<_>>(), ["stock"]);
    /// assert_eq!(graph.reached_from("shop").into_iter().collect::<Vec<_>>(), ["audit", "stock"]);
    /// assert_eq!(graph.invoked_by("stock").into_iter().collect::<Vec<_>>(), ["audit", "stock"]);
    /// ```
    pub fn of<'a>(marks: impl IntoIterator<Item = &'a Mark>) -> Self {
        let mut graph = Self::default();
        let mut with_helpers = BTreeSet::new();
        for mark in marks {
            match mark {
                Mark::Call { caller, service, .. } => {
                    graph.calls.entry(caller.clone()).or_default().insert(service.clone());
                }
                Mark::Transaction { caller } => {
                    graph.transactions.insert(caller.clone());
                }
                Mark::AnyHelper { caller } => {
                    with_helpers.insert(caller.clone());
                }
            }
        }
        let calls = graph.calls.remove(ANY_SERVICE).unwrap_or_default();
        let has_transactions = graph.transactions.remove(ANY_SERVICE);
        with_helpers.remove(ANY_SERVICE);
        for caller in with_helpers {
            if has_transactions {
                graph.transactions.insert(caller.clone());
            }
            if !calls.is_empty() {
                graph.calls.entry(caller).or_default().extend(calls.iter().cloned());
            }
        }
        graph
    }

    /// All services that call.
    pub fn callers(&self) -> impl Iterator<Item = &str> {
        self.calls.keys().chain(&self.transactions).map(String::as_str)
    }

    /// The services that the functions of `service` call.
    pub fn called_by(&self, service: &str) -> impl Iterator<Item = &str> {
        self.calls.get(service).into_iter().flatten().map(String::as_str)
    }

    /// Whether `service` has transactions.
    pub fn has_transactions(&self, service: &str) -> bool {
        self.transactions.contains(service)
    }

    /// The services that calls can reach from `service`; itself only if some call comes back to it.
    pub fn reached_from<'a>(&'a self, service: &'a str) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<_> = self.called_by(service).collect();
        while let Some(service) = next.pop() {
            if reached.insert(service) {
                next.extend(self.called_by(service));
            }
        }
        reached
    }

    /// The services that `service` must be allowed to invoke.
    pub fn invoked_by<'a>(&'a self, service: &'a str) -> BTreeSet<&'a str> {
        let mut invoked: BTreeSet<_> = self.called_by(service).collect();
        invoked.insert(service);
        if self.has_transactions(service) {
            invoked.extend(self.reached_from(service));
        }
        invoked.extend(self.coordinators_of(service));
        invoked
    }

    /// The services whose transactions can reach `service`.
    fn coordinators_of<'a>(&'a self, service: &str) -> impl Iterator<Item = &'a str> {
        let reach = move |coordinator: &&str| self.reached_from(coordinator).contains(service);
        self.transactions.iter().map(String::as_str).filter(reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(caller: &str, service: &str) -> Mark {
        Mark::Call { caller: caller.to_owned(), service: service.to_owned(), function: "run".to_owned() }
    }

    fn transaction(caller: &str) -> Mark {
        Mark::Transaction { caller: caller.to_owned() }
    }

    fn helper(caller: &str) -> Mark {
        Mark::AnyHelper { caller: caller.to_owned() }
    }

    fn invoked(graph: &Graph, service: &str) -> String {
        graph.invoked_by(service).into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn calls_alone_give_no_right_beyond_the_callee() {
        let graph = Graph::of(&[call("a", "b"), call("b", "c")]);
        assert_eq!(invoked(&graph, "a"), "a b");
        assert_eq!(invoked(&graph, "c"), "c");
    }

    #[test]
    fn a_coordinator_tells_whom_it_reaches_and_is_nudged_by_them() {
        let graph = Graph::of(&[call("a", "b"), call("b", "c"), call("d", "c"), transaction("a")]);
        assert_eq!(invoked(&graph, "a"), "a b c");
        assert_eq!(invoked(&graph, "b"), "a b c");
        assert_eq!(invoked(&graph, "c"), "a c");
        assert_eq!(invoked(&graph, "d"), "c d");
    }

    #[test]
    fn services_that_call_each_other_reach_each_other() {
        let graph = Graph::of(&[call("a", "b"), call("b", "a"), transaction("b")]);
        assert_eq!((invoked(&graph, "a"), invoked(&graph, "b")), ("a b".to_owned(), "a b".to_owned()));
        assert!(graph.reached_from("a").contains("a"));
    }

    #[test]
    fn what_helpers_of_no_service_do_is_done_by_those_who_use_such_helpers() {
        let graph = Graph::of(&[call("*", "c"), transaction("*"), helper("*"), helper("a"), call("b", "a")]);
        assert_eq!(invoked(&graph, "a"), "a c");
        assert_eq!(invoked(&graph, "c"), "a c");
        assert_eq!(invoked(&graph, "b"), "a b");
        assert!(!graph.has_transactions("b"));
    }
}
