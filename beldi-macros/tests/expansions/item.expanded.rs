pub struct Room {
    pub hotel: String,
    pub night: Date,
    #[serde(rename = "town")]
    pub city: String,
    pub free: u32,
}
#[automatically_derived]
impl ::beldi::Item for Room {
    type Service = Hotel;
    type Key = ::beldi::__private::Composite<String, Date>;
    const TABLE: &'static str = "rooms";
    const SCHEMA: ::beldi::ItemSchema = ::beldi::ItemSchema {
        partition_key: "hotel",
        sort_key: ::core::option::Option::Some("night"),
        attributes: &["hotel", "night", "town", "free"],
    };
}
#[allow(dead_code)]
impl Room {
    ///The attribute `hotel`.
    pub const HOTEL: ::beldi::Field<Self, String> = ::beldi::Field::new("hotel");
    ///The attribute `night`.
    pub const NIGHT: ::beldi::Field<Self, Date> = ::beldi::Field::new("night");
    ///The attribute `town`.
    pub const CITY: ::beldi::Field<Self, String> = ::beldi::Field::new("town");
    ///The attribute `free`.
    pub const FREE: ::beldi::Field<Self, u32> = ::beldi::Field::new("free");
    ///The index `by_city`.
    pub const BY_CITY: ::beldi::Index<Self, String, u32> = ::beldi::Index::new(
        "by_city",
        "town",
        ::core::option::Option::Some("free"),
    );
}
::beldi::__private::inventory::submit! {
    ::beldi::__private::TableEntry::of:: < Room > ("Room", &
    [::beldi::__private::IndexEntry::of(Room::BY_CITY)], file!(), line!(),)
}
