//! Response headers that keep caches from mixing the answers to different callers.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderName, REFERRER_POLICY, VARY};
use http::{HeaderMap, HeaderValue};

use crate::authentication::Authentication;

/// The presence of a credential in a request, and in its query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    Nothing,
    Somewhere,
    InQuery,
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl Carried {
    #[inline]
    pub(crate) fn by(authentication: &Authentication) -> Self {
        match authentication.credential_source() {
            None => Self::Nothing,
            Some(_) if authentication.is_in_query() => Self::InQuery,
            Some(_) => Self::Somewhere,
        }
    }

    /// Keeps a response out of caches and, after a credential in the query, out of `Referer`
    /// headers. Names the headers that the response depends on, also for a guest, because a
    /// credential would change the answer.
    ///
    /// HTTP caches protect only the `Authorization` header (RFC 9111 section 3.5). A handler may
    /// relax `no-store` to `private` and set its own referrer policy.
    pub(crate) fn mark(self, headers: &mut HeaderMap, depends_on: Option<&HeaderValue>) {
        // Each line is added before an earlier one is looked for, because most responses have none.
        if self != Self::Nothing && headers.append(CACHE_CONTROL, NO_STORE) {
            relax_to_private(headers);
        }
        if let Some(names) = depends_on
            && headers.append(VARY, names.clone())
        {
            merge_names(headers);
        }
        if self == Self::InQuery && headers.append(REFERRER_POLICY, HeaderValue::from_static("no-referrer")) {
            keep_own_policy(headers);
        }
    }
}

/// Leaves the handler's lines of `Cache-Control` if all of them keep the response private, and
/// otherwise only the line that was added last.
#[cold]
fn relax_to_private(headers: &mut HeaderMap) {
    let (own, added) = take_lines(headers, &CACHE_CONTROL);
    let kept = if own.iter().all(keeps_private) { own } else { added.into_iter().collect() };
    kept.into_iter().for_each(|line| _ = headers.append(CACHE_CONTROL, line));
}

/// Leaves only the handler's lines of `Referrer-Policy`.
#[cold]
fn keep_own_policy(headers: &mut HeaderMap) {
    let (own, _) = take_lines(headers, &REFERRER_POLICY);
    own.into_iter().for_each(|line| _ = headers.append(REFERRER_POLICY, line));
}

/// Removes all lines of a header, and returns the last one by itself.
fn take_lines(headers: &mut HeaderMap, name: &HeaderName) -> (Vec<HeaderValue>, Option<HeaderValue>) {
    let mut own: Vec<_> = headers.get_all(name).iter().cloned().collect();
    headers.remove(name);
    let added = own.pop();
    (own, added)
}

/// Leaves the handler's lines of `Vary`, and of the line that was added last the names that they do
/// not have. `*` stands for all names (RFC 9110 section 12.5.5).
#[cold]
fn merge_names(headers: &mut HeaderMap) {
    let (own, added) = take_lines(headers, &VARY);
    let has = |name: &[u8]| own.iter().flat_map(names_of).any(|held| held.eq_ignore_ascii_case(name));
    let added = added.iter().flat_map(names_of);
    let missing: Vec<&[u8]> = added.filter(|name| !has(name) && !has(b"*")).collect();
    let line = HeaderValue::from_bytes(&missing.join(&b", "[..])).ok().filter(|line| !line.is_empty());
    own.into_iter().chain(line).for_each(|line| _ = headers.append(VARY, line));
}

fn names_of(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn keeps_private(value: &HeaderValue) -> bool {
    let directives = || value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let has = |wanted: &[u8]| directives().any(|one| one.eq_ignore_ascii_case(wanted));
    let shared = has(b"public") || directives().any(|one| one.to_ascii_lowercase().starts_with(b"s-maxage"));
    !shared && (has(b"private") || has(b"no-store"))
}

/// Returns the `Vary` value of a dialect: the headers that it reads. Returns `None` if it reads
/// none, because caches always distinguish queries. The value is leaked once, so that sending it
/// updates no reference count.
pub(crate) fn depends_on<'n>(names: impl Iterator<Item = &'n HeaderName>) -> Option<HeaderValue> {
    let names: Vec<&str> = names.map(HeaderName::as_str).collect();
    let line = names.join(", ");
    if line.is_empty() {
        return None;
    }
    HeaderValue::from_maybe_shared(Bytes::from_static(line.leak().as_bytes())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: HeaderValue = HeaderValue::from_static("authorization, x-app-token");

    fn marked(carried: Carried, said: &[(&'static str, &'static str)]) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in said {
            headers.append(*name, HeaderValue::from_static(value));
        }
        carried.mark(&mut headers, Some(&NAMES));
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
        for (said, sent) in [
            (["private", "max-age=60"], vec!["no-store"]),
            (["private", "no-store"], vec!["private", "no-store"]),
        ] {
            let headers = marked(Carried::InQuery, &said.map(|line| ("cache-control", line)));
            let lines = headers.into_iter().filter(|(name, _)| name == "cache-control");
            assert_eq!(lines.map(|(_, line)| line).collect::<Vec<_>>(), sent, "{said:?}");
        }
    }

    #[test]
    fn a_guests_answer_may_be_cached_and_depends_on_the_headers_that_a_credential_would_have() {
        let vary = |line: &str| vec![("vary".to_owned(), line.to_owned())];
        assert_eq!(marked(Carried::Nothing, &[]), vary("authorization, x-app-token"));
        let public = marked(Carried::Nothing, &[("cache-control", "public")]);
        assert!(public.contains(&("cache-control".to_owned(), "public".to_owned())), "{public:?}");
    }

    #[test]
    fn a_vary_of_the_handlers_is_merged_without_repeating_a_name() {
        for (said, expected) in [
            (vec!["accept"], vec!["accept", "authorization, x-app-token"]),
            (vec!["Accept, Authorization"], vec!["Accept, Authorization", "x-app-token"]),
            (vec!["accept", "X-App-Token"], vec!["accept", "X-App-Token", "authorization"]),
            (vec!["x-app-token ,\tAUTHORIZATION"], vec!["x-app-token ,\tAUTHORIZATION"]),
            (vec!["*"], vec!["*"]),
            (vec!["accept, *"], vec!["accept, *"]),
            (vec!["accept", "*"], vec!["accept", "*"]),
            (vec![""], vec!["", "authorization, x-app-token"]),
        ] {
            for carried in [Carried::Nothing, Carried::Somewhere, Carried::InQuery] {
                let lines: Vec<_> = said.iter().map(|line| ("vary", *line)).collect();
                let sent = marked(carried, &lines).into_iter().filter(|(name, _)| name == "vary");
                assert_eq!(sent.map(|(_, line)| line).collect::<Vec<_>>(), expected, "{said:?}");
            }
        }
    }

    #[test]
    fn a_dialect_that_reads_no_header_has_no_vary() {
        assert_eq!(depends_on([].into_iter()), None);
        assert_eq!(depends_on([VARY, CACHE_CONTROL].iter()).unwrap(), "vary, cache-control");
        let mut headers = HeaderMap::new();
        Carried::Somewhere.mark(&mut headers, None);
        assert_eq!((headers.len(), headers.get(VARY)), (1, None));
    }

    #[test]
    fn a_query_credential_stays_out_of_referrers() {
        let names = |carried| marked(carried, &[]).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(Carried::Nothing), ["vary"]);
        assert_eq!(names(Carried::Somewhere), ["cache-control", "vary"]);
        assert_eq!(names(Carried::InQuery), ["cache-control", "vary", "referrer-policy"]);
    }

    #[test]
    fn a_referrer_policy_of_the_handlers_stays_as_it_is() {
        for own in [&["origin"][..], &["no-referrer", "same-origin"]] {
            let said: Vec<_> = own.iter().map(|line| ("referrer-policy", *line)).collect();
            let sent = marked(Carried::InQuery, &said).into_iter();
            let sent = sent.filter(|(name, _)| name == "referrer-policy").map(|(_, line)| line);
            assert_eq!(sent.collect::<Vec<_>>(), own);
        }
    }
}
