//! The procedural macros of [beldi](https://docs.rs/beldi), which re-exports them: use that crate.
//!
//! This file holds only the entry points, and it is the only one that names `proc_macro`. Each macro is
//! a pipeline of pure functions on `proc_macro2` tokens: *parse* the user's tokens, make a *model*,
//! *check* it, and *expand* it. All mistakes of one item are collected in `errors` and reported
//! together; their texts are in `catalogue`. Generated code holds no logic: it calls `beldi::__private`.
//! `tests/expansions` shows what is written for each macro.

use proc_macro::TokenStream;

mod body;
mod callable;
mod catalogue;
mod code_hash;
mod contract;
mod errors;
mod function;
mod helper;
mod item;
mod options;
mod remote;
mod service;
mod signature;
mod test;
#[cfg(test)]
mod tests;
mod timeout;

/// Makes an `async fn` a function of a service, whose every step happens exactly once.
///
/// ```
/// use beldi::prelude::*;
///
/// beldi::service!(pub Hotel = "hotel");
///
/// #[derive(Item, Serialize, Deserialize)]
/// #[beldi(service = Hotel, table = "rooms")]
/// pub struct Room {
///     #[beldi(partition_key)]
///     hotel: String,
///     #[beldi(sort_key)]
///     night: u32,
///     free: u32,
/// }
///
/// #[derive(Serialize, Deserialize)]
/// pub struct SoldOut;
///
/// /// Reserves a room.
/// #[beldi::function(service = Hotel, timeout = "5s")]
/// pub async fn reserve(hotel: String, night: u32) -> Result<u32, SoldOut> {
///     let mut room = Room::get((&hotel, night)).await.ok_or(SoldOut)?;
///     room.free = room.free.checked_sub(1).ok_or(SoldOut)?;
///     room.put().await;
///     Ok(room.free)
/// }
///
/// /// Says how many rooms are free, without any effect.
/// #[beldi::function(service = Hotel, read_only)]
/// pub async fn free(hotel: String, night: u32) -> u32 {
///     Room::get((&hotel, night)).await.map_or(0, |room| room.free)
/// }
/// # fn main() {}
/// ```
///
/// Every `.await` becomes a numbered step, recorded in the journal of the instance and replayed after a
/// crash. So what is awaited must be a durable operation: of an item, a call of another function, a
/// helper, `beldi::now()`, `beldi::external(..)` and the like. The function's name is then both a function
/// that describes a call (`reserve(hotel, 1)` is a value, nothing happens until it is awaited) and a type
/// that stands for it (`client.result::<reserve>(id)`).
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `service = Hotel` | the service that the function belongs to; required |
/// | `read_only` | the function has no effects, which the compiler checks; it then costs no more than its reads, and other `read_only` functions may call it |
/// | `timeout = "5s"` | how long one attempt may take, in `ms`, `s` or `m`, at most the 15 minutes of AWS Lambda; the host's limit when absent |
/// | `retention = "7d"` | how long results are kept, in `s`, `m`, `h` or `d`; a caller that repeats a call later is parked; the host's time when absent |
///
/// # Limits
///
/// A function is free-standing, `async`, not generic, and has up to 16 named arguments. Its arguments and
/// its result are owned types that serde can write and read. What a replay could not repeat is refused
/// where the macro can see it by name: clocks, randomness, the environment, threads, tasks and races.
/// Macros that only evaluate their arguments (`println!`, `vec!`, `assert!` and their like) may hold steps,
/// others may not; closures and `async` blocks hold none, but for the branches of [`join!`]. Steps that must take
/// effect together, or not at all, go into a [`txn!`].
///
/// # Errors
///
/// `BELDI001` to `BELDI023`, `BELDI033` to `BELDI037` and `BELDI040`, each with a page in the book: what is wrong, why,
/// and what to write instead.
#[proc_macro_attribute]
pub fn function(options: TokenStream, item: TokenStream) -> TokenStream {
    function::function(options.into(), &item.into()).into()
}

/// Makes an `async fn` a part of functions: it has steps, and they become steps of the function that
/// awaits it.
///
/// ```
/// use beldi::prelude::*;
///
/// # beldi::service!(pub Hotel = "hotel");
/// # #[derive(Item, Serialize, Deserialize)]
/// # #[beldi(service = Hotel, table = "rooms")]
/// # pub struct Room {
/// #     #[beldi(partition_key)]
/// #     hotel: String,
/// #     free: u32,
/// # }
/// #[beldi::helper(service = Hotel)]
/// async fn close(room: &mut Room) {
///     room.free = 0;
///     room.put().await;
/// }
///
/// #[beldi::helper]
/// async fn first_free<T: Clone + Send + Sync>(values: &[T]) -> Option<T> {
///     let skip = beldi::random_below(values.len() as u64).await;
///     values.get(skip as usize).cloned()
/// }
///
/// #[beldi::function(service = Hotel)]
/// async fn close_one(mut rooms: Vec<String>) {
///     let Some(hotel) = first_free(&rooms).await else { return };
///     if let Some(mut room) = Room::get(&hotel).await {
///         close(&mut room).await;
///     }
/// }
/// # fn main() {}
/// ```
///
/// Unlike a function, a helper is no unit of its own: it has no name for clients, no journal and no time
/// limit. So it may borrow, be generic, and recurse.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `service = Hotel` | the helper touches tables of `Hotel`, and only its functions may await it; without it a helper touches no tables, and functions of all services may await it |
/// | `read_only` | the helper has no effects, which the compiler checks; `read_only` functions may await it |
///
/// # Limits
///
/// A helper is free-standing and `async`, and it takes and gives no `impl Trait`. What it holds must be
/// `Send`: type parameters say so. A lifetime in the path of a type must be visible: `Ref<'_>`, not `Ref`.
///
/// # Errors
///
/// The same codes as for [`macro@function`]; of those about signatures only `BELDI012`, `BELDI013`,
/// `BELDI015` and `BELDI016`.
#[proc_macro_attribute]
pub fn helper(options: TokenStream, item: TokenStream) -> TokenStream {
    helper::helper(options.into(), &item.into()).into()
}

/// Runs operations at the same time inside of a beldi function, waits for all of them, and gives their
/// results as a tuple.
///
/// ```
/// # use beldi::prelude::*;
/// # beldi::service!(pub Hotel = "hotel");
/// # #[beldi::function(service = Hotel)]
/// # async fn room(night: u32) -> u32 { night }
/// # #[beldi::function(service = Hotel)]
/// # async fn seat(night: u32) -> Result<u32, String> { Ok(night) }
/// #[beldi::function(service = Hotel)]
/// async fn book(night: u32) -> Result<u32, String> {
///     let (room, seat) = beldi::join!(
///         room(night),
///         async {
///             let first = seat(night).await?;
///             seat(first + 1).await
///         },
///     );
///     Ok(room + seat?)
/// }
/// # fn main() {}
/// ```
///
/// A branch is an operation, or an `async` block with several steps; `?` and `return` in a block leave the
/// block. There is no `.await`: `join!` waits by itself. Each branch numbers its own steps, so a replay finds
/// them whichever branch was faster.
///
/// # Errors
///
/// `BELDI022` outside of a function, `BELDI023` for branches of another form. For `tokio::join!` and `select!`
/// in a function see `BELDI006`.
#[proc_macro]
pub fn join(_branches: TokenStream) -> TokenStream {
    body::join_outside().into()
}

/// Runs steps of a beldi function as one transaction: other instances see all of what they write, or nothing, and
/// nothing that they read changes until the end.
///
/// ```
/// # use beldi::prelude::*;
/// # beldi::service!(pub Bank = "bank");
/// # #[derive(Item, Serialize, Deserialize)]
/// # #[beldi(service = Bank, table = "accounts")]
/// # pub struct Account {
/// #     #[beldi(partition_key)]
/// #     name: String,
/// #     cents: u64,
/// # }
/// # #[derive(Serialize, Deserialize)]
/// # pub enum Refused { NoAccount, TooLittle }
/// #[beldi::function(service = Bank)]
/// async fn transfer(from: String, to: String, cents: u64) -> Result<u64, Refused> {
///     let left = beldi::txn! { max_tries = 8, max_wait = "2s" =>
///         let mut from = Account::get(&from).await.ok_or(Refused::NoAccount)?;
///         let mut to = Account::get(&to).await.ok_or(Refused::NoAccount)?;
///         from.cents = from.cents.checked_sub(cents).ok_or(Refused::TooLittle)?;
///         to.cents += cents;
///         let left = from.cents;
///         from.put().await;
///         to.put().await;
///         Ok(left)
///     }?;
///     Ok(left)
/// }
/// # fn main() {}
/// ```
///
/// The body gives a `Result`, which is the value of the whole: `Ok` commits, `Err` rolls everything back. `?` and
/// `return` leave only the body. There is no `.await`: `txn!` waits by itself. A `?` directly behind `txn! { .. }` makes
/// the function's error the body's too.
///
/// What is called in the body takes part in the transaction, whatever service it belongs to. Detached calls are held
/// back until the commit. When two transactions want the same row, one waits, or begins again from the start of its
/// body: so the body may run several times, and of all those runs only the last one counts. What it assigned to
/// variables of the function before is not undone; let the value of the body carry what is to be kept.
///
/// # Options
///
/// They stand in front, and end in `=>`.
///
/// | option | meaning |
/// |---|---|
/// | `max_tries = 8` | how often the body is begun, at least once |
/// | `max_wait = "2s"` | how long a try waits for others, in `ms`, `s` or `m` |
/// | `read_only` | the body has no effects, which the compiler checks; it takes only shared locks |
///
/// # Errors
///
/// `BELDI033` outside of a function, `BELDI034` for a wrong form, `BELDI035` to `BELDI037` for what has no place in
/// the body: external actions, waiting, queries and scans, locks of one's own, another `txn!`, and `break` or `continue`
/// out of it. `BELDI010` in `read_only` code, `BELDI019` to `BELDI021` for options.
#[proc_macro]
pub fn txn(_body: TokenStream) -> TokenStream {
    body::transaction_outside().into()
}

/// Makes an `async fn` a test with a store, a clock and ids of its own, which is run again under crashes and other
/// disturbances.
///
/// ```
/// # use beldi::prelude::*;
/// # beldi::service!(pub Shop = "shop");
/// # #[derive(Item, Serialize, Deserialize)]
/// # #[beldi(service = Shop, table = "stock")]
/// # pub struct Stock {
/// #     #[beldi(partition_key)]
/// #     article: String,
/// #     free: u32,
/// # }
/// #[beldi::function(service = Shop)]
/// async fn sell(article: String) {
///     Stock::update(&article).add(Stock::FREE, -1).await;
/// }
///
/// #[beldi::test(crash = "everywhere", seeds = 20)]
/// async fn sells_one(trial: beldi::testing::Trial) {
///     trial.given([Stock { article: "tea".into(), free: 3 }]).await;
///     trial.call(sell("tea".into())).await.expect("an answer");
///     assert_eq!(trial.row::<Stock>("tea").await.expect("a row").free, 2);
/// }
/// # fn main() {}
/// ```
///
/// The body is ordinary code, and `beldi::testing::Trial` its way to the functions, tables and requests of its world.
/// It is always run undisturbed; then all instances must have ended, no row may be locked, and each handler, run again
/// on what it saw, must do the same. A failure is told with the fewest disturbances that cause it, and with the command
/// that runs exactly these again and prints a trace. It needs the feature `embedded`, as a dev-dependency.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `crash = "everywhere"` | the body is run again for each point before and after each request and invocation, with a crash, a duplicate or a stalled attempt there; results, tables and effects outside must be as undisturbed |
/// | `seeds = 20` | the body is run under 20 random schedules: late, reordered and repeated messages, crashes, stalls; its own assertions must hold |
/// | `seed = 17` | the random schedule of this seed |
/// | `ignore("at", "id")` | attributes and members of these names are left out of the comparison |
///
/// # Errors
///
/// `BELDI038` for another signature, `BELDI012` on what is no function, `BELDI019` to `BELDI021` for options.
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    test::test(options.into(), &item.into()).into()
}

/// Makes a struct the type of the rows of a table.
///
/// ```
/// use beldi::prelude::*;
///
/// beldi::service!(pub Hotel = "hotel");
///
/// #[derive(Item, Serialize, Deserialize)]
/// #[beldi(service = Hotel, table = "rooms")]
/// #[beldi(index(name = "by_city", partition_key = city, sort_key = free))]
/// pub struct Room {
///     #[beldi(partition_key)]
///     pub hotel: String,
///     #[beldi(sort_key)]
///     pub night: u32,
///     pub city: String,
///     #[serde(rename = "vacant")]
///     pub free: u32,
/// }
///
/// assert_eq!(Room::SCHEMA.attributes, ["hotel", "night", "city", "vacant"]);
/// let (_field, _index) = (Room::FREE, Room::BY_CITY);
/// ```
///
/// Each field is an attribute of the row, under the name that serde gives it (`rename`, `rename_all`; a field
/// with `skip` is none). It also becomes a constant, `Room::FREE` for `free`, that conditions and updates name it
/// by, and so does each index. The table may exist already: other attributes of its rows stay as they are.
///
/// # Options
///
/// | on the struct | meaning |
/// |---|---|
/// | `service = Hotel` | the service that owns the table; required |
/// | `table = "rooms"` | the name of the table; required |
/// | `index(name = "by_city", partition_key = city, sort_key = free)` | an index over fields, any number of them; the sort key is optional |
///
/// | on a field | meaning |
/// |---|---|
/// | `partition_key` | the partition key of the table; required on one field |
/// | `sort_key` | the sort key of the table, if it has one |
///
/// # Limits
///
/// A struct with named fields and without generics. A key is a type that serde writes as a string, a number
/// or bytes. Names that begin with `_beldi_` are the protocol's. `flatten` and its like are refused, because they
/// hide the names of attributes; a field with `#[serde(with = "..")]` has no constant, because an update would
/// not use it.
///
/// # Errors
///
/// `BELDI018` to `BELDI021` for options, `BELDI040` for a service of another program, `BELDI025` to `BELDI032` for all
/// else.
#[proc_macro_derive(Item, attributes(beldi))]
pub fn item(item: TokenStream) -> TokenStream {
    item::item(item.into()).into()
}

#[doc = include_str!("remote/remote.md")]
#[proc_macro]
pub fn remote(declarations: TokenStream) -> TokenStream {
    remote::remote(declarations.into()).into()
}

/// Declares a service: the unit that owns tables and has functions.
///
/// ```
/// beldi::service!(
///     /// Rooms and their reservations.
///     pub Hotel = "hotel"
/// );
/// # use beldi::Service;
/// assert_eq!(Hotel::NAME, "hotel");
/// ```
///
/// The type stands for the service in the options of functions and items. Only the functions of a service
/// touch its tables; others call them. The name becomes part of table names, addresses and policies: 1 to 63
/// lower-case letters, digits and hyphens, with a letter first (`BELDI024`).
#[proc_macro]
pub fn service(declaration: TokenStream) -> TokenStream {
    service::service(declaration.into()).into()
}
