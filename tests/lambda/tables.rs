use std::sync::Arc;

use beldi::host::LambdaHost;
use beldi::store::{EmbeddedStore, SharedStore};
use beldi::{Invocation, InvokeFuture, Invoker, TriggerFuture};
use serde_json::{Value, json};

const CREATE: &str = r#"{"beldi": "create-tables"}"#;

/// Nobody is called here.
struct Nobody;

impl Invoker for Nobody {
    fn invoke(&self, invocation: Invocation) -> InvokeFuture<'_> {
        panic!("{invocation:?}")
    }

    fn trigger(&self, invocation: Invocation) -> TriggerFuture<'_> {
        panic!("{invocation:?}")
    }
}

async fn reply(host: &LambdaHost, event: &str) -> Value {
    let reply = host.handle(event, "request", None).await.reply.expect("an answer");
    serde_json::from_str(reply.get()).expect("JSON")
}

/// A stand-in for AWS has no template that makes them.
#[tokio::test]
async fn tables_of_its_own_services_are_made_once() {
    // At the endpoint, tables that a test has left would be used again.
    let store: SharedStore = Arc::new(EmbeddedStore::in_memory().expect("a store"));
    let host = |service: &str| LambdaHost::builder(service).outside(store.clone(), Arc::new(Nobody)).build();
    let (library, all) = (host("library").expect("a host"), host("*").expect("a host"));
    assert_eq!(reply(&library, CREATE).await, json!({ "created": ["books", "library-journal"] }));
    assert_eq!(reply(&library, CREATE).await, json!({ "created": [] }));
    assert_eq!(reply(&all, CREATE).await, json!({ "created": ["desk-journal"] }));
    let copies = json!({ "function": "copies", "arguments": "Dune" }).to_string();
    assert_eq!(reply(&library, &copies).await["result"], Value::Null);
}
