//! Unit tests of the whole pipelines, on tokens: which code each mistake has, and that what is written
//! parses even after a mistake. What the compiler says to a user is in `tests/ui` of the facade.

use proc_macro2::TokenStream;

mod body;
mod expansions;
mod function;
mod helper;
mod item;
mod remote;
mod test;
mod transaction;

/// The codes of the mistakes in an expansion, in their order. What is expanded must parse.
fn codes(expanded: TokenStream) -> Vec<u16> {
    let file: syn::File = syn::parse2(expanded).expect("an expansion is a list of items");
    file.items.iter().filter_map(message).filter_map(|text| text.get(5..8)?.parse().ok()).collect()
}

fn message(item: &syn::Item) -> Option<String> {
    match item {
        syn::Item::Macro(mac) if mac.mac.path.segments.last().is_some_and(|last| last.ident == "compile_error") => {
            syn::parse2::<syn::LitStr>(mac.mac.tokens.clone()).ok().map(|text| text.value())
        }
        _ => None,
    }
}

/// The tokens of some source.
fn tokens(source: &str) -> TokenStream {
    source.parse().expect("balanced source")
}

/// The expansion as text, where only names matter.
fn text(expanded: &TokenStream) -> String {
    expanded.to_string().split_whitespace().collect()
}
