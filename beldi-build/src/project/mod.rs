//! The project that is to be deployed: where it is, what it wants, and how it is built.

mod settings;

pub use settings::Settings;
