//! `service!`: parse, check and expand, small enough for one file.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitStr, Token, Visibility};

use crate::catalogue;
use crate::errors::Errors;

const MAX_NAME_LENGTH: usize = 63;

/// `pub Hotel = "hotel"`.
pub(crate) struct Service {
    attrs: Vec<Attribute>,
    vis: Visibility,
    pub(crate) ident: Ident,
    name: LitStr,
}

/// Expands `service!`.
pub(crate) fn service(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Ok(service) = syn::parse2::<Service>(tokens.clone()) else {
        errors.push(tokens, &catalogue::service_malformed());
        return errors.to_compile_errors();
    };
    service.check(&mut errors);
    let errors = errors.to_compile_errors();
    let expanded = expand(&service);
    quote!(#errors #expanded)
}

impl Service {
    /// Refuses a name that has no place in table names and URLs.
    pub(crate) fn check(&self, errors: &mut Errors) {
        if !is_service_name(&self.name.value()) {
            errors.push(&self.name, &catalogue::service_name(&self.name.value()));
        }
    }

    fn cfg(&self) -> Vec<&Attribute> {
        self.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect()
    }
}

impl Parse for Service {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let name = input.parse()?;
        input.parse::<Option<Token![;]>>()?;
        Ok(Self { attrs, vis, ident, name })
    }
}

fn is_service_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= MAX_NAME_LENGTH
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The type that stands for a service, wherever its code is.
pub(crate) fn expand_type(service: &Service) -> TokenStream {
    let Service { attrs, vis, ident, name } = service;
    let cfg = service.cfg();
    quote! {
        #(#attrs)*
        #[allow(missing_debug_implementations)]
        #vis enum #ident {}

        #(#cfg)*
        impl ::beldi::Service for #ident {
            const NAME: &'static str = #name;
        }

        #(#cfg)*
        #[diagnostic::do_not_recommend]
        impl ::beldi::__private::UsableIn<#ident> for #ident {}
    }
}

fn expand(service: &Service) -> TokenStream {
    let declared = expand_type(service);
    let (ident, cfg) = (&service.ident, service.cfg());
    let position = quote_spanned!(ident.span()=> file!(), line!());
    quote! {
        #declared

        #(#cfg)*
        #[diagnostic::do_not_recommend]
        impl ::beldi::OwnService for #ident {}

        #(#cfg)*
        ::beldi::__private::inventory::submit! {
            ::beldi::__private::ServiceEntry::of::<#ident>(#position)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_service_name;

    #[test]
    fn names_fit_tables_and_addresses() {
        for good in ["a", "hotel", "movie-review", "s3"] {
            assert!(is_service_name(good), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "Hotel", "3d", "-a", "a_b", "a b", "hôtel", &long] {
            assert!(!is_service_name(bad), "{bad}");
        }
    }
}
