//! Grants and tokens for the checks.

use std::io;
use std::time::Duration;

use crate::credential::Digest;
use crate::grant::{
    CodeProof, GrantId, IssuedRefresh, Lifetime, NewCode, NewGrant, NextRefresh, NextTokens, TokenShape,
};

/// Lifetime of an access token in the checks.
pub(super) const ACCESS: Duration = Duration::from_secs(3_600);
/// Idle time of a refresh token in the checks.
pub(super) const IDLE: Duration = Duration::from_secs(24 * 3_600);
/// Lifetime of a code in the checks.
pub(super) const CODE: Duration = Duration::from_secs(60);
/// Lifetime of a grant in the checks.
pub(super) const WHOLE: Duration = Duration::from_secs(7 * 24 * 3_600);

pub(super) const CLIENT: &str = "conformance";
const REDIRECT: &str = "https://client.example/callback?a=b%20c";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const SHAPE: TokenShape = TokenShape::Alphanumeric(40);

/// Access token and refresh token for one call.
pub(super) struct Tokens {
    pub(super) access: Digest,
    pub(super) refresh: IssuedRefresh,
}

impl Tokens {
    /// Returns the first tokens of a grant.
    pub(super) fn first(id: &GrantId) -> io::Result<Self> {
        Ok(Self { access: SHAPE.access(id, None)?.digest, refresh: SHAPE.refresh(id)? })
    }

    /// Returns the tokens after these.
    pub(super) fn after(&self) -> io::Result<Self> {
        let refresh = SHAPE.successor(&self.refresh.secret)?.ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { access: Digest::random()?, refresh })
    }

    pub(super) fn next(&self) -> NextTokens {
        let refresh = NextRefresh::new(self.refresh.digests, Lifetime::Limited(IDLE));
        NextTokens::new(self.access, Lifetime::Limited(ACCESS)).refresh(refresh)
    }
}

/// A draft of a grant of a user and a session of its own.
pub(super) fn draft() -> io::Result<NewGrant> {
    let id = GrantId::random()?;
    let user = format!("user-{id}");
    let session = format!("session-{id}");
    Ok(NewGrant::new(id, CLIENT)
        .user(user)
        .session(session)
        .scopes(["read", "write"])
        .audience(["https://one.example", "https://two.example"])
        .lifetime(WHOLE))
}

pub(super) fn code(id: &GrantId) -> io::Result<NewCode> {
    let digest = SHAPE.code(id)?.digest;
    Ok(NewCode::new(digest, CODE).redirect_uri(REDIRECT).challenge(CHALLENGE))
}

/// The proof that belongs to [`code`].
pub(super) fn proof() -> CodeProof<'static> {
    let proof = CodeProof::new(CLIENT).redirect_uri(REDIRECT);
    proof.clone().verifier(&crate::credential::Secret::borrowed(VERIFIER)).unwrap_or(proof)
}

/// Proofs that differ from [`proof`] in one part, with the names of the parts.
pub(super) fn wrong_proofs() -> Vec<(&'static str, CodeProof<'static>)> {
    let other = "another-verifier-of-43-characters-or-a-few-more";
    let with = |proof: CodeProof<'static>, verifier: &'static str| {
        proof.clone().verifier(&crate::credential::Secret::borrowed(verifier)).unwrap_or(proof)
    };
    vec![
        ("another client", with(CodeProof::new("other").redirect_uri(REDIRECT), VERIFIER)),
        ("a client in another case", with(CodeProof::new("Conformance").redirect_uri(REDIRECT), VERIFIER)),
        ("no redirect URI", with(CodeProof::new(CLIENT), VERIFIER)),
        (
            "another redirect URI",
            with(CodeProof::new(CLIENT).redirect_uri("https://client.example/"), VERIFIER),
        ),
        ("another verifier", with(CodeProof::new(CLIENT).redirect_uri(REDIRECT), other)),
        ("no verifier", CodeProof::new(CLIENT).redirect_uri(REDIRECT)),
    ]
}
