//! What several fuzz targets need.

use beldi_core::store::Attributes;

/// An item in DynamoDB's own JSON, as `aws dynamodb get-item` prints it.
pub fn item(data: &[u8]) -> Option<Attributes> {
    serde_json::from_slice(data).ok()
}
