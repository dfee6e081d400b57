//! Words that name the purpose of a token.

/// The purpose that one word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Word {
    Access,
    Identity,
    Refresh,
}

impl Word {
    /// Returns the purpose that a word names, if it has a known meaning.
    pub(in crate::verify) fn of(text: &str) -> Option<Self> {
        let word = PREFIXES.iter().fold(text, |word, prefix| without(word, prefix));
        let known = WORDS.iter().find(|(_, known)| known.iter().any(|known| is_same(word, known)));
        known.map(|(meaning, _)| *meaning)
    }

    /// Returns true if a claim of this name names the kind of token.
    pub(in crate::verify) fn is_named_by(claim: &str) -> bool {
        NAMES.iter().any(|known| is_same(claim, known))
    }
}

/// Compares without regard to case, `_` and `-`; `plain` is lower case and has neither.
fn is_same(word: &str, plain: &str) -> bool {
    let letters = word.bytes().filter(|byte| !matches!(byte, b'_' | b'-'));
    letters.map(|byte| byte.to_ascii_lowercase()).eq(plain.bytes())
}

fn without<'t>(text: &'t str, prefix: &str) -> &'t str {
    match text.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
        _ => text,
    }
}

/// Claims that name the kind of token: Keycloak's `typ`, Cognito's `token_use`, `type` of
/// Cloudflare and others, `token_type`, and Descope's `drn`.
const NAMES: &[&str] = &["typ", "type", "tokenuse", "tokentype", "drn"];

const WORDS: &[(Word, &[&str])] = &[
    (Word::Access, &["bearer", "access", "accesstoken", "at+jwt", "app", "ds"]),
    (Word::Identity, &["id", "idtoken", "id+jwt", "identity", "identitytoken"]),
    (Word::Refresh, &["refresh", "refreshtoken", "rt+jwt", "offline", "offlinetoken", "dsr"]),
];

/// A media type (RFC 7515 section 4.1.9), and the names of RFC 8693 section 3.
const PREFIXES: &[&str] = &["application/", "urn:ietf:params:oauth:token-type:"];
