//! The template of the travel reservation, whole and in parts.
//!
//! `BLESS=1` writes the golden file anew.

use std::path::Path;

use beldi_build::{COLLECT, COLLECT_GARBAGE, EveryMinutes, Holds, template};
use serde_json::{Value, json};

pub(super) fn parsed() -> Value {
    serde_yaml_ng::from_str(&template(&super::plan())).expect("YAML")
}

/// The resources of a type, each with its name.
pub(super) fn resources<'a>(template: &'a Value, of_type: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let resources = template["Resources"].as_object().expect("resources").iter();
    resources
        .filter(move |(_, resource)| resource["Type"] == of_type)
        .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
}

#[test]
fn the_golden_file_is_the_template() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/templates/travel.yaml");
    let text = template(&super::plan());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).expect("a folder for the golden file");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file");
    assert!(text == golden, "the template has changed: look at it, and write it with `BLESS=1`");
}

#[test]
fn two_builds_give_one_text() {
    assert_eq!(template(&super::plan()), template(&super::plan()));
}

#[test]
fn each_service_is_a_function_with_its_callees() {
    let template = parsed();
    let functions: Vec<_> = resources(&template, "AWS::Serverless::Function").collect();
    assert_eq!(functions.len(), super::plan().services.len());
    let function = &template["Resources"]["SearchFunction"]["Properties"];
    assert_eq!(function["Timeout"], json!(35));
    let variables = &function["Environment"]["Variables"];
    assert_eq!(variables["BELDI_SERVICE"], "search");
    let callees = variables["BELDI_FUNCTIONS"]["Fn::Sub"].as_str().expect("a text");
    let callees: Value = serde_json::from_str(callees).expect("JSON");
    let place = |service: &str| format!("${{AWS::StackName}}-{service}:live");
    assert_eq!(
        callees,
        json!({
            "frontend": place("frontend"), "geo": place("geo"), "rate": place("rate"), "search": place("search")
        })
    );
}

#[test]
fn only_what_is_to_be_reached_has_an_address() {
    let template = parsed();
    let with_url = resources(&template, "AWS::Serverless::Function")
        .filter(|(_, function)| function.get("FunctionUrlConfig").is_some());
    let with_url: Vec<_> = with_url.map(|(id, function)| (id, &function["FunctionUrlConfig"]["AuthType"])).collect();
    assert_eq!(with_url, [("FrontendFunction", &json!("AWS_IAM"))]);
}

#[test]
fn each_table_is_as_the_program_declares_it_and_stays() {
    let template = parsed();
    let plan = super::plan();
    for table in plan.tables.iter().map(|plan| &plan.table) {
        let (id, found) = resources(&template, "AWS::DynamoDB::Table")
            .find(|(_, found)| found["TableName"] == table.name.as_str())
            .expect("each table is there");
        let keys = found["KeySchema"].as_array().expect("a key").iter();
        let keys: Vec<_> = keys.map(|key| key["AttributeName"].as_str().expect("a name")).collect();
        assert_eq!(keys, table.key.attributes().map(|attribute| attribute.name.as_str()).collect::<Vec<_>>());
        assert_eq!(found["GlobalSecondaryIndexes"].as_array().map_or(0, Vec::len), table.indexes.len());
        assert_eq!(found["BillingMode"], "PAY_PER_REQUEST");
        assert_eq!(found["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
        assert_eq!(found["SSESpecification"]["SSEEnabled"], true);
        let expires = found.get("TimeToLiveSpecification").map(|expiry| &expiry["AttributeName"]);
        assert_eq!(expires.is_some(), table.holds == Holds::Journal, "{}", table.name);
        assert_eq!(template["Resources"][id]["DeletionPolicy"], "Retain");
        assert_eq!(template["Resources"][id]["UpdateReplacePolicy"], "Retain");
    }
}

/// No linter looks into a schedule, and EventBridge refuses `rate(1 minutes)` when all else is deployed.
#[test]
fn schedules_are_such_as_eventbridge_takes() {
    let template = parsed();
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        for event in function["Events"].as_object().expect("schedules").values() {
            let expression = event["Properties"]["ScheduleExpression"].as_str().expect("an expression");
            let rate = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')).expect("a rate");
            let (number, unit) = rate.split_once(' ').expect("a number and a unit");
            let number: u32 = number.parse().expect("a number");
            assert!(number >= 1, "{id}");
            assert_eq!(unit, if number == 1 { "minute" } else { "minutes" }, "{id}");
            let input = event["Properties"]["Input"].as_str().expect("an event");
            let input: Value = serde_json::from_str(input).expect("JSON");
            assert!(["collect", "collect-garbage"].map(|what| json!({ "beldi": what })).contains(&input), "{id}");
        }
    }
    assert_eq!((COLLECT.to_string(), COLLECT_GARBAGE), ("rate(1 minute)".to_owned(), EveryMinutes(15)));
}
