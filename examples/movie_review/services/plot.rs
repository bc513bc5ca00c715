//! Plot: what happens in a film.

use beldi::prelude::*;

beldi::service! {
    /// Knows the stories.
    pub Plots = "plot";
}

/// What happens in a film.
#[derive(Item, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[beldi(service = Plots, table = "plots")]
pub struct Plot {
    /// The film's id.
    #[beldi(partition_key)]
    pub film: String,
    /// Its story in a sentence or two.
    pub text: String,
}

/// Takes a plot in.
#[beldi::function(service = Plots)]
pub async fn write(film: String, text: String) {
    Plot { film, text }.put().await;
}

/// The plot of a film, if there is one.
#[beldi::function(service = Plots, read_only)]
pub async fn read(film: String) -> Option<String> {
    Plot::get(&film).await.map(|plot| plot.text)
}
