//! Response headers for requests that carried a credential.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName, REFERRER_POLICY, VARY};
use http::{HeaderMap, HeaderValue};

use crate::authentication::Authentication;

/// The presence of a credential in a request, and in its query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    Nothing,
    Somewhere,
    InQuery,
}

/// The value of `Vary` if the dialect is unknown.
pub(crate) const DEPENDS_ON: HeaderValue = HeaderValue::from_static("Authorization, X-App-Token");

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl Carried {
    pub(crate) fn by(authentication: &Authentication) -> Self {
        match authentication.credential_source() {
            None => Self::Nothing,
            Some(_) if authentication.is_in_query() => Self::InQuery,
            Some(_) => Self::Somewhere,
        }
    }

    /// Keeps a response out of caches and, after a credential in the query, out of `Referer`
    /// headers.
    ///
    /// HTTP caches protect only the `Authorization` header (RFC 9111 section 3.5). A handler may
    /// relax `no-store` to `private` and set its own referrer policy.
    pub(crate) fn mark(self, headers: &mut HeaderMap, depends_on: &HeaderValue) {
        if self == Self::Nothing {
            return;
        }
        let is_private = headers.keys().any(|name| name == CACHE_CONTROL)
            && headers.get_all(CACHE_CONTROL).iter().all(keeps_private);
        if !is_private {
            headers.insert(CACHE_CONTROL, NO_STORE);
        }
        headers.append(VARY, depends_on.clone());
        if self == Self::InQuery {
            headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
        }
    }
}

fn keeps_private(value: &HeaderValue) -> bool {
    let directives = || value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let says = |wanted: &[u8]| directives().any(|one| one.eq_ignore_ascii_case(wanted));
    let shared = says(b"public") || directives().any(|one| one.to_ascii_lowercase().starts_with(b"s-maxage"));
    !shared && (says(b"private") || says(b"no-store"))
}

/// Returns the `Vary` value for a dialect: `Authorization`, `X-App-Token` and the dialect's other
/// headers. It is leaked once, so that sending it updates no reference count.
pub(crate) fn depends_on<'n>(names: impl Iterator<Item = &'n HeaderName>) -> HeaderValue {
    let others = names.filter(|name| **name != AUTHORIZATION && **name != "x-app-token");
    let others: String = others.map(|name| format!(", {name}")).collect();
    if others.is_empty() {
        return DEPENDS_ON;
    }
    let line = format!("Authorization, X-App-Token{others}");
    HeaderValue::from_maybe_shared(Bytes::from_static(line.leak().as_bytes())).unwrap_or(DEPENDS_ON)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(carried: Carried, said: &[(&'static str, &'static str)]) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in said {
            headers.append(*name, HeaderValue::from_static(value));
        }
        carried.mark(&mut headers, &DEPENDS_ON);
        headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn a_handler_may_relax_to_private_and_no_further() {
        let cache = |said: &'static str| {
            let headers = marked(Carried::Somewhere, &[("cache-control", said)]);
            headers.into_iter().find(|(name, _)| name == "cache-control").unwrap().1
        };
        for (said, sent) in [
            ("private, max-age=60", "private, max-age=60"),
            ("Private", "Private"),
            ("no-store", "no-store"),
            ("public, max-age=60", "no-store"),
            ("private, public, S-MaxAge=600", "no-store"),
            ("max-age=60", "no-store"),
            ("no-cache", "no-store"),
        ] {
            assert_eq!(cache(said), sent, "{said}");
        }
        assert_eq!(marked(Carried::Nothing, &[]), []);
    }

    #[test]
    fn a_query_credential_stays_out_of_referrers() {
        let names = |carried| marked(carried, &[]).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(Carried::Somewhere), ["cache-control", "vary"]);
        assert_eq!(names(Carried::InQuery), ["cache-control", "vary", "referrer-policy"]);
    }
}
