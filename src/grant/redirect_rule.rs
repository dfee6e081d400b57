//! Rules for redirect URIs.

/// Rule that compares the redirect URI of an authorization request with the registered ones (RFC
/// 6749 section 3.1.2).
///
/// `AuthorizationServer::offer` does not use it and compares byte for byte.
///
/// Whatever the rule, the authorization endpoint shows an error page in place of a redirect if a
/// registered URI is not safe to use:
///
/// * It has a fragment, user information, a space, a backslash, a control character, or a character
///   outside of ASCII.
/// * It is an `http` or `https` URL without a host, such as `https:viewer.example`.
/// * Its query has a name of the answer: `code`, `state`, `error`, `error_description`, `error_uri`
///   or `iss`. The client could read it in place of the answer's.
/// * Its scheme is another one and has no dot, such as `javascript:x` or `myapp:/cb`. Apps use the
///   reverse of a domain name, such as `org.example.app:/cb` (RFC 8252 section 7.1).
///
/// `http` is allowed on every host, because platforms document such URIs. If the host is not a
/// loopback address, the network between browser and host can read the code. Register `https` for
/// such a host.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{Application, RedirectRule};
///
/// let viewer =
///     Application::public("viewer").redirect("https://viewer.example/cb");
/// assert_eq!(viewer.redirect_rule, RedirectRule::Exact);
/// assert_eq!(viewer.redirect_prefixes().redirect_rule, RedirectRule::Prefix);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RedirectRule {
    /// The URI is a registered one, byte for byte. Only the port of a registered `http` URL of
    /// `127.0.0.1` or `[::1]` may differ (RFC 8252 section 7.3), and not that of `localhost`. If
    /// exactly one URI is registered, a request may leave it out.
    #[default]
    Exact,
    /// The URI has the origin of a registered one, and its path starts with the segments of that
    /// one. This rule is weaker, because each page below the registered one can receive codes.
    ///
    /// Both are `https` URLs, written as browsers write them, and the registered one has no query.
    /// `https://viewer.example/app` covers `/app` and `/app/cb?x=1`, and neither `/app.old` nor
    /// `/app/../x`. A path with `//` or an encoded dot, slash, backslash or percent sign is
    /// refused, and so is `;` or an encoded NUL in any part. A request names its URI.
    Prefix,
}
