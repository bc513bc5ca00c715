//! `#[beldi::test]`: an `async fn` over a `Trial` becomes a test that the kit runs in all the ways asked for.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{FnArg, LitInt, LitStr, Signature, Token};

use crate::callable::Callable;
use crate::catalogue;
use crate::errors::Errors;
use crate::options::{Options, Owner};

const OWNER: Owner = Owner {
    name: "beldi::test",
    form: "#[beldi::test(crash = \"everywhere\", seeds = 20)]",
    known: &["crash", "seed", "seeds", "ignore"],
    repeatable: &[],
};

/// The options given to a test, as calls on its case.
struct TestOptions {
    everywhere: bool,
    seed: Option<u64>,
    seeds: Option<u64>,
    ignored: Vec<LitStr>,
}

/// Expands `#[beldi::test(options)] item`.
pub(crate) fn test(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Ok(callable) = syn::parse2::<Callable>(item.clone()) else {
        errors.push(item, &catalogue::not_a_function("beldi::test"));
        let errors = errors.to_compile_errors();
        return quote!(#errors #item);
    };
    let options = parse(options, &mut errors);
    check(&callable.sig, &mut errors);
    if let Err((_, error)) = &callable.body {
        errors.push_parse(error.clone());
    }
    if errors.count() > 0 {
        // The body counts as used, and its own mistakes are the compiler's to tell.
        let errors = errors.to_compile_errors();
        return quote!(#errors #[allow(dead_code, unused)] #item);
    }
    expand(&callable, &options)
}

fn parse(tokens: TokenStream, errors: &mut Errors) -> TestOptions {
    let options = Options::parse(OWNER, tokens, errors);
    let crash = options.text("crash", "crash = \"everywhere\"", errors);
    if let Some(text) = crash.as_ref().filter(|text| text.value() != "everywhere") {
        errors.push(text, &catalogue::malformed_option("crash", "crash = \"everywhere\""));
    }
    let ignored = options.lists("ignore", "ignore(\"at\")", errors).into_iter().flat_map(|(name, list)| {
        use syn::parse::Parser;
        let names = Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(list);
        if names.is_err() {
            errors.push(&name, &catalogue::malformed_option("ignore", "ignore(\"at\")"));
        }
        names.unwrap_or_default()
    });
    let ignored = ignored.collect();
    TestOptions {
        everywhere: crash.is_some(),
        seed: number(&options, "seed", "seed = 17", errors),
        seeds: number(&options, "seeds", "seeds = 20", errors),
        ignored,
    }
}

fn number(options: &Options, name: &str, form: &str, errors: &mut Errors) -> Option<u64> {
    let literal: LitInt = options.value(name, form, errors)?;
    let number = literal.base10_parse().ok();
    if number.is_none() {
        errors.push(&literal, &catalogue::malformed_option(name, form));
    }
    number
}

/// Notes what is wrong with the signature: one thing, since one mend is enough.
fn check(sig: &Signature, errors: &mut Errors) {
    let mut inputs = sig.inputs.iter();
    let has_trial = matches!((inputs.next(), inputs.next()), (Some(FnArg::Typed(_)), None));
    let plain = sig.constness.is_none() && sig.abi.is_none() && matches!(sig.safety, syn::Safety::Default);
    if sig.asyncness.is_none() || !plain || !sig.generics.params.is_empty() || !has_trial {
        errors.push(sig, &catalogue::test_signature());
    }
}

fn expand(callable: &Callable, options: &TestOptions) -> TokenStream {
    let Callable { attrs, vis, sig, body } = callable;
    let Ok(body) = body else { return TokenStream::new() };
    let (ident, name) = (&sig.ident, sig.ident.to_string());
    let TestOptions { everywhere, seed, seeds, ignored } = options;
    let everywhere = everywhere.then(|| quote!(.everywhere()));
    let seed = seed.map(|seed| quote!(.seed(#seed)));
    let seeds = seeds.map(|seeds| quote!(.seeds(#seeds)));
    quote! {
        #(#attrs)*
        #[::core::prelude::v1::test]
        #vis fn #ident() {
            #sig #body
            ::beldi::__private::Case::new(::core::concat!(::core::module_path!(), "::", #name))
                .in_package(::core::env!("CARGO_PKG_NAME"))
                #everywhere #seed #seeds #(.ignore(#ignored))*
                .run(#ident);
        }
    }
}
