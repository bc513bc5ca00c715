/// Rooms and their reservations.
#[allow(missing_debug_implementations)]
pub enum Hotel {}
impl ::beldi::Service for Hotel {
    const NAME: &'static str = "hotel";
}
#[diagnostic::do_not_recommend]
impl ::beldi::__private::UsableIn<Hotel> for Hotel {}
#[diagnostic::do_not_recommend]
impl ::beldi::OwnService for Hotel {}
::beldi::__private::inventory::submit! {
    ::beldi::__private::ServiceEntry::of:: < Hotel > (file!(), line!())
}
