//! How the arguments and the result of a function cross a boundary.
//!
//! A function has a [`Codec`] instead of bounds on its types. So a type that cannot cross is one mistake,
//! where the function is declared (BELDI008), and none where the function is called.

use crate::data::{Data, DataError, decode, encode};

/// The arguments of a function as a tuple, each of them [`Data`].
#[diagnostic::on_unimplemented(
    message = "BELDI017: `{Self}` cannot be the arguments of a beldi function",
    note = "a function has at most 16 arguments: put them into a struct"
)]
pub trait Arguments: Data {}

/// Writes and reads the arguments `A` and the output `O` of a function.
pub struct Codec<A, O> {
    pub(crate) encode_arguments: fn(&A) -> Result<String, DataError>,
    pub(crate) decode_arguments: fn(&str) -> Result<A, DataError>,
    pub(crate) encode_output: fn(&O) -> Result<String, DataError>,
    pub(crate) decode_output: fn(&str) -> Result<O, DataError>,
}

/// The codec of serde. Generated code makes it.
pub const fn codec<A: Arguments, O: Data>() -> Codec<A, O> {
    Codec { encode_arguments: encode, decode_arguments: decode, encode_output: encode, decode_output: decode }
}

macro_rules! arguments {
    ($($last:ident $($rest:ident)*)?) => {
        impl<$($last: Data, $($rest: Data),*)?> Arguments for ($($last, $($rest,)*)?) {}
        $(arguments!($($rest)*);)?
    };
}

arguments!(A B C D E F G H I J K L M N O P);
