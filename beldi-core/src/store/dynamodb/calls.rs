//! One call of the SDK for each request.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    Delete, KeysAndAttributes, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::error::{condition_failed, incomplete, store_error};
use super::values::{SdkItem, from_sdk, items_from, placeholders, to_sdk};
use crate::store::translate;
use crate::store::{
    BatchGetItem, DeleteItem, GetItem, Page, PutItem, QueryItems, Response, ReturnValues, ScanItems, StoreError,
    TransactWrite, UpdateItem, WriteItem,
};

type Answer = Result<Response, StoreError>;

const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

pub(super) async fn get(client: &Client, request: GetItem) -> Answer {
    let call = client.get_item().table_name(&request.table).consistent_read(request.consistent);
    let answer = call.set_key(Some(to_sdk(request.key))).send().await;
    let output = answer.map_err(|error| store_error(&error, &request.table))?;
    Ok(Response::Item(output.item.map(from_sdk)))
}

pub(super) async fn put(client: &Client, request: PutItem) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    let answer = client
        .put_item()
        .table_name(&request.table)
        .set_item(Some(to_sdk(request.item)))
        .set_condition_expression(request.condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .return_values_on_condition_check_failure(ALL_OLD)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(Response::Done),
        Err(error) => Err(match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => condition_failed(failed.item.clone()),
            _ => store_error(&error, &request.table),
        }),
    }
}

pub(super) async fn update(client: &Client, request: UpdateItem) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    let answer = client
        .update_item()
        .table_name(&request.table)
        .set_key(Some(to_sdk(request.key)))
        .update_expression(request.update)
        .set_condition_expression(request.condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .return_values(match request.return_values {
            ReturnValues::None => ReturnValue::None,
            ReturnValues::AllOld => ReturnValue::AllOld,
            ReturnValues::AllNew => ReturnValue::AllNew,
        })
        .return_values_on_condition_check_failure(ALL_OLD)
        .send()
        .await;
    match answer {
        Ok(output) => Ok(Response::Item(output.attributes.map(from_sdk).filter(|item| !item.is_empty()))),
        Err(error) => Err(match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => condition_failed(failed.item.clone()),
            _ => store_error(&error, &request.table),
        }),
    }
}

pub(super) async fn delete(client: &Client, request: DeleteItem) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    let answer = client
        .delete_item()
        .table_name(&request.table)
        .set_key(Some(to_sdk(request.key)))
        .set_condition_expression(request.condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .return_values_on_condition_check_failure(ALL_OLD)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(Response::Done),
        Err(error) => Err(match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(failed)) => condition_failed(failed.item.clone()),
            _ => store_error(&error, &request.table),
        }),
    }
}

pub(super) async fn query(client: &Client, request: QueryItems) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    let answer = client
        .query()
        .table_name(&request.table)
        .set_index_name(request.index)
        .key_condition_expression(request.key_condition)
        .set_filter_expression(request.filter)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .scan_index_forward(request.forward)
        .set_limit(request.limit.map(to_i32))
        .set_exclusive_start_key(request.start.map(to_sdk))
        .consistent_read(request.consistent)
        .send()
        .await;
    let output = answer.map_err(|error| store_error(&error, &request.table))?;
    Ok(page(output.items, output.last_evaluated_key))
}

pub(super) async fn scan(client: &Client, request: ScanItems) -> Answer {
    let (names, values) = placeholders(request.placeholders);
    let answer = client
        .scan()
        .table_name(&request.table)
        .set_filter_expression(request.filter)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .set_limit(request.limit.map(to_i32))
        .set_exclusive_start_key(request.start.map(to_sdk))
        .consistent_read(request.consistent)
        .send()
        .await;
    let output = answer.map_err(|error| store_error(&error, &request.table))?;
    Ok(page(output.items, output.last_evaluated_key))
}

pub(super) async fn batch_get(client: &Client, request: BatchGetItem) -> Answer {
    let table = request.table;
    let keys = KeysAndAttributes::builder()
        .set_keys(Some(request.keys.into_iter().map(to_sdk).collect()))
        .consistent_read(request.consistent)
        .build()
        .map_err(incomplete(&table))?;
    let answer = client.batch_get_item().request_items(&table, keys).send().await;
    let output = answer.map_err(|error| store_error(&error, &table))?;
    let of_table = |mut items: HashMap<String, Vec<SdkItem>>| items.remove(&table).unwrap_or_default();
    let mut rest = output.unprocessed_keys.unwrap_or_default();
    Ok(Response::Batch {
        items: items_from(output.responses.map(of_table).unwrap_or_default()),
        unprocessed: items_from(rest.remove(&table).map(|rest| rest.keys).unwrap_or_default()),
    })
}

pub(super) async fn transact_write(client: &Client, request: TransactWrite) -> Answer {
    let tables = translate::tables(&request);
    let writes = request.writes.into_iter().map(write_item).collect::<Result<Vec<_>, _>>()?;
    match client.transact_write_items().set_transact_items(Some(writes)).send().await {
        Ok(_) => Ok(Response::Done),
        Err(error) => Err(match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let reasons = cancelled.cancellation_reasons().iter();
                translate::cancelled(
                    &tables,
                    &reasons.map(|reason| (reason.code.clone(), reason.message.clone())).collect::<Vec<_>>(),
                )
            }
            _ => store_error(&error, &translate::joined(&tables)),
        }),
    }
}

fn write_item(write: WriteItem) -> Result<TransactWriteItem, StoreError> {
    let item = TransactWriteItem::builder();
    Ok(match write {
        WriteItem::Put(request) => {
            let (names, values) = placeholders(request.placeholders);
            let put = Put::builder()
                .table_name(&request.table)
                .set_item(Some(to_sdk(request.item)))
                .set_condition_expression(request.condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values);
            item.put(put.build().map_err(incomplete(&request.table))?)
        }
        WriteItem::Update(request) => {
            let (names, values) = placeholders(request.placeholders);
            let update = Update::builder()
                .table_name(&request.table)
                .set_key(Some(to_sdk(request.key)))
                .update_expression(request.update)
                .set_condition_expression(request.condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values);
            item.update(update.build().map_err(incomplete(&request.table))?)
        }
        WriteItem::Delete(request) => {
            let (names, values) = placeholders(request.placeholders);
            let delete = Delete::builder()
                .table_name(&request.table)
                .set_key(Some(to_sdk(request.key)))
                .set_condition_expression(request.condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values);
            item.delete(delete.build().map_err(incomplete(&request.table))?)
        }
    }
    .build())
}

fn page(items: Option<Vec<SdkItem>>, next: Option<SdkItem>) -> Response {
    let next = next.filter(|key| !key.is_empty()).map(from_sdk);
    Response::Page(Page { items: items_from(items.unwrap_or_default()), next })
}

fn to_i32(limit: u32) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}
