//! The laws of the codecs, each a sentence above its test, for values of any shape.

mod keys;
mod records;
mod texts;
mod values;
