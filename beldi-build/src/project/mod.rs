//! The project that is to be deployed: where it is, what it wants, and how it is built and asked.

mod ask;
mod error;
mod locate;
mod paths;
mod settings;

pub use error::ProjectError;
pub use locate::{Choice, Kind, Project};
pub use paths::relative;
pub use settings::Settings;
