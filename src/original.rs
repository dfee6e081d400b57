//! The target a client really asked for.
//!
//! `Router::nest` strips its prefix from the URI that inner layers see, so a decision by path has to
//! look at the original one. `X-Forwarded-Uri`, `X-Original-URL` and their like are never read.

use http::{Extensions, Uri};

use crate::head::Head;

impl<'r> Head<'r> {
    /// The path that the client asked for, also inside `Router::nest`, which strips its prefix from
    /// [`uri`](Self::uri); `None` where a router stripped it and did not keep the original.
    pub fn original_path(&self) -> Option<&'r str> {
        path(*self)
    }
}

/// The original path; `None` where a router stripped it and did not keep the original.
pub(crate) fn path<'r>(head: Head<'r>) -> Option<&'r str> {
    routed::path(head)
}

/// Changes the recorded original target, where there is one.
pub(crate) fn change(extensions: &mut Extensions, change: impl FnOnce(&mut Uri)) {
    routed::change(extensions, change);
}

#[cfg(feature = "axum")]
mod routed {
    use axum::extract::{NestedPath, OriginalUri};

    use super::{Extensions, Head, Uri};

    pub(super) fn change(extensions: &mut Extensions, change: impl FnOnce(&mut Uri)) {
        if let Some(OriginalUri(uri)) = extensions.get_mut() {
            change(uri);
        }
    }

    pub(super) fn path<'r>(head: Head<'r>) -> Option<&'r str> {
        match head.extensions().get::<OriginalUri>() {
            Some(OriginalUri(uri)) => Some(uri.path()),
            None if head.extensions().get::<NestedPath>().is_some() => None,
            None => Some(head.uri().path()),
        }
    }
}

/// Without axum nothing records the original path: guest rules want the layer outermost.
#[cfg(not(feature = "axum"))]
mod routed {
    use super::{Extensions, Head, Uri};

    pub(super) fn change(_: &mut Extensions, _: impl FnOnce(&mut Uri)) {}

    #[allow(clippy::unnecessary_wraps, reason = "the twin with axum may find none")]
    pub(super) fn path<'r>(head: Head<'r>) -> Option<&'r str> {
        Some(head.uri().path())
    }
}
