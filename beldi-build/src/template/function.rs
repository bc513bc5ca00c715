//! A service in the template: its Lambda function with schedules, its role, its log group, its alarms.

use super::alarm::{Alarm, Missing};
use super::yaml::Map;
use super::{arn_of, logical_id, reference, resource, role, sub};
use crate::plan::{ALIAS, COLLECT, COLLECT_GARBAGE, EveryMinutes, LOG_RETENTION_DAYS, OLDEST_UNFINISHED_S};
use crate::plan::{Plan, ServicePlan};

/// How old an asynchronous invocation may get, in seconds: the least that AWS takes, and far less than the shortest
/// time that results are kept by default.
const EVENT_AGE_S: u32 = 60;

pub(super) fn resources(plan: &Plan, service: &ServicePlan) -> Map {
    let ServicePlan { name, .. } = service;
    let id = logical_id(name);
    let log_group = Map::new()
        .with("LogGroupName", sub(format!("/aws/lambda/{}", function_name(name))))
        .with("RetentionInDays", LOG_RETENTION_DAYS);
    let mut resources = Map::new()
        .with(format!("{id}Function"), resource("AWS::Serverless::Function", function(service)))
        .with(format!("{id}Role"), resource("AWS::IAM::Role", role::role(plan, service)))
        .with(log_group_id(name), resource("AWS::Logs::LogGroup", log_group));
    for alarm in alarms(service) {
        resources.extend(alarm.resource());
    }
    resources
}

/// The name of the Lambda function of a service, for `Fn::Sub`. It follows from the stack and the service alone, so
/// that services which call each other need not refer to each other's resources.
pub(super) fn function_name(service: &str) -> String {
    format!("${{AWS::StackName}}-{service}")
}

pub(super) fn log_group_id(service: &str) -> String {
    format!("{}Logs", logical_id(service))
}

fn function(service: &ServicePlan) -> Map {
    let ServicePlan { name, timeout_s, .. } = service;
    let id = logical_id(name);
    let variables = Map::new().with("BELDI_SERVICE", name.as_str()).with("BELDI_FUNCTIONS", sub(functions(service)));
    // Without it only new code would become a new version, and a changed timeout or callee would never be live.
    let properties = Map::new()
        .with("FunctionName", sub(function_name(name)))
        .with("AutoPublishAliasAllProperties", true)
        .with("Timeout", *timeout_s)
        .with("Role", arn_of(&format!("{id}Role")))
        .with("Environment", Map::new().with("Variables", variables))
        .with("LoggingConfig", Map::new().with("LogGroup", reference(&log_group_id(name))))
        // What fails is started again by the collector, which knows when and how often. What comes so late that its
        // journal may have been reclaimed must not come at all.
        .with(
            "EventInvokeConfig",
            Map::new().with("MaximumEventAgeInSeconds", EVENT_AGE_S).with("MaximumRetryAttempts", 0),
        )
        .with(
            "Events",
            Map::new()
                .with("Collect", schedule(COLLECT, r#"{"beldi":"collect"}"#))
                .with("CollectGarbage", schedule(COLLECT_GARBAGE, r#"{"beldi":"collect-garbage"}"#)),
        );
    let url = service.http.then(|| Map::new().with("AuthType", "AWS_IAM"));
    properties.with_some("FunctionUrlConfig", url)
}

/// JSON from the services that this one may invoke to their Lambda functions.
fn functions(service: &ServicePlan) -> String {
    let here = service.invokes.iter().map(|name| (name, format!("{}:{ALIAS}", function_name(name))));
    let there = service.invokes_remote.iter().map(|(name, place)| (name, place.clone()));
    let mut functions: Vec<_> = here.chain(there).collect();
    functions.sort();
    // The names of services, stacks and functions have no letters that JSON would have to escape.
    let functions = functions.iter().map(|(name, place)| format!(r#""{name}":"{place}""#));
    format!("{{{}}}", functions.collect::<Vec<_>>().join(","))
}

/// A start that failed is not tried again: the next one is not far. SAM would name the schedule by its place in the
/// template, and a second stack of the account could not have one of that name.
fn schedule(every: EveryMinutes, input: &str) -> Map {
    let properties = Map::new()
        .with("ScheduleExpression", every.to_string())
        .with("Input", input)
        .with("OmitName", true)
        .with("RetryPolicy", Map::new().with("MaximumRetryAttempts", 0));
    Map::new().with("Type", "ScheduleV2").with("Properties", properties)
}

fn alarms(service: &ServicePlan) -> [Alarm; 3] {
    let ServicePlan { name, .. } = service;
    let id = logical_id(name);
    let alarm = |suffix: &str, description: String| Alarm {
        id: format!("{id}{suffix}"),
        description,
        dimension: ("FunctionName", sub(function_name(name)).into()),
        namespace: "Beldi",
        metric: "ParkedInstances",
        statistic: "Maximum",
        threshold: 0,
        period_s: 60,
        missing: Missing::Ignored,
    };
    let parked = alarm("ParkedInstances", format!("Instances of {name} have failed for good and wait for an operator"));
    let oldest = alarm("OldestUnfinished", format!("An instance of {name} is unfinished, or its collector is silent"));
    let throttles = alarm("Throttles", format!("Invocations of {name} are refused: its concurrency is used up"));
    [
        parked,
        Alarm {
            metric: "OldestUnfinished",
            threshold: OLDEST_UNFINISHED_S,
            period_s: 300,
            missing: Missing::Rings,
            ..oldest
        },
        Alarm { namespace: "AWS/Lambda", metric: "Throttles", statistic: "Sum", missing: Missing::IsGood, ..throttles },
    ]
}

/// The addresses of the services that have one.
pub(super) fn outputs(plan: &Plan) -> Map {
    let mut outputs = Map::new();
    for ServicePlan { name, .. } in plan.services.iter().filter(|service| service.http) {
        let id = logical_id(name);
        let url = Map::new().with("Fn::GetAtt", vec![format!("{id}FunctionUrl"), "FunctionUrl".to_owned()]);
        let output = Map::new().with("Description", format!("Where {name} takes signed requests")).with("Value", url);
        outputs.extend(Map::new().with(format!("{id}Url"), output));
    }
    outputs
}
