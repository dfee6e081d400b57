//! The document of the keys that verify signed tokens (RFC 7517 section 5).

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use serde_json::{Value, json};

use super::Signer;
use crate::fetch::{Fetch, FetchError};

impl Signer {
    /// Returns the document of the published keys: a JWK set of their public parts.
    #[must_use]
    pub fn jwks(&self) -> Bytes {
        let now = self.clock.now();
        let keys = self.read_ring(|ring| ring.published(now, self.kept()));
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk().into()).collect();
        json!({ "keys": keys }).to_string().into()
    }

    /// Returns the response with the document. Caches keep it for 5 minutes, and pages of any
    /// origin may read it, because it is public.
    #[must_use]
    pub fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.jwks());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }
}

/// Answers every request with the published keys, so that a
/// [`Jwks`](crate::verify::Jwks) in the same process needs no connection.
impl Fetch for Signer {
    async fn fetch(&self, _: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        let response = self.response();
        if response.body().len() > limit { Err(FetchError::TooLarge) } else { Ok(response) }
    }
}
