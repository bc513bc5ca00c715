//! A helper without effects and without tables: functions of any service may await it.

#[beldi::helper(read_only)]
pub async fn today() -> Date {
    Date::of(beldi::now().await)
}
