//! Amazon DynamoDB, through the AWS SDK.
//!
//! Invariant: one request is one call of the SDK, which sends it once. Its own retries are off, because
//! [`Retry`](super::Retry) does them for all stores alike, within one budget. Every single-item write asks for
//! the old item in case its condition fails.
//!
//! Fault model: DynamoDB's. A time-out, a broken connection and an answer of the 5xx kind leave open
//! whether a change took place; every other error means that nothing was changed.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Config, Credentials, Region, SharedHttpClient, StalledStreamProtectionConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use super::{Request, Response, Store, StoreError, StoreFuture};

mod calls;
mod error;
mod schema;
mod values;

/// Far above what DynamoDB takes for any request, and well below the time that an attempt has.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Amazon DynamoDB. Cloning shares the connections.
#[derive(Debug, Clone)]
pub struct DynamoDbStore {
    client: Client,
    /// Whether items expire: DynamoDB's own do, a stand-in's need not.
    expires: bool,
}

impl DynamoDbStore {
    /// DynamoDB as the environment says: region, credentials and endpoint come from the usual chain
    /// (variables, profile, container or instance role).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), beldi_core::store::StoreError> {
    /// use std::sync::Arc;
    /// use beldi_core::store::{DynamoDbStore, Retry, SharedStore};
    ///
    /// let store: SharedStore = Arc::new(Retry::new(Arc::new(DynamoDbStore::from_env().await)));
    /// let rooms = store.describe_table("rooms").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn from_env() -> Self {
        Self::with_config(&sdk_config().await)
    }

    /// DynamoDB as a configuration of the SDK says.
    pub(crate) fn with_config(config: &SdkConfig) -> Self {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(REQUEST_TIMEOUT);
        let config = aws_sdk_dynamodb::config::Builder::from(config).timeout_config(timeouts.build()).build();
        Self::with_client(&Client::from_conf(config))
    }

    /// DynamoDB through a client that the caller has configured. Its retries are switched off here, and
    /// nothing else of it is changed.
    pub fn with_client(client: &Client) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), expires: true }
    }

    /// DynamoDB Local, or another stand-in on this machine, at `url`.
    ///
    /// There are no time-outs: under tokio's paused time they would all strike as soon as the runtime
    /// waits for the network.
    pub fn at_endpoint(url: &str) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(url)
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "beldi"))
            .http_client(https())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self { expires: false, ..Self::with_client(&Client::from_conf(config)) }
    }
}

impl Store for DynamoDbStore {
    fn execute(&self, request: Request) -> StoreFuture<'_> {
        Box::pin(self.call(request))
    }

    fn expires_items(&self) -> bool {
        self.expires
    }
}

impl DynamoDbStore {
    async fn call(&self, request: Request) -> Result<Response, StoreError> {
        let client = &self.client;
        match request {
            Request::Get(request) => calls::get(client, request).await,
            Request::Put(request) => calls::put(client, request).await,
            Request::Update(request) => calls::update(client, request).await,
            Request::Delete(request) => calls::delete(client, request).await,
            Request::Query(request) => calls::query(client, request).await,
            Request::Scan(request) => calls::scan(client, request).await,
            Request::BatchGet(request) => calls::batch_get(client, request).await,
            Request::TransactWrite(request) => calls::transact_write(client, request).await,
            Request::CreateTable(request) => schema::create(client, &request.schema, self.expires).await,
            Request::DescribeTable(request) => Ok(Response::Table(schema::describe(client, &request.table).await?)),
        }
    }
}

/// What the environment says of region, credentials and endpoints.
pub(crate) async fn sdk_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest()).http_client(https()).load().await
}

/// HTTPS on ring, the crypto library that needs no C++ tool chain, and half the build time.
fn https() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
