//! One request as one call of the engine, or as two where its answer differs from DynamoDB's.

use std::collections::HashMap;

use dynoxide::actions::batch_get_item::{BatchGetItemRequest, KeysAndAttributes};
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::actions::transact_write_items::{
    TransactDelete, TransactPut, TransactUpdate, TransactWriteItem, TransactWriteItemsRequest,
};
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::{Database, DynoxideError};

use super::schema;
use super::values::{EngineItem, from_engine, placeholders, to_engine};
use crate::store::{
    BatchGetItem, DeleteItem, GetItem, Page, PutItem, QueryItems, Request, Response, ReturnValues, ScanItems,
    TransactWrite, UpdateItem, WriteItem,
};

type Answer = Result<Response, DynoxideError>;

pub(super) fn call(database: &Database, request: Request) -> Answer {
    match request {
        Request::Get(request) => get(database, request),
        Request::Put(request) => put(database, request),
        Request::Update(request) => update(database, request),
        Request::Delete(request) => delete(database, request),
        Request::Query(request) => query(database, request),
        Request::Scan(request) => scan(database, request),
        Request::BatchGet(request) => batch_get(database, request),
        Request::TransactWrite(request) => transact_write(database, request),
        Request::CreateTable(request) => schema::create(database, &request.schema),
        Request::DescribeTable(request) => schema::describe(database, request.table),
    }
}

fn get(database: &Database, request: GetItem) -> Answer {
    let response = database.get_item(GetItemRequest {
        table_name: request.table,
        key: to_engine(request.key),
        consistent_read: Some(request.consistent),
        ..GetItemRequest::default()
    })?;
    Ok(Response::Item(response.item.map(from_engine)))
}

fn put(database: &Database, request: PutItem) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    database.put_item(PutItemRequest {
        table_name: request.table,
        item: to_engine(request.item),
        condition_expression: request.condition,
        expression_attribute_names: names,
        expression_attribute_values: values,
        return_values_on_condition_check_failure: all_old(),
        ..PutItemRequest::default()
    })?;
    Ok(Response::Done)
}

fn update(database: &Database, request: UpdateItem) -> Answer {
    // Asked for the old item where there was none, the engine gives the key instead of nothing. No other
    // request comes in between, because the caller admits one at a time.
    let created = request.return_values == ReturnValues::AllOld && !exists(database, &request)?;
    let (names, values) = placeholders(request.placeholders);
    let response = database.update_item(UpdateItemRequest {
        table_name: request.table,
        key: to_engine(request.key),
        update_expression: Some(request.update),
        condition_expression: request.condition,
        expression_attribute_names: names,
        expression_attribute_values: values,
        return_values: match request.return_values {
            ReturnValues::None => None,
            ReturnValues::AllOld => Some("ALL_OLD".to_owned()),
            ReturnValues::AllNew => Some("ALL_NEW".to_owned()),
        },
        return_values_on_condition_check_failure: all_old(),
        ..UpdateItemRequest::default()
    })?;
    Ok(Response::Item(response.attributes.filter(|_| !created).map(from_engine)))
}

fn exists(database: &Database, request: &UpdateItem) -> Result<bool, DynoxideError> {
    let response = database.get_item(GetItemRequest {
        table_name: request.table.clone(),
        key: to_engine(request.key.clone()),
        ..GetItemRequest::default()
    })?;
    Ok(response.item.is_some())
}

fn delete(database: &Database, request: DeleteItem) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    database.delete_item(DeleteItemRequest {
        table_name: request.table,
        key: to_engine(request.key),
        condition_expression: request.condition,
        expression_attribute_names: names,
        expression_attribute_values: values,
        return_values_on_condition_check_failure: all_old(),
        ..DeleteItemRequest::default()
    })?;
    Ok(Response::Done)
}

fn query(database: &Database, request: QueryItems) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    let response = database.query(QueryRequest {
        table_name: request.table,
        index_name: request.index,
        key_condition_expression: Some(request.key_condition),
        filter_expression: request.filter,
        expression_attribute_names: names,
        expression_attribute_values: values,
        scan_index_forward: request.forward,
        limit: request.limit.map(to_usize),
        exclusive_start_key: request.start.map(to_engine),
        consistent_read: Some(request.consistent),
        ..QueryRequest::default()
    })?;
    Ok(page(response.items, response.last_evaluated_key))
}

fn scan(database: &Database, request: ScanItems) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    let response = database.scan(ScanRequest {
        table_name: request.table,
        filter_expression: request.filter,
        expression_attribute_names: names,
        expression_attribute_values: values,
        limit: request.limit.map(to_usize),
        exclusive_start_key: request.start.map(to_engine),
        consistent_read: Some(request.consistent),
        ..ScanRequest::default()
    })?;
    Ok(page(response.items, response.last_evaluated_key))
}

fn batch_get(database: &Database, request: BatchGetItem) -> Answer {
    let keys = KeysAndAttributes {
        keys: request.keys.into_iter().map(to_engine).collect(),
        consistent_read: Some(request.consistent),
        ..KeysAndAttributes::default()
    };
    let mut response = database.batch_get_item(BatchGetItemRequest {
        request_items: HashMap::from([(request.table.clone(), keys)]),
        ..BatchGetItemRequest::default()
    })?;
    let items = response.responses.remove(&request.table).unwrap_or_default();
    let unprocessed = match response.unprocessed_keys.remove(&request.table) {
        Some(rest) => {
            let rest: KeysAndAttributes = serde_json::from_value(rest)
                .map_err(|error| DynoxideError::InternalServerError(format!("unprocessed keys: {error}")))?;
            rest.keys
        }
        None => Vec::new(),
    };
    Ok(Response::Batch { items: items_from(items), unprocessed: items_from(unprocessed) })
}

/// Without a client request token: the engine would scan all tokens of ten minutes on each call, and the
/// protocol's conditions make a repeated transaction harmless anyway.
fn transact_write(database: &Database, request: TransactWrite) -> Answer {
    database.transact_write_items(TransactWriteItemsRequest {
        transact_items: request.writes.into_iter().map(write_item).collect(),
        ..TransactWriteItemsRequest::default()
    })?;
    Ok(Response::Done)
}

fn write_item(write: WriteItem) -> TransactWriteItem {
    let mut item = TransactWriteItem::default();
    match write {
        WriteItem::Put(request) => {
            let (names, values) = placeholders(request.placeholders);
            item.put = Some(TransactPut {
                table_name: request.table,
                item: to_engine(request.item),
                condition_expression: request.condition,
                expression_attribute_names: names,
                expression_attribute_values: values,
                return_values_on_condition_check_failure: None,
            });
        }
        WriteItem::Update(request) => {
            let (names, values) = placeholders(request.placeholders);
            item.update = Some(TransactUpdate {
                table_name: request.table,
                key: to_engine(request.key),
                update_expression: request.update,
                condition_expression: request.condition,
                expression_attribute_names: names,
                expression_attribute_values: values,
                return_values_on_condition_check_failure: None,
            });
        }
        WriteItem::Delete(request) => {
            let (names, values) = placeholders(request.placeholders);
            item.delete = Some(TransactDelete {
                table_name: request.table,
                key: to_engine(request.key),
                condition_expression: request.condition,
                expression_attribute_names: names,
                expression_attribute_values: values,
                return_values_on_condition_check_failure: None,
            });
        }
    }
    item
}

fn all_old() -> Option<String> {
    Some("ALL_OLD".to_owned())
}

fn page(items: Option<Vec<EngineItem>>, next: Option<EngineItem>) -> Response {
    Response::Page(Page { items: items_from(items.unwrap_or_default()), next: next.map(from_engine) })
}

fn items_from(items: Vec<EngineItem>) -> Vec<crate::store::Attributes> {
    items.into_iter().map(from_engine).collect()
}

fn to_usize(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
