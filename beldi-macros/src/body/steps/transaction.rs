//! What is written for a `txn!`: a loop over the tries, in which the body is an `async` block.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Expr, Macro};

use super::super::transaction::{Transaction, refuse};
use super::{Place, Steps, hidden, import, name_span};
use crate::catalogue;

impl Steps<'_> {
    /// Writes a `txn!`. Where `?` follows and the function's error is known, it is the body's error too.
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
        let error = self
            .place
            .output
            .as_ref()
            .filter(|_| is_tried)
            .map(|output| quote_spanned!(span=> ::<_, <#output as ::beldi::__private::Fallible>::Error>));
        let try_cx = hidden(format_ident!("__cx_{}", self.ordinal));
        let inside = Place { cx: try_cx.clone(), observes: read_only, in_transaction: true, output: None };
        let outer = std::mem::replace(&mut self.place, inside);
        self.visit_block_mut(&mut body);
        self.place = outer;

        let (max_tries, max_wait_ms) = (option(max_tries), option(max_wait.map(|wait| wait.as_millis() as u64)));
        let (transaction, result) = (hidden(format_ident!("__txn")), hidden(format_ident!("__result")));
        let (cx, import, stmts): (&Ident, _, _) = (&self.place.cx, import(mac), &body.stmts);
        Expr::Verbatim(quote_spanned! {span=> {
            #import
            let mut #transaction = ::beldi::__private::transaction(
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
                if let ::core::option::Option::Some(#result) = #transaction.run #error (async { #(#stmts)* }).await {
                    break #result;
                }
            }
        }})
    }
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
