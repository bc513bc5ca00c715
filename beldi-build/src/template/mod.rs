//! The template: a plan as AWS SAM reads it.
//!
//! Invariant: the text is a function of the plan, and nothing is decided here that the plan has decided. So two builds
//! of one program give the same template, and a difference between two templates is one between two programs.

mod alarm;
mod function;
mod role;
mod table;
mod yaml;

pub use role::{ITEM_ACTIONS, JOURNAL_ACTIONS};

use crate::plan::{ALIAS, MEMORY_MB, Plan};
use yaml::{Map, Yaml};

/// The AWS SAM template for a plan.
///
/// ```
/// use beldi_build::{Architecture, Plan, template};
///
/// let plan = Plan {
///     stack: "shop".into(),
///     architecture: Architecture::X86_64,
///     code: "bootstrap.zip".into(),
///     services: vec![],
///     tables: vec![],
/// };
/// assert!(template(&plan).contains("Transform: AWS::Serverless-2016-10-31"));
/// ```
pub fn template(plan: &Plan) -> String {
    let mut resources = Map::new();
    for service in &plan.services {
        resources.extend(function::resources(plan, service));
    }
    for table in &plan.tables {
        resources.extend(table::resources(table));
    }
    let outputs = function::outputs(plan);
    let document = Map::new()
        .explained(HEAD, "AWSTemplateFormatVersion", "2010-09-09")
        .with("Transform", "AWS::Serverless-2016-10-31")
        .with("Description", format!("The services of {} and their tables", plan.stack))
        .with("Parameters", Map::new().with(alarm::TOPIC, alarm::topic()))
        .with("Conditions", Map::new().with(alarm::HAS_TOPIC, alarm::has_topic()))
        .with("Globals", Map::new().with("Function", globals(plan)))
        .with("Resources", resources);
    let document = if outputs.is_empty() { document } else { document.with("Outputs", outputs) };
    document.document()
}

const HEAD: &str =
    "Written by `cargo beldi template`. Change the program or `[package.metadata.beldi]`, and write it again.";

/// What all functions have in common. One binary is all of them: which service it runs as is in its environment.
fn globals(plan: &Plan) -> Map {
    Map::new()
        .with("CodeUri", plan.code.as_str())
        .with("Handler", "bootstrap")
        .with("Runtime", "provided.al2023")
        .with("Architectures", vec![plan.architecture.to_string()])
        .with("MemorySize", MEMORY_MB)
        .with("AutoPublishAlias", ALIAS)
}

/// A name in letters and digits, each word of it with a capital: the names of resources have nothing else.
pub(crate) fn logical_id(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    words.map(capital).collect()
}

fn sub(text: impl Into<String>) -> Map {
    Map::new().with("Fn::Sub", text.into())
}

fn reference(id: &str) -> Map {
    Map::new().with("Ref", id)
}

fn arn_of(id: &str) -> Map {
    Map::new().with("Fn::GetAtt", vec![id, "Arn"])
}

fn resource(resource_type: &str, properties: Map) -> Map {
    Map::new().with("Type", resource_type).with("Properties", properties)
}

fn texts(values: &[&str]) -> Vec<Yaml> {
    values.iter().map(|value| Yaml::from(*value)).collect()
}

#[cfg(test)]
mod tests {
    use super::logical_id;

    #[test]
    fn names_become_words_with_capitals() {
        assert_eq!(logical_id("hotel-journal"), "HotelJournal");
        assert_eq!(logical_id("rooms_by.city2"), "RoomsByCity2");
        assert_eq!(logical_id("userReviews"), "UserReviews");
    }
}
