//! A host with a gateway, and what is in its store.

use std::sync::Arc;

use beldi::host::LocalHost;
use beldi::store::{Attributes, ScanItems, SharedStore, TableSchema, tables};
use beldi::testing::fresh_store;
use beldi::{ClientError, Delivery, InstanceId, Invocation, InvokeError, Invoker, Problem};
use serde_json::json;

use crate::http::Http;

pub(crate) struct Bench {
    pub(crate) host: LocalHost,
    pub(crate) http: Http,
    pub(crate) store: SharedStore,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let store = fresh_store().await.expect("a store");
        let host = LocalHost::builder(Arc::clone(&store))
            .collect_every(None)
            .collect_garbage_every(None)
            .start()
            .await
            .expect("a host");
        let gateway = host.serve(([127, 0, 0, 1], 0)).await.expect("a gateway");
        Self { host, http: Http::new(gateway), store }
    }

    /// Everything that is in any table: rows and journal records, once no instance is running.
    pub(crate) async fn contents(&self) -> Vec<Attributes> {
        loop {
            let contents = self.scan().await;
            // An instance leaves the index of those that run when it is marked as done, which follows its reply.
            if !contents.iter().any(|item| item.contains_key(tables::JOURNAL_SHARD)) {
                return contents;
            }
        }
    }

    pub(crate) async fn scan(&self) -> Vec<Attributes> {
        let registry = self.host.environment().registry;
        let schemas = tables::schemas(registry.tables(), registry.services()).expect("tables that can be");
        let mut contents = Vec::new();
        for TableSchema { name: table, .. } in schemas {
            let placeholders = Default::default();
            let scan = ScanItems { table, filter: None, placeholders, limit: None, start: None, consistent: true };
            contents.extend(self.store.scan(scan).await.expect("a page").items);
        }
        contents
    }

    /// Posts a body that is refused, with a key and without: a problem of this kind, and no change.
    pub(crate) async fn refuses(&self, function: &str, body: &str, status: u16, kind: &str) -> String {
        let before = self.contents().await;
        let path = format!("/functions/archive/{function}");
        let with_key = self.http.post_as("a key", &path, body).await.problem(status, kind);
        let answer = self.http.post(&path, body).await;
        let problem = answer.problem(status, kind);
        assert_eq!((&problem["service"], &problem["function"]), (&json!("archive"), &json!(function)));
        assert_eq!(problem["title"], with_key["title"]);
        if kind != "unknown-function" {
            let instance = format!("/instances/archive/{}", answer.header("beldi-instance"));
            assert_eq!(problem["instance"], instance);
            self.http.get(&instance).await.problem(404, "unknown-instance");
        }
        assert_eq!(self.contents().await, before, "{function} {}", body.chars().take(100).collect::<String>());
        problem["detail"].as_str().expect("a detail").to_owned()
    }

    /// Delivers an invocation as another host would.
    pub(crate) async fn invoke(&self, function: &str, arguments: &str) -> Problem {
        let invocation = Invocation {
            service: "archive".to_owned(),
            function: function.to_owned(),
            instance: InstanceId::from_u128(7),
            arguments: arguments.to_owned(),
            caller: None,
            delivery: Delivery::First,
            transaction: None,
            contract: None,
        };
        match self.host.invoke(invocation).await {
            Err(InvokeError::Refused(problem)) => *problem,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn problem<T: std::fmt::Debug>(result: Result<T, ClientError>) -> Problem {
    match result {
        Err(ClientError::Refused(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}
