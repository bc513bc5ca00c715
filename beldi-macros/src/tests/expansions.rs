//! What the macros write, as files that a reader can compare: `tests/expansions/name.rs` is a user's
//! source, `name.expanded.rs` what becomes of it. `BLESS=1 cargo test -p beldi-macros` writes them anew.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Item, Meta};

#[test]
fn expansions_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansions");
    let mut sources: Vec<PathBuf> =
        folder.read_dir().expect("the folder is there").map(|entry| entry.expect("readable").path()).collect();
    sources.retain(|path| !path.to_string_lossy().ends_with(".expanded.rs"));
    sources.sort();
    assert!(!sources.is_empty());
    for source in sources {
        let text = std::fs::read_to_string(&source).expect("readable");
        let expanded = expand(&syn::parse_file(&text).expect("the source parses"));
        let golden = source.with_extension("expanded.rs");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &expanded).expect("writable");
        }
        let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(expanded, wanted, "{}: run with BLESS=1 and look at the difference", golden.display());
    }
}

fn expand(file: &syn::File) -> String {
    let expanded: TokenStream = file.items.iter().map(expand_item).collect();
    prettyplease::unparse(&syn::parse2(expanded).expect("an expansion is a list of items"))
}

fn expand_item(item: &Item) -> TokenStream {
    match item {
        Item::Fn(function) => {
            let mut rest = function.clone();
            let found = rest.attrs.iter().position(|attr| attr.path().segments[0].ident == "beldi");
            let attr = rest.attrs.remove(found.expect("a function of an example has an attribute of ours"));
            let (name, options) = macro_call(&attr);
            match name.as_str() {
                "function" => crate::function::function(options, &rest.into_token_stream()),
                "helper" => crate::helper::helper(options, &rest.into_token_stream()),
                "test" => crate::test::test(options, &rest.into_token_stream()),
                other => panic!("no macro {other}"),
            }
        }
        Item::Struct(item) => {
            let derived = crate::item::item(item.to_token_stream());
            let mut rest = item.clone();
            let ours = |attr: &Attribute| attr.path().is_ident("beldi") || attr.path().is_ident("derive");
            rest.attrs.retain(|attr| !ours(attr));
            rest.fields.iter_mut().for_each(|field| field.attrs.retain(|attr| !ours(attr)));
            quote!(#rest #derived)
        }
        Item::Macro(mac) => match mac.mac.path.segments.last().map(|last| last.ident.to_string()).as_deref() {
            Some("remote") => crate::remote::remote(mac.mac.tokens.clone()),
            _ => crate::service::service(mac.mac.tokens.clone()),
        },
        other => other.to_token_stream(),
    }
}

fn macro_call(attr: &Attribute) -> (String, TokenStream) {
    let name = attr.path().segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
    let options = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    (name, options)
}
