//! What is written for a `txn!`: a loop over the tries, in which the body is an `async` block.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, Macro, Stmt, Type};

use super::super::is_transaction;
use super::super::transaction::{Transaction, refuse};
use super::{Place, Steps, hidden, import, name_span};
use crate::catalogue;

impl Steps<'_> {
    /// Writes a `txn!`. Where `?` follows it in the function itself, the function's error is the body's too.
    pub(super) fn transaction(&mut self, mac: &Macro, is_tried: bool) -> Expr {
        if self.place.in_transaction {
            self.refuse(&mac.path, &catalogue::transaction_nested());
        } else if self.context.read_only {
            self.refuse(&mac.path, &catalogue::transaction_in_read_only());
        }
        let number = self.next_ordinal();
        let Some(Transaction { max_tries, max_wait, read_only, mut body }) = Transaction::parse(mac, self.errors)
        else {
            self.broken = true;
            return Expr::Verbatim(TokenStream::new());
        };
        let before = self.errors.count();
        refuse(&body, self.errors);
        self.broken |= self.errors.count() > before;

        let span = name_span(mac);
        let output = self.place.output.as_ref().filter(|output| is_tried && may_be_result(output));
        let error = output.map(|output| quote_spanned!(span=> ::<_, <#output as ::beldi::__private::Fallible>::Error>));
        let try_cx = hidden(format_ident!("__cx_{}", self.ordinal));
        let inside = Place { cx: try_cx.clone(), observes: read_only, in_transaction: true, output: None };
        let outer = std::mem::replace(&mut self.place, inside);
        self.visit_block_mut(&mut body);
        self.place = outer;

        let (max_tries, max_wait_ms) = (option(max_tries), option(max_wait.map(|wait| wait.as_millis() as u64)));
        let (transaction, import, stmts) = (hidden(format_ident!("__txn")), import(mac), &body.stmts);
        let (cx, service) = (&self.place.cx, &self.context.service);
        // All that can have a wrong type is at the user's `txn`, where it is reported once. The name of the result
        // needs no hiding: no code of the user is in its scope.
        Expr::Verbatim(quote_spanned! {span=> {
            #import
            let mut #transaction = ::beldi::__private::transaction::<#service>(
                &#cx,
                #number,
                ::beldi::__private::TransactionOptions {
                    max_tries: #max_tries,
                    max_wait_ms: #max_wait_ms,
                    read_only: #read_only,
                },
            );
            loop {
                let #try_cx = #transaction.begin();
                if let ::core::option::Option::Some(__result) =
                    ::beldi::__private::Transaction::run #error (&mut #transaction, async { #(#stmts)* }).await
                {
                    break __result;
                }
            }
        }})
    }
}

/// The transactions in a block whose results are dropped.
pub(super) fn dropped(block: &Block) -> impl Iterator<Item = &Macro> {
    let last = block.stmts.len().saturating_sub(1);
    block
        .stmts
        .iter()
        .enumerate()
        .filter_map(move |(index, stmt)| match stmt {
            Stmt::Macro(called) if called.semi_token.is_some() || index < last => Some(&called.mac),
            _ => None,
        })
        .filter(|mac| is_transaction(&mac.path))
}

/// Whether a function with this output may be one whose error `?` can give. Of others the compiler says it, once.
fn may_be_result(output: &Type) -> bool {
    let Type::Path(path) = output else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let name = last.ident.to_string();
    name.starts_with(char::is_uppercase) && !matches!(name.as_str(), "Option" | "String" | "Vec")
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
