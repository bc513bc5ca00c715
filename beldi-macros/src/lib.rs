//! The procedural macros of [beldi](https://docs.rs/beldi), which re-exports them: use that crate.
//!
//! This file holds only the entry points, and it is the only one that names `proc_macro`. Each macro is
//! a pipeline of pure functions on `proc_macro2` tokens: *parse* the user's tokens, make a *model*,
//! *check* it, and *expand* it. All mistakes of one item are collected in `errors` and reported
//! together; their texts are in `catalogue`. Generated code holds no logic: it calls `beldi::__private`.

use proc_macro::TokenStream;

mod body;
mod callable;
mod catalogue;
mod code_hash;
mod errors;
mod function;
mod helper;
mod item;
mod options;
mod service;
#[cfg(test)]
mod tests;

/// Makes an `async fn` an exactly-once function of a service.
#[proc_macro_attribute]
pub fn function(options: TokenStream, item: TokenStream) -> TokenStream {
    function::function(options.into(), &item.into()).into()
}

/// Makes an `async fn` a part of functions: it has steps, and is not called by itself.
#[proc_macro_attribute]
pub fn helper(options: TokenStream, item: TokenStream) -> TokenStream {
    helper::helper(options.into(), &item.into()).into()
}

/// Runs several operations at the same time, and waits for all of them.
#[proc_macro]
pub fn join(_branches: TokenStream) -> TokenStream {
    body::join_outside().into()
}

/// Makes a struct the type of the rows of a table.
#[proc_macro_derive(Item, attributes(beldi))]
pub fn item(item: TokenStream) -> TokenStream {
    item::item(item.into()).into()
}

/// Declares a service, the owner of functions and tables.
#[proc_macro]
pub fn service(declaration: TokenStream) -> TokenStream {
    service::service(declaration.into()).into()
}
