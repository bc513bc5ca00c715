// The contract of the service `grand-hotel`, as `cargo beldi contract grand-hotel` writes it.
// Types that must be in scope: SoldOut, Stay.
beldi::remote! {
    pub GrandHotel = "grand-hotel";

    pub async fn close();

    #[beldi(read_only)]
    pub async fn free(r#where: Option<String>) -> u32;

    #[beldi(retention = "36h")]
    pub async fn reserve(stay: Stay, guests: Vec<String>) -> Result<[u8; 16], SoldOut>;
}
