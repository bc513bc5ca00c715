//! What is written for an item: the trait, a constant for each field and index, and the registration.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Path, Visibility};

use super::model::{Index, Item, StoredField};

/// Expands an item. What a mistake left out has a stand-in, so that the code that uses the item has no
/// mistake of its own.
pub(super) fn expand(item: &Item<'_>) -> TokenStream {
    let implementation = implementation(item);
    let constants = constants(item);
    let registration = registration(item);
    quote!(#implementation #constants #registration)
}

/// Stands for an item that is no struct with named fields.
pub(super) fn stand_in(input: &DeriveInput, service: Option<&Path>) -> TokenStream {
    if !input.generics.params.is_empty() {
        // The name of the service counts as used, and as unknown if it is.
        return service.map_or_else(
            TokenStream::new,
            |path| quote!(const _: ::core::marker::PhantomData<#path> = ::core::marker::PhantomData;),
        );
    }
    let key = quote!(::beldi::__private::Partition<::std::string::String>);
    let schema =
        quote!(::beldi::ItemSchema { partition_key: "", sort_key: ::core::option::Option::None, attributes: &[] });
    implement(&input.ident, service, &key, "", &schema)
}

fn implementation(item: &Item<'_>) -> TokenStream {
    let table = item.table.as_ref().map_or_else(String::new, syn::LitStr::value);
    let field = |index: Option<usize>| index.and_then(|index| item.fields.get(index));
    let sort = field(item.sort_key);
    // Without a partition key, the first field that is no other key is the one that was not marked.
    let unmarked = item.fields.iter().find(|field| sort.is_none_or(|sort| sort.ident != field.ident));
    let partition = field(item.partition_key).or(unmarked);
    let key = match (partition, sort) {
        (Some(StoredField { ty, .. }), None) => quote!(::beldi::__private::Partition<#ty>),
        (Some(StoredField { ty, .. }), Some(sort)) => {
            let sort = sort.ty;
            quote!(::beldi::__private::Composite<#ty, #sort>)
        }
        (None, _) => quote!(::beldi::__private::Partition<::std::string::String>),
    };
    let partition_key = partition.map_or("", |field| &field.names.attribute);
    let sort_key = option(sort.map(|field| field.names.attribute.as_str()));
    let attributes = item.fields.iter().map(|field| &field.names.attribute);
    let schema = quote!(::beldi::ItemSchema {
        partition_key: #partition_key,
        sort_key: #sort_key,
        attributes: &[#(#attributes),*],
    });
    implement(item.ident, item.service.as_ref(), &key, &table, &schema)
}

fn implement(
    ident: &Ident,
    service: Option<&Path>,
    key: &TokenStream,
    table: &str,
    schema: &TokenStream,
) -> TokenStream {
    let with = |service: TokenStream| {
        quote! {
            #[automatically_derived]
            impl ::beldi::Item for #ident {
                type Service = #service;
                type Key = #key;
                const TABLE: &'static str = #table;
                const SCHEMA: ::beldi::ItemSchema = #schema;
            }
        }
    };
    let Some(service) = service else {
        // The owner is unknown after a mistake, so any service may use the item.
        let implementation = with(quote!(Unknown));
        return quote! {
            const _: () = {
                pub enum Unknown {}
                impl ::beldi::Service for Unknown {
                    const NAME: &'static str = "";
                }
                impl ::beldi::OwnService for Unknown {}
                impl<S> ::beldi::__private::UsableIn<S> for Unknown {}
                #implementation
            };
        };
    };
    with(quote!(#service))
}

fn constants(item: &Item<'_>) -> TokenStream {
    let ident = item.ident;
    // A field that a function of the user converts has no constant: an update would store its type's own form.
    let fields = item.fields.iter().filter(|field| field.names.converted.is_none()).map(field_constant);
    let indexes = item.indexes.iter().map(|index| index_constant(index, &item.fields));
    quote! {
        #[allow(dead_code)]
        impl #ident {
            #(#fields)*
            #(#indexes)*
        }
    }
}

fn field_constant(field: &StoredField<'_>) -> TokenStream {
    let StoredField { vis, ty, constant, names, .. } = field;
    let attribute = &names.attribute;
    let doc = format!("The attribute `{attribute}`.");
    quote! {
        #[doc = #doc]
        #vis const #constant: ::beldi::Field<Self, #ty> = ::beldi::Field::new(#attribute);
    }
}

fn index_constant(index: &Index, fields: &[StoredField<'_>]) -> TokenStream {
    let (constant, name) = (&index.constant, &index.name);
    let partition = &fields[index.partition_key];
    let sort = index.sort_key.map(|sort| &fields[sort]);
    let vis = narrower(partition.vis, sort.map_or(partition.vis, |sort| sort.vis));
    let types = sort.map_or_else(Vec::new, |sort| vec![sort.ty]);
    let (partition_type, partition_key) = (partition.ty, &partition.names.attribute);
    let sort_key = option(sort.map(|sort| sort.names.attribute.as_str()));
    let doc = format!("The index `{}`.", name.value());
    quote! {
        #[doc = #doc]
        #vis const #constant: ::beldi::Index<Self, #partition_type #(, #types)*> =
            ::beldi::Index::new(#name, #partition_key, #sort_key);
    }
}

/// The visibility of a constant over two fields: whoever sees both may use it.
fn narrower(one: &Visibility, other: &Visibility) -> Visibility {
    match (one, other) {
        (Visibility::Public(_), narrower) | (narrower, Visibility::Public(_)) => narrower.clone(),
        (one, other) if quote!(#one).to_string() == quote!(#other).to_string() => one.clone(),
        _ => Visibility::Inherited,
    }
}

fn registration(item: &Item<'_>) -> TokenStream {
    let Item { ident, indexes, .. } = item;
    let name = ident.to_string();
    let constants = indexes.iter().map(|index| &index.constant);
    let position = quote_spanned!(ident.span()=> file!(), line!());
    quote! {
        ::beldi::__private::inventory::submit! {
            ::beldi::__private::TableEntry::of::<#ident>(
                #name,
                &[#(::beldi::__private::IndexEntry::of(#ident::#constants)),*],
                #position,
            )
        }
    }
}

fn option(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}
