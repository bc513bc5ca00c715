//! Table schemas, ours and the SDK's.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, IndexStatus, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification,
};

use super::error::{incomplete, store_error};
use crate::store::translate::key_schema;
use crate::store::{IndexSchema, KeySchema, Response, ScalarType, StoreError, TableSchema};

/// A new table is usable within seconds as a rule; a minute is a failure.
const POLLS: u32 = 120;
const POLL_PAUSE: Duration = Duration::from_millis(500);

/// Creates a table and waits for it. Items of it expire if the schema says so and `expires` that they can.
pub(super) async fn create(client: &Client, schema: &TableSchema, expires: bool) -> Result<Response, StoreError> {
    let table = &schema.name;
    let mut call = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_to_sdk(&schema.key, table)?));
    for (name, scalar_type) in schema.key_attributes() {
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(match scalar_type {
            ScalarType::String => ScalarAttributeType::S,
            ScalarType::Number => ScalarAttributeType::N,
            ScalarType::Binary => ScalarAttributeType::B,
        });
        call = call.attribute_definitions(definition.build().map_err(incomplete(table))?);
    }
    for index in &schema.indexes {
        let projection = Projection::builder().projection_type(ProjectionType::All).build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(key_to_sdk(&index.key, table)?))
            .projection(projection);
        call = call.global_secondary_indexes(index.build().map_err(incomplete(table))?);
    }
    call.send().await.map_err(|error| store_error(&error, table))?;
    let created = wait(client, schema).await?;
    if let Some(attribute) = schema.expires.as_ref().filter(|_| expires) {
        let expiry = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute);
        let expiry = expiry.build().map_err(incomplete(table))?;
        let call = client.update_time_to_live().table_name(table).time_to_live_specification(expiry);
        call.send().await.map_err(|error| store_error(&error, table))?;
    }
    Ok(created)
}

async fn wait(client: &Client, schema: &TableSchema) -> Result<Response, StoreError> {
    for _ in 0..POLLS {
        let found = describe(client, &schema.name).await?;
        if found.is_some_and(|found| found.indexes.len() >= schema.indexes.len()) {
            return Ok(Response::Done);
        }
        tokio::time::sleep(POLL_PAUSE).await;
    }
    Err(StoreError::Transient { message: format!("table `{}` was created but is not active yet", schema.name) })
}

/// What can be used of a table now: a table or an index that is being created or deleted cannot.
pub(super) async fn describe(client: &Client, table: &str) -> Result<Option<TableSchema>, StoreError> {
    match client.describe_table().table_name(table).send().await {
        Ok(output) => Ok(output.table.as_ref().and_then(schema_from_sdk)),
        Err(error) => match error.as_service_error() {
            Some(DescribeTableError::ResourceNotFoundException(_)) => Ok(None),
            _ => Err(store_error(&error, table)),
        },
    }
}

fn schema_from_sdk(table: &TableDescription) -> Option<TableSchema> {
    if !matches!(table.table_status, Some(TableStatus::Active | TableStatus::Updating)) {
        return None;
    }
    let types = table.attribute_definitions();
    let index = |name: Option<&str>, elements: &[KeySchemaElement], projection: Option<&Projection>| {
        Some(IndexSchema {
            name: name?.to_owned(),
            key: key_from_sdk(elements, types)?,
            projects_all: projection.and_then(Projection::projection_type) == Some(&ProjectionType::All),
        })
    };
    let global = table
        .global_secondary_indexes()
        .iter()
        .filter(|found| matches!(found.index_status, Some(IndexStatus::Active | IndexStatus::Updating)));
    let global = global.map(|found| index(found.index_name(), found.key_schema(), found.projection()));
    // A local index of a table that a service adopts is queried in the same way.
    let local = table.local_secondary_indexes().iter();
    let local = local.map(|found| index(found.index_name(), found.key_schema(), found.projection()));
    Some(TableSchema {
        name: table.table_name()?.to_owned(),
        key: key_from_sdk(table.key_schema(), types)?,
        indexes: global.chain(local).flatten().collect(),
        expires: None,
    })
}

fn key_to_sdk(key: &KeySchema, table: &str) -> Result<Vec<KeySchemaElement>, StoreError> {
    let types = [KeyType::Hash, KeyType::Range];
    key.attributes()
        .zip(types)
        .map(|(attribute, key_type)| {
            let element = KeySchemaElement::builder().attribute_name(&attribute.name).key_type(key_type);
            element.build().map_err(incomplete(table))
        })
        .collect()
}

fn key_from_sdk(elements: &[KeySchemaElement], definitions: &[AttributeDefinition]) -> Option<KeySchema> {
    let name = |key_type: &KeyType| {
        elements.iter().find(|element| element.key_type() == key_type).map(KeySchemaElement::attribute_name)
    };
    key_schema(name(&KeyType::Hash), name(&KeyType::Range), |name| {
        let definition = definitions.iter().find(|definition| definition.attribute_name() == name)?;
        match definition.attribute_type() {
            ScalarAttributeType::S => Some(ScalarType::String),
            ScalarAttributeType::N => Some(ScalarType::Number),
            ScalarAttributeType::B => Some(ScalarType::Binary),
            _ => None,
        }
    })
}
