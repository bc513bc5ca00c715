//! Programs that cannot be deployed as they are, and what is said of them; and what settings change.

use std::collections::BTreeMap;

use beldi_build::{Architecture, Manifest, Mark, Plan, PlanProblem, Program, Settings, read, template};
use serde_json::json;

fn service(name: &str, timeout_ms: Option<u64>) -> serde_json::Value {
    let mut run = json!({
        "name": "run", "arguments": [], "signature": "async fn run()", "read_only": false, "fallible": false,
        "at": "src/a.rs:9",
    });
    if let Some(timeout_ms) = timeout_ms {
        run["timeout_ms"] = json!(timeout_ms);
    }
    json!({ "name": name, "at": format!("src/{name}.rs:5"), "functions": [run] })
}

fn manifest(services: &[(&str, Option<u64>)]) -> Manifest {
    let tables = services.iter().map(|(name, _)| {
        json!({
            "name": format!("{name}-journal"), "owner": name, "holds": "journal",
            "key": { "partition": { "name": "instance", "type": "S" } },
            "indexes": [{ "name": "due", "key": { "partition": { "name": "shard", "type": "S" } } }]
        })
    });
    let manifest = json!({
        "version": 1, "default_timeout_ms": 30_000,
        "services": services.iter().map(|(name, timeout_ms)| service(name, *timeout_ms)).collect::<Vec<_>>(),
        "tables": tables.collect::<Vec<_>>()
    });
    read(&manifest.to_string()).expect("a sound manifest")
}

fn call(caller: &str, service: &str) -> Mark {
    Mark::Call { caller: caller.to_owned(), service: service.to_owned(), function: "run".to_owned() }
}

/// A shop that calls its stock.
fn shop() -> Program {
    Program {
        package: "shop".to_owned(),
        manifest: manifest(&[("shop", None), ("stock", Some(2_500))]),
        marks: [call("shop", "stock")].into(),
        settings: Settings::default(),
        code: "bootstrap.zip".to_owned(),
    }
}

fn plan(program: &Program) -> Plan {
    Plan::of(program, Architecture::default()).expect("a sound program")
}

fn problems(program: &Program) -> Vec<PlanProblem> {
    Plan::of(program, Architecture::default()).expect_err("problems").0
}

#[test]
fn a_lambda_function_runs_longer_than_its_functions() {
    let timeouts = |manifest| {
        let services = plan(&Program { manifest, marks: [].into(), ..shop() }).services;
        services.iter().map(|service| service.timeout_s).collect::<Vec<_>>()
    };
    // Collectors run there too, and have the default.
    assert_eq!(timeouts(manifest(&[("a", None), ("b", Some(2_500)), ("c", Some(60_001))])), [35, 35, 66]);
    // Longer than AWS Lambda lets it run it cannot.
    assert_eq!(timeouts(manifest(&[("a", Some(900_000))])), [900]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let settings = Settings {
        stack: Some("my_shop".to_owned()),
        http: ["web".to_owned()].into(),
        adopt: ["rooms".to_owned()].into(),
        remote: BTreeMap::from([("stock".into(), "stock:live".into()), ("post".into(), "post".into())]),
        ..Settings::default()
    };
    let marks = [call("shop", "bank"), call("shop", "post"), call("office", "stock")].into();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        problems(&Program { settings, marks, ..shop() }),
        [
            PlanProblem::StackName { name: text("my_shop") },
            PlanProblem::UnknownService { setting: "http", service: text("web"), known: text("`shop`, `stock`") },
            PlanProblem::UnknownTable { table: text("rooms"), known: text("`shop-journal`, `stock-journal`") },
            PlanProblem::RemotePlace { service: text("post"), place: text("post") },
            PlanProblem::RemoteIsHere { service: text("stock") },
            PlanProblem::OtherBuild { caller: text("office") },
            PlanProblem::UnknownCallee { caller: text("shop"), at: text("src/shop.rs:5"), service: text("bank") },
        ]
    );
}

#[test]
fn problems_name_the_file_and_the_fix() {
    let error = Plan::of(&Program { marks: [call("shop", "bank")].into(), ..shop() }, Architecture::default());
    assert_eq!(
        error.expect_err("an unknown callee").to_string(),
        "the service `shop` (src/shop.rs:5) calls `bank`, which is no service of this program: say where it is with \
         `remote = { bank = \"<Lambda function>:<alias>\" }` in `[package.metadata.beldi]` of Cargo.toml"
    );
}

#[test]
fn names_that_aws_refuses_are_refused_before() {
    let settings = Settings { stack: Some("s".repeat(59)), ..Settings::default() };
    let [PlanProblem::FunctionName { service, name }] = &problems(&Program { settings, ..shop() })[..] else {
        panic!("one name is too long");
    };
    assert_eq!((service.as_str(), name.len()), ("stock", 65));

    let program = Program { manifest: manifest(&[("a-1", None), ("a1", None)]), marks: [].into(), ..shop() };
    let problems = problems(&program);
    let PlanProblem::LogicalId { first, second, id } = &problems[0] else { panic!("one id: {problems:?}") };
    assert_eq!((first.as_str(), second.as_str(), id.as_str()), ("a-1", "a1", "A1"));
}

#[test]
fn the_name_of_a_package_is_a_name_of_a_stack() {
    assert_eq!(plan(&Program { package: "web_shop".to_owned(), ..shop() }).stack, "web-shop");
}

#[test]
fn services_of_other_programs_are_invoked_where_they_are() {
    let remote = BTreeMap::from([("bank".to_owned(), "finance-bank:live".to_owned())]);
    let settings = Settings { remote, ..Settings::default() };
    let program = Program { settings, marks: [call("shop", "bank"), call("shop", "stock")].into(), ..shop() };
    let text = template(&plan(&program));
    assert!(text.contains(
        r#"BELDI_FUNCTIONS:
            Fn::Sub: '{"bank":"finance-bank:live","shop":"${AWS::StackName}-shop:live","stock":"#
    ));
    assert!(text.contains("${AWS::AccountId}:function:finance-bank:live\n"));
}

#[test]
fn a_service_of_another_program_that_nobody_calls_may_be_misspelt() {
    let place = |service: &str| (service.to_owned(), format!("finance-{service}:live"));
    let settings = Settings { remote: [place("bank"), place("bnk")].into(), ..Settings::default() };
    let problem = |called: &str| PlanProblem::RemoteNotCalled { service: "bnk".to_owned(), called: called.to_owned() };
    let program = Program { settings, marks: [call("shop", "bank")].into(), ..shop() };
    assert_eq!(problems(&program), [problem("of other programs it calls `bank`")]);
    let settings = Settings { remote: [place("bnk")].into(), ..Settings::default() };
    let program = Program { settings, marks: [call("shop", "stock")].into(), ..shop() };
    assert_eq!(problems(&program), [problem("it calls none of other programs")]);
}

/// The callee of another program may call further services in a transaction, and its coordinator tells all of them.
#[test]
fn a_coordinator_invokes_all_that_the_settings_know_of_other_programs() {
    let place = |service: &str| (service.to_owned(), format!("finance-{service}:live"));
    let settings = Settings { remote: [place("bank"), place("ledger")].into(), ..Settings::default() };
    let invoked = |marks: &[Mark]| {
        let marks = marks.iter().cloned().collect();
        let plan = plan(&Program { settings: settings.clone(), marks, ..shop() });
        plan.services[0].invokes_remote.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    let transaction = Mark::Transaction { caller: "shop".to_owned() };
    let others = [call("stock", "bank"), Mark::Transaction { caller: "stock".to_owned() }];
    assert_eq!(invoked(&others), "");
    let [first, second] = others;
    assert_eq!(invoked(&[first, second, call("shop", "bank")]), "bank");
    assert_eq!(invoked(&[call("shop", "bank"), transaction.clone()]), "bank ledger");
    assert_eq!(invoked(&[call("shop", "stock"), call("stock", "bank"), transaction]), "bank ledger");
}

#[test]
fn an_adopted_table_is_used_and_not_created() {
    let settings = Settings { adopt: ["stock-journal".to_owned()].into(), ..Settings::default() };
    let text = template(&plan(&Program { settings, ..shop() }));
    assert!(!text.contains("  StockJournalTable:\n"), "{text}");
    let arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/stock-journal";
    assert!(text.contains(&format!("Fn::Sub: {arn}\n")), "{text}");
    assert!(text.contains(&format!("Fn::Sub: {arn}/index/due\n")), "{text}");
    assert!(text.contains("Value: stock-journal\n"), "its alarms are there: {text}");
}

#[test]
fn an_unknown_setting_is_told_with_those_that_are_known() {
    let error = serde_json::from_value::<Settings>(json!({ "adpot": [] })).expect_err("no such setting");
    assert!(error.to_string().contains("unknown field `adpot`, expected one of `stack`, `http`, `adopt`"), "{error}");
}
