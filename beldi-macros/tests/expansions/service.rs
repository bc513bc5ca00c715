//! A service.

beldi::service!(
    /// Rooms and their reservations.
    pub Hotel = "hotel"
);
