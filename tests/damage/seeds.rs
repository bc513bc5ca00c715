//! The seeds of the fuzz targets: what really is in tables and really travels.
//!
//! With `BELDI_SEEDS=write` this test writes them into `fuzz/seeds`; without it they must be as it would write them, so
//! that a new format of the journal brings new seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use beldi::store::{AttributeValue, Attributes};
use beldi::{Delivery, Invocation, Problem, ProblemKind};
use serde_json::{Value, json};

use crate::halfway::Halfway;
use crate::services::instance_of;

/// What is in a seed, by target and name.
type Seeds = BTreeMap<(&'static str, String), Vec<u8>>;

/// An item with its attributes in order, and its sets too.
fn text(item: &Attributes) -> String {
    fn sorted(value: &AttributeValue) -> Value {
        match value {
            AttributeValue::Bs(entries) => {
                let entries: BTreeSet<_> = entries.iter().cloned().collect();
                json!(AttributeValue::Bs(entries.into_iter().collect()))
            }
            AttributeValue::M(map) => {
                let map: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, sorted(value))).collect();
                json!({ "M": map })
            }
            AttributeValue::L(list) => json!({ "L": list.iter().map(sorted).collect::<Vec<_>>() }),
            other => json!(other),
        }
    }
    let item: BTreeMap<_, _> = item.iter().map(|(name, value)| (name, sorted(value))).collect();
    json!(item).to_string()
}

/// The seeds of items, by target and name.
async fn items() -> Seeds {
    let has = |records: &[&Attributes], name: &str| records.iter().any(|record| record.contains_key(name));
    let worlds = [
        ("observed", Halfway::new("copy", |records| records.len() == 3).await),
        ("decided", Halfway::new("pay_in", |records| has(records, "decision") && has(records, "prepared")).await),
        ("done", Halfway::done("copy").await),
        ("rolled", Halfway::with_segment().await),
    ];
    let mut seeds = BTreeMap::new();
    for (name, world) in &worlds {
        let mut items: Vec<_> = world.before().iter().map(|(table, item)| (table.clone(), text(item))).collect();
        items.sort();
        for (number, (table, item)) in items.into_iter().enumerate() {
            let target = if table.ends_with("-journal") { "record" } else { "row" };
            seeds.insert((target, format!("{name}-{number}")), item.into_bytes());
        }
        let locks = world.before().iter().filter_map(|(_, item)| item.get("_beldi_lock"));
        let owners =
            locks.filter_map(|lock| if let AttributeValue::B(owner) = lock { Some(owner.clone()) } else { None });
        seeds.extend(owners.map(|owner| (("bytes", "owner".to_owned()), owner)));
    }
    seeds
}

/// The seeds of what AWS Lambda is sent: what AWS documents, and what is beldi's own.
fn events(invocation: &str) -> Seeds {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lambda/events");
    let documented = fs::read_dir(folder).expect("the events").map(|file| {
        let file = file.expect("a file").path();
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&file).expect("an event"))
    });
    let call = r#"{"function":"lend","arguments":"Dune","idempotency_key":"k","detached":true}"#;
    let own = [
        ("call", call.to_owned()),
        ("collect", r#"{"beldi":"collect"}"#.to_owned()),
        ("invocation", format!(r#"{{"beldi":{{"invocation":{invocation}}}}}"#)),
    ];
    let own = own.into_iter().map(|(name, event)| (name.to_owned(), event));
    documented.chain(own).map(|(name, event)| (("event", name), event.into_bytes())).collect()
}

/// The seeds of what travels, as hosts and clients write it.
fn messages(items: &Seeds) -> Seeds {
    let mut seeds = BTreeMap::new();
    let transactions = items.values().filter_map(|item| {
        // The owner of a lock is bytes, and no item.
        let item: Value = serde_json::from_slice(item).ok()?;
        Some(item["transaction"]["S"].as_str()?.to_owned())
    });
    let context = transactions.max().expect("a participant");
    for (name, delivery, transaction) in [
        ("first", Delivery::First, None),
        ("accepted", Delivery::Accepted { start_ms: 1_735_689_600_000 }, None),
        ("joined", Delivery::Repeat, serde_json::from_str(&context).expect("a context")),
    ] {
        let invocation = Invocation {
            service: "bank".to_owned(),
            function: "copy".to_owned(),
            instance: instance_of("copy"),
            arguments: r#"["source","copy"]"#.to_owned(),
            caller: Some("bank/pay_in 00 1".to_owned()),
            delivery,
            transaction,
            contract: None,
        };
        seeds.insert(("invocation", name.to_owned()), serde_json::to_vec(&invocation).expect("JSON"));
    }
    let problem = Problem {
        kind: ProblemKind::Unavailable,
        detail: "there is no answer".to_owned(),
        service: "bank".to_owned(),
        function: "copy".to_owned(),
        instance: Some(instance_of("copy")),
        step: Some("3.0.2".to_owned()),
    };
    seeds.insert(("invocation", "problem".to_owned()), serde_json::to_vec(&problem).expect("JSON"));
    let participant = json!({"service": "bank", "function": "copy", "instance": instance_of("copy").to_string(),
        "saved_at": [3, 0, 2], "rolled_back": true});
    for (name, answer) in [
        ("prepared", json!({"prepared": {"result": "7", "participants": [participant]}})),
        ("died", json!({"died": {"row": "accounts/ann", "holder": "bank/pay_in"}})),
        ("aborted", json!("aborted")),
    ] {
        seeds.insert(("invocation", name.to_owned()), answer.to_string().into_bytes());
    }
    let post = |path: &str, more: &str, body: &str| {
        format!("POST /functions/echo/{path}\ncontent-type: application/json\n{more}\n{body}")
    };
    let gateway = [
        ("nothing", post("nothing", "", "null")),
        ("one", post("one?trace=1", "idempotency-key: order 17\n", r#"["a",null]"#)),
        ("object", post("several", "prefer: respond-async\n", r#"{"name":"a","count":-3,"flag":true}"#)),
        ("array", post("several", "", r#"["b",9,null]"#)),
        ("instance", format!("GET /instances/echo/{}\n", instance_of("copy"))),
        ("functions", "GET /functions\n".to_owned()),
        ("wrong", post("several", "", r#"["b"]"#)),
        ("unknown", post("none", "idempotency-key: \u{e9}\n", "null")),
    ];
    seeds.extend(gateway.into_iter().map(|(name, request)| (("gateway", name.to_owned()), request.into_bytes())));
    let manifest = beldi::Registry::collect().expect("a registry").manifest().expect("a manifest");
    seeds.insert(("manifest", "bank".to_owned()), serde_json::to_vec(&manifest).expect("JSON"));
    seeds
}

/// The seeds of what users choose: rows, arguments and keys; and of what names a step.
fn values() -> Seeds {
    let room = json!({"hotel": {"S": "Ritz"}, "night": {"N": "3"}, "free": {"NULL": true}, "price": {"N": "1.5"},
        "tags": {"SS": ["sea"]}, "notes": {"M": {"a": {"L": [{"N": "1"}]}}}, "open": {"BOOL": true},
        "kind": {"M": {"Suite": {"M": {"rooms": {"N": "2"}}}}}, "pair": {"L": [{"N": "7"}, {"S": "x"}]}});
    let with = |changes: Value| {
        let mut other = room.clone();
        let changes = changes.as_object().expect("attributes").clone();
        other.as_object_mut().expect("attributes").extend(changes);
        other.to_string()
    };
    let largest = u64::MAX.to_string();
    let seeds = [
        ("item", "room", room.to_string()),
        ("item", "plain", with(json!({"kind": {"S": "Plain"}, "free": {"N": "4294967295"}, "other": {"B": "AAE="}}))),
        ("item", "named", with(json!({"kind": {"M": {"Named": {"S": "\u{e9}"}}}, "notes": {"M": {}}}))),
        (
            "item",
            "numbers",
            with(json!({"night": {"N": "-9223372036854775808"}, "price": {"N": "-1E-130"},
            "pair": {"L": [{"N": largest}, {"S": "\u{1f600}"}]}})),
        ),
        ("item", "list", with(json!({"tags": {"L": [{"S": "sea"}, {"S": ""}]}, "notes": {"M": {"": {"L": []}}}}))),
        ("json", "arguments", r#"[{"b":[1.50,"x\u0078"],"a":null},[3,2,1]]"#.to_owned()),
        ("json", "numbers", r#"[0,-0,-0.0,1e2,1E+2,18446744073709551616,0.1000,5e-324,1e400]"#.to_owned()),
        ("json", "texts", r#"{"\ud83d\ude00":"\/\n","":"\u0000","a":"\ud800"}"#.to_owned()),
        ("json", "twice", r#"{"a":1,"a":2,"b":{"d":[],"c":{}}}"#.to_owned()),
        ("json", "spaces", " [ true , false\n, { } ]\t".to_owned()),
        ("json", "none", "[1,2".to_owned()),
        ("key", "token", json!(json!({"night": {"N": "3"}}).to_string()).to_string()),
        ("key", "number", "-012.340".to_owned()),
        ("key", "exponent", "12.50E-3".to_owned()),
        ("key", "two", json!(json!({"hotel": {"S": "Ritz"}, "night": {"B": "AAE="}}).to_string()).to_string()),
        ("bytes", "path", "3.0.2".to_owned()),
        ("bytes", "instance", instance_of("copy").to_string()),
    ];
    seeds.into_iter().map(|(target, name, text)| ((target, name.to_owned()), text.into_bytes())).collect()
}

#[tokio::test(start_paused = true)]
async fn seeds_of_the_fuzz_targets_are_what_the_library_writes() {
    let mut seeds = items().await;
    seeds.extend(messages(&seeds));
    seeds.extend(values());
    let invocation = seeds[&("invocation", "joined".to_owned())].clone();
    seeds.extend(events(std::str::from_utf8(&invocation).expect("JSON")));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let writes = std::env::var_os("BELDI_SEEDS").is_some_and(|value| value == "write");
    for ((target, name), seed) in seeds {
        let file = folder.join(target).join(name);
        if writes {
            fs::create_dir_all(folder.join(target)).expect("a folder");
            fs::write(&file, &seed).expect("a seed");
        }
        let found = fs::read(&file).unwrap_or_default();
        assert!(found == seed, "{} is out of date: run this test with BELDI_SEEDS=write", file.display());
    }
}
