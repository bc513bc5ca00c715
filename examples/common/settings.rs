//! The limits of the protocol where the services are deployed, and in worker processes.

use std::time::Duration;

use beldi::Settings;

/// Attempts of a few seconds: every function here is short.
pub(crate) fn deployed_settings() -> Settings {
    Settings {
        timeout: Duration::from_secs(5),
        longest_timeout: Duration::from_secs(5),
        margin: Duration::from_secs(1),
        ..Settings::default()
    }
}
