//! Table schemas, ours and the engine's.

use dynoxide::actions::TableDescription;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::types::{
    AttributeDefinition, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use dynoxide::{Database, DynoxideError};

use crate::key::ScalarType;
use crate::store::translate::key_schema;
use crate::store::{IndexSchema, KeySchema, Response, TableSchema};

pub(super) fn create(database: &Database, schema: &TableSchema) -> Result<Response, DynoxideError> {
    let indexes: Vec<_> = schema.indexes.iter().map(index_to_engine).collect();
    database.create_table(CreateTableRequest {
        table_name: schema.name.clone(),
        key_schema: key_to_engine(&schema.key),
        attribute_definitions: schema.key_attributes().into_iter().map(definition).collect(),
        global_secondary_indexes: Some(indexes).filter(|indexes| !indexes.is_empty()),
        billing_mode: Some("PAY_PER_REQUEST".to_owned()),
        ..CreateTableRequest::default()
    })?;
    Ok(Response::Done)
}

pub(super) fn describe(database: &Database, table: String) -> Result<Response, DynoxideError> {
    match database.describe_table(DescribeTableRequest { table_name: table }) {
        Ok(response) => Ok(Response::Table(schema_from_engine(&response.table))),
        Err(DynoxideError::ResourceNotFoundException(_)) => Ok(Response::Table(None)),
        Err(error) => Err(error),
    }
}

fn schema_from_engine(table: &TableDescription) -> Option<TableSchema> {
    let index = |name: &str, elements: &[KeySchemaElement], projection: &Projection| {
        Some(IndexSchema {
            name: name.to_owned(),
            key: key_from_engine(elements, &table.attribute_definitions)?,
            projects_all: projection.projection_type == Some(ProjectionType::ALL),
        })
    };
    let global = table.global_secondary_indexes.iter().flatten();
    Some(TableSchema {
        name: table.table_name.clone(),
        key: key_from_engine(&table.key_schema, &table.attribute_definitions)?,
        indexes: global.filter_map(|found| index(&found.index_name, &found.key_schema, &found.projection)).collect(),
        expires: None,
    })
}

fn index_to_engine(index: &IndexSchema) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex {
        index_name: index.name.clone(),
        key_schema: key_to_engine(&index.key),
        projection: Projection { projection_type: Some(ProjectionType::ALL), non_key_attributes: None },
        provisioned_throughput: None,
    }
}

fn key_to_engine(key: &KeySchema) -> Vec<KeySchemaElement> {
    let types = [KeyType::HASH, KeyType::RANGE];
    key.attributes()
        .zip(types)
        .map(|(attribute, key_type)| KeySchemaElement { attribute_name: attribute.name.clone(), key_type })
        .collect()
}

fn key_from_engine(elements: &[KeySchemaElement], definitions: &[AttributeDefinition]) -> Option<KeySchema> {
    let name = |key_type: KeyType| {
        elements.iter().find(|element| element.key_type == key_type).map(|element| element.attribute_name.as_str())
    };
    key_schema(name(KeyType::HASH), name(KeyType::RANGE), |name| {
        let definition = definitions.iter().find(|definition| definition.attribute_name == name)?;
        Some(match definition.attribute_type {
            ScalarAttributeType::S => ScalarType::String,
            ScalarAttributeType::N => ScalarType::Number,
            ScalarAttributeType::B => ScalarType::Binary,
        })
    })
}

fn definition((name, scalar_type): (&str, ScalarType)) -> AttributeDefinition {
    AttributeDefinition {
        attribute_name: name.to_owned(),
        attribute_type: match scalar_type {
            ScalarType::String => ScalarAttributeType::S,
            ScalarType::Number => ScalarAttributeType::N,
            ScalarType::Binary => ScalarAttributeType::B,
        },
    }
}
