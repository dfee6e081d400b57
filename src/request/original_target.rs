//! The target that the client requested.
//!
//! `Router::nest` strips its prefix from the URI that inner layers see, so decisions by path use
//! the original one. `X-Forwarded-Uri`, `X-Original-URL` and similar headers are never read.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Extensions, Uri};

use super::RequestHead;

/// The target of a request as the server received it, in the request's extensions; see
/// [`OriginalTargetLayer`](crate::layer::OriginalTargetLayer).
#[derive(Clone, Debug)]
pub(crate) struct OriginalTarget(pub(crate) Uri);

impl<'r> RequestHead<'r> {
    /// Returns the path that the client requested, even inside a router that strips a prefix from
    /// [`uri`](Self::uri).
    ///
    /// Returns `None` if the original path is unknown. With the feature `axum` that is the case
    /// inside `Router::nest` if the router did not keep the original URI. Without the feature it is
    /// the case for every request that has not passed an
    /// [`OriginalTargetLayer`](crate::layer::OriginalTargetLayer). The reason is that a router
    /// around this layer may have stripped a prefix.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::request::RequestHead;
    ///
    /// let request = http::Request::get("/datasets").body(()).unwrap();
    /// // With the feature `axum`, a request outside `Router::nest` has its own path.
    /// let path = RequestHead::from_request(&request).original_path();
    /// # #[cfg(feature = "axum")]
    /// assert_eq!(path, Some("/datasets"));
    /// ```
    pub fn original_path(&self) -> Option<&'r str> {
        path(*self)
    }
}

/// Returns the original path, or `None` if it is unknown.
pub(crate) fn path<'r>(head: RequestHead<'r>) -> Option<&'r str> {
    match head.extensions().get::<OriginalTarget>() {
        Some(OriginalTarget(uri)) => Some(uri.path()),
        None => routed::path(head),
    }
}

/// Returns true if an original target is recorded.
pub(crate) fn is_recorded(extensions: &Extensions) -> bool {
    extensions.get::<OriginalTarget>().is_some() || routed::is_recorded(extensions)
}

/// Changes every recorded original target.
pub(crate) fn change<E>(
    extensions: &mut Extensions,
    change: impl Fn(&mut Uri) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(OriginalTarget(uri)) = extensions.get_mut() {
        change(uri)?;
    }
    routed::change(extensions, change)
}

#[cfg(feature = "axum")]
mod routed {
    use axum::extract::{NestedPath, OriginalUri};

    use super::{Extensions, RequestHead, Uri};

    pub(super) fn change<E>(
        extensions: &mut Extensions,
        change: impl Fn(&mut Uri) -> Result<(), E>,
    ) -> Result<(), E> {
        match extensions.get_mut() {
            Some(OriginalUri(uri)) => change(uri),
            None => Ok(()),
        }
    }

    pub(super) fn is_recorded(extensions: &Extensions) -> bool {
        extensions.get::<OriginalUri>().is_some()
    }

    pub(super) fn path<'r>(head: RequestHead<'r>) -> Option<&'r str> {
        match head.extensions().get::<OriginalUri>() {
            Some(OriginalUri(uri)) => Some(uri.path()),
            None if head.extensions().get::<NestedPath>().is_some() => None,
            None => Some(head.uri().path()),
        }
    }
}

/// Without axum, no known router records the original path.
#[cfg(not(feature = "axum"))]
mod routed {
    use std::sync::Once;

    use super::{Extensions, RequestHead, Uri};
    use crate::trace;

    #[allow(clippy::unnecessary_wraps, reason = "the twin with axum may fail")]
    pub(super) fn change<E>(_: &mut Extensions, _: impl Fn(&mut Uri) -> Result<(), E>) -> Result<(), E> {
        Ok(())
    }

    pub(super) const fn is_recorded(_: &Extensions) -> bool {
        false
    }

    pub(super) fn path<'r>(_: RequestHead<'r>) -> Option<&'r str> {
        static LOGGED: Once = Once::new();
        LOGGED.call_once(|| {
            trace::warn!(
                "original path unknown, so no path rule matches: wrap the service in an `OriginalTargetLayer`, or \
                 enable the feature `axum`"
            );
        });
        None
    }
}

/// Replaces the path and query of a URI, and returns the former ones.
///
/// # Errors
///
/// Returns `http::Error` if the two do not fit together. The URI is then empty, and its request
/// must not go on.
pub(crate) fn set_target(uri: &mut Uri, target: String) -> Result<Option<PathAndQuery>, http::Error> {
    let mut parts = std::mem::take(uri).into_parts();
    let target = PathAndQuery::from_maybe_shared(Bytes::from(target))?;
    let former = parts.path_and_query.replace(target);
    *uri = Uri::from_parts(parts)?;
    Ok(former)
}

/// Replaces the path and query of a URI by those of another one, without a copy or a check.
///
/// # Errors
///
/// See [`set_target`].
pub(crate) fn share_target(uri: &mut Uri, other: &Uri) -> Result<(), http::Error> {
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = other.path_and_query().cloned();
    *uri = Uri::from_parts(parts)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_recorded_target_decides_and_is_changed() {
        let mut request = Request::get("/nested?access_token=t").body(()).unwrap();
        let target = OriginalTarget("/v1/nested?access_token=t".parse().unwrap());
        request.extensions_mut().insert(target);
        assert_eq!(RequestHead::from_request(&request).original_path(), Some("/v1/nested"));
        let cut = |uri: &mut Uri| {
            *uri = uri.path().parse()?;
            Ok::<_, http::uri::InvalidUri>(())
        };
        change(request.extensions_mut(), cut).unwrap();
        let recorded = request.extensions().get::<OriginalTarget>().unwrap();
        assert_eq!(recorded.0, "/v1/nested");
        assert!(change(request.extensions_mut(), |_| Err(())).is_err());
    }

    #[test]
    fn only_path_and_query_change() {
        for (before, target, after) in
            [("/a?x=1", "/a", "/a"), ("https://h:1/a%20b?x=1", "/a%20b?y", "https://h:1/a%20b?y")]
        {
            let mut uri: Uri = before.parse().unwrap();
            let former = uri.path_and_query().cloned();
            assert_eq!(set_target(&mut uri, target.to_owned()).unwrap(), former);
            assert_eq!(uri.to_string(), after);
            let mut shared: Uri = before.parse().unwrap();
            share_target(&mut shared, &uri).unwrap();
            assert_eq!(shared, uri);
        }
    }

    #[test]
    fn a_target_that_cannot_be_set_is_an_error_and_not_the_root() {
        for (uri, target) in [("/a?t=1", "no slash"), ("/a?t=1", "/a\u{1}"), ("example.org:443", "/a")] {
            let mut uri: Uri = uri.parse().unwrap();
            assert!(set_target(&mut uri, target.to_owned()).is_err(), "{target}");
        }
        let mut uri: Uri = "https://example.org/a?t=1".parse().unwrap();
        set_target(&mut uri, "/a".to_owned()).unwrap();
        assert_eq!(uri, "https://example.org/a");
    }
}
