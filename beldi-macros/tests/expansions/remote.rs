//! Functions of another program.

beldi::remote! {
    /// The hotels of another team.
    pub Hotel = "hotel";

    /// Reserves a room for a night.
    #[beldi(retention = "30d")]
    pub async fn reserve(stay: contract::Stay) -> Result<Confirmation, SoldOut>;

    #[beldi(read_only)]
    pub async fn free(hotel: String, night: u32) -> u32;
}
