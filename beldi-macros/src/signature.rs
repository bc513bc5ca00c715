//! The text of a signature, which caller and callee compare.
//!
//! Two declarations have the same text if and only if they name the same types for the same arguments: a type goes by
//! its own name, whatever module it is imported from, and neither spaces nor optional commas count.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{AngleBracketedGenericArguments, Type, TypePath, TypeTuple};

use crate::code_hash::delimiters;

/// `async fn reserve(stay: Stay) -> Result<Confirmation, SoldOut>`, with an attribute in front if it is `read_only`.
pub(crate) fn text<'a>(
    name: &Ident,
    arguments: impl Iterator<Item = (&'a Ident, &'a Type)>,
    output: &Type,
    read_only: bool,
) -> String {
    let arguments: Vec<_> = arguments.map(|(name, ty)| format!("{name}: {}", of_type(ty))).collect();
    let output = match of_type(output).as_str() {
        "()" => String::new(),
        output => format!(" -> {output}"),
    };
    let attribute = if read_only { "#[beldi(read_only)] " } else { "" };
    format!("{attribute}async fn {name}({}){output}", arguments.join(", "))
}

fn of_type(ty: &Type) -> String {
    let mut ty = ty.clone();
    OwnNames.visit_type_mut(&mut ty);
    let mut text = String::new();
    write(ty.into_token_stream(), &mut text);
    text
}

/// Leaves of each type its own name.
struct OwnNames;

impl VisitMut for OwnNames {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        // Parentheses and the invisible groups of `macro_rules` say nothing.
        while let Type::Paren(_) | Type::Group(_) = ty {
            let inner = match ty {
                Type::Paren(paren) => paren.elem.clone(),
                Type::Group(group) => group.elem.clone(),
                _ => break,
            };
            *ty = *inner;
        }
        visit_mut::visit_type_mut(self, ty);
    }

    fn visit_type_path_mut(&mut self, ty: &mut TypePath) {
        if ty.qself.is_none() {
            ty.path.leading_colon = None;
            if let Some(last) = ty.path.segments.pop() {
                ty.path.segments.clear();
                ty.path.segments.push(last);
            }
        }
        visit_mut::visit_type_path_mut(self, ty);
    }

    fn visit_type_tuple_mut(&mut self, tuple: &mut TypeTuple) {
        if tuple.elems.len() > 1 {
            tuple.elems.pop_punct();
        }
        visit_mut::visit_type_tuple_mut(self, tuple);
    }

    fn visit_angle_bracketed_generic_arguments_mut(&mut self, arguments: &mut AngleBracketedGenericArguments) {
        arguments.colon2_token = None;
        arguments.args.pop_punct();
        visit_mut::visit_angle_bracketed_generic_arguments_mut(self, arguments);
    }
}

/// Writes tokens in one way: the compiler's own text of them is another one in each version.
fn write(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = delimiters(group.delimiter());
                text.push_str(open);
                write(group.stream(), text);
                text.truncate(text.trim_end().len());
                text.push_str(close);
            }
            TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => {
                text.push(punct.as_char());
                text.push(' ');
            }
            TokenTree::Punct(punct) => text.push(punct.as_char()),
            word @ (TokenTree::Ident(_) | TokenTree::Literal(_)) => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    fn of(ty: &syn::Type) -> String {
        super::of_type(ty)
    }

    #[test]
    fn spellings_of_one_type_have_one_text() {
        assert_eq!(of(&parse_quote!(Result<Vec<u8>, SoldOut>)), "Result<Vec<u8>, SoldOut>");
        assert_eq!(
            of(&parse_quote!(::core::result::Result<std::vec::Vec::<u8,>, crate::hotel::SoldOut,>)),
            "Result<Vec<u8>, SoldOut>"
        );
        assert_eq!(of(&parse_quote!((u8, (String), (),))), "(u8, String, ())");
        assert_eq!(of(&parse_quote!((u8,))), "(u8,)");
        assert_eq!(of(&parse_quote!([Option<a::Id>; 32])), "[Option<Id>; 32]");
        assert_eq!(of(&parse_quote!(())), "()");
    }

    #[test]
    fn other_types_have_other_texts() {
        let types: [syn::Type; 6] = [
            parse_quote!(u8),
            parse_quote!((u8,)),
            parse_quote!(Vec<u8>),
            parse_quote!([u8; 1]),
            parse_quote!([u8; 2]),
            parse_quote!(Option<Vec<u8>>),
        ];
        let texts: std::collections::BTreeSet<_> = types.iter().map(of).collect();
        assert_eq!(texts.len(), types.len(), "{texts:?}");
    }
}
