//! Tables for a stand-in of AWS, where no template has made them.

use serde_json::json;
use serde_json::value::RawValue;

use super::call::json as answer;
use super::event::LambdaError;
use super::here::Here;
use crate::error::ProblemKind;
use crate::store::tables;

/// Creates what is missing of the tables of the services that run here, and compares the others with the program.
pub(super) async fn create(here: &Here) -> Result<Box<RawValue>, LambdaError> {
    let environment = here.environment();
    let declared = environment.registry.tables().filter(|table| here.runs(table.service));
    let schemas = tables::schemas(declared, here.services()).map_err(|errors| failed(&errors))?;
    let created = tables::create_missing(&*environment.store, &schemas).await.map_err(|errors| failed(&errors))?;
    answer(&json!({ "created": created }))
}

fn failed(errors: &tables::TableErrors) -> LambdaError {
    LambdaError::new(ProblemKind::Unavailable, errors)
}
