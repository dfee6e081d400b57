//! Tokens in `Sec-WebSocket-Protocol`.

/// The place of a token in `Sec-WebSocket-Protocol`; see
/// [`CredentialForm::websocket_protocol`](super::form::CredentialForm::websocket_protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subprotocol {
    /// The element after this word: `bearer, TOKEN`.
    After(&'static str),
    /// An element that begins with this prefix; the token follows it.
    Prefix(&'static str),
    /// An element that begins with this prefix; the token follows it in base64url without padding
    /// (RFC 4648 section 5), as in Kubernetes' `base64url.bearer.authorization.k8s.io.TOKEN`.
    PrefixBase64Url(&'static str),
}
