//! The hash of a handler's code, kept in the intent of each instance.
//!
//! It must be the same in every build of the same source, so it is FNV-1a over the tokens: neither
//! spaces nor comments count, and there is no seed.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The hash of some code.
pub(crate) fn code_hash(tokens: TokenStream) -> u64 {
    fold(OFFSET, tokens)
}

/// What a group begins and ends with.
pub(crate) fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn fold(mut hash: u64, tokens: TokenStream) -> u64 {
    for token in tokens {
        hash = match token {
            TokenTree::Group(group) => {
                let (open, close) = delimiters(group.delimiter());
                word(fold(word(hash, open), group.stream()), close)
            }
            TokenTree::Ident(ident) => word(hash, &ident.to_string()),
            TokenTree::Punct(punct) => word(hash, punct.as_char().encode_utf8(&mut [0; 4])),
            TokenTree::Literal(literal) => word(hash, &literal.to_string()),
        };
    }
    hash
}

/// Adds a token and a mark of its end, so that `a b` and `ab` differ.
fn word(hash: u64, text: &str) -> u64 {
    text.bytes().chain([0xff]).fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::code_hash;
    use quote::quote;

    #[test]
    fn it_is_the_same_in_every_build() {
        assert_eq!(
            code_hash(quote!(
                fn f() {
                    1
                }
            )),
            8_491_735_837_803_468_962
        );
    }

    #[test]
    fn it_sees_every_token() {
        let hash = code_hash(quote!(a.b(1)));
        for other in [quote!(a.b(2)), quote!(a.c(1)), quote!(a.b[1]), quote!(ab(1)), quote!()] {
            assert_ne!(hash, code_hash(other));
        }
    }
}
