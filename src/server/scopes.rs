//! The scopes of a token request.

use super::profile::ScopesAtRefresh;
use super::refusal::{Refusal, RefusalKind};
use super::request::EndpointRequest;
use crate::principal::Scopes;

/// Returns the scopes that a request asks for; `None` if it names none.
pub(super) fn asked(request: &EndpointRequest) -> Result<Option<Scopes>, Refusal> {
    let parsed = request.text("scope").map(str::parse::<Scopes>).transpose();
    let parsed = parsed.map_err(|_| RefusalKind::InvalidScope)?;
    Ok(parsed.filter(|scopes| !scopes.is_empty()))
}

/// Returns the scopes of a new grant: those that were asked for, or all of the application's.
pub(super) fn new(asked: Option<Scopes>, registered: &Scopes) -> Result<Scopes, Refusal> {
    match asked {
        Some(asked) if are_within(&asked, registered) => Ok(asked),
        Some(_) => Err(RefusalKind::InvalidScope.into()),
        None => Ok(registered.clone()),
    }
}

/// Returns the scopes of a token of an existing grant.
///
/// A scope that was removed from the application after the grant is in no new token.
pub(super) fn remaining(
    asked: Option<Scopes>,
    granted: &Scopes,
    registered: &Scopes,
    rule: ScopesAtRefresh,
) -> Result<Scopes, Refusal> {
    let remaining: Scopes = granted.iter().filter(|name| registered.contains(name)).collect();
    let is_whole = |asked: &Scopes| rule == ScopesAtRefresh::Narrow || asked.contains_all(granted);
    match asked {
        Some(asked) if remaining.contains_all(&asked) && is_whole(&asked) => Ok(asked),
        Some(_) => Err(RefusalKind::InvalidScope.into()),
        None if remaining.is_empty() && !granted.is_empty() => Err(RefusalKind::InvalidScope.into()),
        None => Ok(remaining),
    }
}

/// Returns `true` if every one of these scopes is in the other set, also if there are none.
pub(super) fn are_within(scopes: &Scopes, all: &Scopes) -> bool {
    scopes.iter().all(|name| all.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(list: &str) -> Scopes {
        list.parse().unwrap()
    }

    #[test]
    fn req_96_scopes_shrink_and_never_grow() {
        for (asked, granted, registered, expected) in [
            (None, "a b", "a b c", Some("a b")),
            (Some("b"), "a b", "a b c", Some("b")),
            (Some("c"), "a b", "a b c", None),
            (Some("a c"), "a b", "a b c", None),
            // `b` was removed from the application.
            (None, "a b", "a", Some("a")),
            (Some("b"), "a b", "a", None),
            (None, "b", "a", None),
            (None, "", "a", Some("")),
            (Some("a"), "", "a", None),
        ] {
            let remaining =
                remaining(asked.map(scopes), &scopes(granted), &scopes(registered), ScopesAtRefresh::Narrow);
            assert_eq!(remaining.ok().as_ref().map(Scopes::as_str), expected, "{asked:?} {granted}");
        }
        for (asked, expected) in [(Some("a"), None), (Some("b a"), Some("b a")), (None, Some("a b"))] {
            let (granted, rule) = (scopes("a b"), ScopesAtRefresh::Match);
            let remaining = remaining(asked.map(scopes), &granted, &granted, rule);
            assert_eq!(remaining.ok().as_ref().map(Scopes::as_str), expected, "{asked:?}");
        }
    }

    #[test]
    fn req_88_a_scope_beyond_the_registration_is_refused() {
        assert_eq!(new(None, &scopes("a b")).unwrap().as_str(), "a b");
        assert_eq!(new(Some(scopes("b")), &scopes("a b")).unwrap().as_str(), "b");
        assert_eq!(new(Some(scopes("c")), &scopes("a b")).unwrap_err().kind, RefusalKind::InvalidScope);
        assert!(new(Some(scopes("a")), &Scopes::none()).is_err());
        assert!(new(Some(Scopes::none()), &scopes("a b")).unwrap().is_empty());
    }
}
