//! One suite for the trait `Store`, run on every implementation: the embedded engine on a file and in memory,
//! or, instead of the latter, the DynamoDB at `BELDI_DYNAMODB_ENDPOINT`: `cargo xtask dynamodb-local` starts
//! one and says where.

#![cfg(all(feature = "aws", feature = "embedded"))]

mod batches;
mod bench;
mod concurrency;
mod decorators;
mod files;
mod items;
mod limits;
mod queries;
mod row_log;
mod tables;
mod transactions;

/// Makes a test of each case on each store.
macro_rules! on_every_store {
    ($($file:ident: $($case:ident),+;)+) => {
        mod in_memory_or_at_the_endpoint {
            $(mod $file {$(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    crate::$file::$case(crate::bench::Bench::in_memory_or_at_the_endpoint()).await;
                }
            )+})+
        }

        mod embedded_on_file {
            $(mod $file {$(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    crate::$file::$case(crate::bench::Bench::on_file()).await;
                }
            )+})+
        }
    };
}

on_every_store! {
    items:
        every_attribute_type_comes_back,
        a_put_replaces_the_whole_item,
        a_delete_removes_and_may_repeat,
        an_update_returns_what_is_asked_for,
        a_failed_condition_changes_nothing_and_gives_the_item,
        a_failed_condition_on_an_absent_item_gives_none;
    row_log:
        an_entry_is_added_once,
        a_full_log_is_refused_and_rolled,
        add_and_delete_of_one_set_are_refused_together;
    queries:
        ranges_of_the_sort_key,
        both_orders_and_pages,
        a_filter_comes_after_the_limit,
        an_index_is_sparse_and_ordered,
        a_scan_gives_every_item_once,
        an_index_has_no_consistent_reads;
    batches:
        a_batch_gives_the_items_that_exist,
        a_large_batch_leaves_keys_for_the_next,
        a_batch_with_a_key_twice_is_refused;
    transactions:
        all_writes_happen_together,
        one_failed_condition_stops_all,
        an_item_is_written_once,
        a_large_item_is_named;
    limits:
        a_large_item_is_refused,
        a_missing_table_is_named,
        a_missing_index_is_named,
        keys_of_the_wrong_type_are_refused,
        empty_and_missing_keys_are_refused,
        a_broken_expression_is_refused;
    concurrency:
        conditional_increments_lose_nothing,
        unconditional_adds_lose_nothing,
        transfers_keep_the_sum;
    tables:
        a_created_table_is_described_as_declared,
        a_table_is_created_once,
        hosts_create_tables_at_the_same_time,
        every_difference_is_reported;
}
