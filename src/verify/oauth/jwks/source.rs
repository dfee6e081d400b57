//! The source of an issuer's keys.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, Request, StatusCode, Uri};
use serde::Deserialize;
use thiserror::Error;

use super::{KeySet, LeftOut};
use crate::fetch::{FetchError, SharedFetch};

/// Fetches an issuer's keys.
pub(in crate::verify::oauth) struct Source {
    pub(in crate::verify::oauth) fetch: SharedFetch,
    pub(in crate::verify::oauth) address: Address,
    /// True if plain `http` is allowed, too.
    pub(in crate::verify::oauth) plain: bool,
}

pub(in crate::verify::oauth) enum Address {
    /// The address of the keys.
    Keys(Uri),
    /// The addresses of the issuer's metadata. The address of the keys in it is kept until it
    /// fails.
    Metadata { issuer: Box<str>, at: Uri, second: Option<Uri>, found: Mutex<Option<Uri>> },
}

/// The keys that an issuer published.
pub(in crate::verify::oauth) struct Published {
    pub(in crate::verify::oauth) keys: KeySet,
    pub(in crate::verify::oauth) left_out: Vec<LeftOut>,
    /// How long they may be used without another fetch, if the answer has this time.
    pub(in crate::verify::oauth) max_age: Option<Duration>,
}

/// The reason if there are no keys.
#[derive(Debug, Error)]
pub(in crate::verify::oauth) enum Unpublished {
    #[error("{0}")]
    Fetch(#[from] FetchError),
    #[error("the response's status is {0}")]
    Status(StatusCode),
    #[error("the response is not a JWK set of at most 100 keys")]
    Keys,
    #[error("the issuer's metadata names another issuer, or no https URL of keys")]
    Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Source {
    pub(in crate::verify::oauth) async fn load(&self) -> Result<Published, Unpublished> {
        match &self.address {
            Address::Keys(at) => self.keys(at).await,
            Address::Metadata { issuer, at, second, found } => {
                let known = found.lock().unwrap_or_else(PoisonError::into_inner).take();
                let keys_at = match known {
                    Some(known) => known,
                    None => self.discover(issuer, at, second.as_ref()).await?,
                };
                let keys = self.keys(&keys_at).await?;
                *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys_at);
                Ok(keys)
            }
        }
    }

    /// Returns true if keys may be fetched from this address.
    pub(in crate::verify::oauth) fn allows(&self, at: &Uri) -> bool {
        let secure = at.scheme_str() == Some("https") || (self.plain && at.scheme_str() == Some("http"));
        secure && at.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    }

    async fn keys(&self, at: &Uri) -> Result<Published, Unpublished> {
        let (headers, body) = self.get(at).await?;
        let (keys, left_out) = KeySet::published(&body).ok_or(Unpublished::Keys)?;
        Ok(Published { keys, left_out, max_age: max_age(&headers) })
    }

    /// Returns the address of the keys, from the issuer's metadata. Asks the second address if the
    /// first answers that no document is there.
    async fn discover(&self, issuer: &str, at: &Uri, second: Option<&Uri>) -> Result<Uri, Unpublished> {
        let (_, body) = match (self.get(at).await, second) {
            (Err(Unpublished::Status(status)), Some(second)) if status.is_client_error() => {
                self.get(second).await?
            }
            (answer, _) => answer?,
        };
        let metadata: Metadata = serde_json::from_slice(&body).map_err(|_| Unpublished::Metadata)?;
        let keys_at = metadata.jwks_uri.parse().ok().filter(|keys_at| self.allows(keys_at));
        keys_at.filter(|_| metadata.issuer == issuer).ok_or(Unpublished::Metadata)
    }

    async fn get(&self, at: &Uri) -> Result<(HeaderMap, Bytes), Unpublished> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = at.clone();
        let accept = http::HeaderValue::from_static("application/json, application/jwk-set+json");
        request.headers_mut().insert(ACCEPT, accept);
        let (parts, body) = (*self.fetch).fetch_dyn(request, ANSWER).await?.into_parts();
        if parts.status != StatusCode::OK {
            return Err(Unpublished::Status(parts.status));
        }
        Ok((parts.headers, body))
    }
}

/// Returns `max-age` of `Cache-Control` (RFC 9111 section 5.2.2.1), or zero if the answer must not
/// be stored.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let ages = lines.flat_map(|line| line.split(',')).filter_map(|directive| {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.strip_prefix("max-age=") {
            Some(seconds) => seconds.trim_matches('"').parse().ok().map(Duration::from_secs),
            None => matches!(&*directive, "no-store" | "no-cache").then_some(Duration::ZERO),
        }
    });
    ages.min()
}

/// The longest answer, in bytes.
const ANSWER: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_age_that_an_answer_names_counts() {
        let age = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            lines.iter().for_each(|line| _ = headers.append(CACHE_CONTROL, line.parse().unwrap()));
            max_age(&headers).map(|age| age.as_secs())
        };
        assert_eq!(age(&[]), None);
        assert_eq!(age(&["public, max-age=120"]), Some(120));
        assert_eq!(age(&["Max-Age=\"60\"", "max-age=90"]), Some(60));
        assert_eq!(age(&["no-store"]), Some(0));
        assert_eq!(age(&["max-age=soon, s-maxage=5"]), None);
    }
}
