//! What a token is for, from everything in it that names a purpose.

use super::{Check, Denial, Header, Json, Kind, Marks, TokenUse, Value};

/// The purpose of a token: an access token, an identity token, or a kind that no use accepts.
///
/// Issuers name it in the header (`typ`), in claims of several names, and by claims that only one
/// kind of token has. All of them are read, and all of them have to agree.
#[derive(Debug)]
pub(super) struct Purpose {
    typ: Kind,
    /// Whether a claim or the header names an access token.
    names_access: bool,
    /// Whether a claim names an identity token.
    names_identity: bool,
    /// Whether `token_use` is there. Its word is one of those above.
    has_token_use: bool,
    has_nonce: bool,
    /// Whether the token has a hash that binds an identity token to a code or another token.
    has_hash: bool,
    has_scope: bool,
    is_service_account: bool,
}

/// The purpose that one word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Access,
    Identity,
    Refresh,
}

impl Purpose {
    /// Reads the purpose. `words` are further words that name an access token.
    ///
    /// Returns a denial if the token is of a kind that no use accepts: a refresh token, a logout or
    /// event token, a proof, a request or response object, or a kind that is not in the list of words.
    pub(super) fn read<'j>(
        header: &Header,
        claims: &'j Json<'j>,
        words: &[Box<str>],
    ) -> Result<Self, Denial<'j>> {
        let has = |names: &[&str]| names.iter().any(|name| claims.get(name).is_some());
        if has(OTHERS) || (has(&["state"]) && has(RESPONSE)) {
            return Err(Denial::new(Check::Use, "a logout token, an event, a proof or a message"));
        }
        let mut purpose = Self {
            typ: header.kind,
            names_access: header.kind == Kind::AccessToken,
            names_identity: false,
            has_token_use: has(&["token_use"]),
            has_nonce: has(&["nonce"]),
            has_hash: has(HASHES),
            has_scope: has(&["scope", "scp"]),
            is_service_account: has(&["kubernetes.io"]),
        };
        let Json::Object(members) = claims else { return Ok(purpose) };
        for (_, value) in members.iter().filter(|(name, _)| NAMES.iter().any(|known| is_same(name, known))) {
            match Word::of(value, words)? {
                Word::Access => purpose.names_access = true,
                Word::Identity => purpose.names_identity = true,
                Word::Refresh => {
                    let denial = Denial::new(Check::Use, "a refresh token");
                    return Err(denial.received(Value::Any(value)));
                }
            }
        }
        Ok(purpose)
    }

    /// Whether a token of this purpose is what the use accepts.
    pub(super) fn is(&self, wanted: TokenUse) -> bool {
        let Marks { kinds, is_identity, token_use, is_service_account, .. } = wanted.marks();
        kinds.contains(&self.typ)
            && token_use.is_none_or(|needed| needed == self.has_token_use)
            && *is_service_account == self.is_service_account
            && if *is_identity { self.is_identity() } else { self.is_access() }
    }

    fn is_access(&self) -> bool {
        !self.names_identity && !self.has_hash && (self.names_access || !self.has_nonce)
    }

    /// No issuer gives scopes to an identity token, and some mark nothing else.
    fn is_identity(&self) -> bool {
        !self.names_access && (self.names_identity || !self.has_scope)
    }
}

impl Word {
    fn of<'j>(value: &'j Json<'j>, access: &[Box<str>]) -> Result<Self, Denial<'j>> {
        let Some(text) = value.text() else {
            return Err(Denial::new(Check::Use, "a claim of the wrong type names the kind of token"));
        };
        let word = PREFIXES.iter().fold(text, |word, prefix| without(word, prefix));
        let known = WORDS.iter().find(|(_, known)| known.iter().any(|known| is_same(word, known)));
        if let Some((meaning, _)) = known {
            return Ok(*meaning);
        }
        if access.iter().any(|known| known.eq_ignore_ascii_case(text)) {
            return Ok(Self::Access);
        }
        let denial = Denial::new(Check::Use, "an unknown word names the kind of token");
        Err(denial.received(text).setting("access_word"))
    }
}

/// Whether a word has a meaning of its own, so that no setting can give it another.
pub(super) fn is_known(word: &str) -> bool {
    WORDS.iter().any(|(_, known)| known.iter().any(|known| is_same(word, known)))
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

/// Claims that name the kind of token: Keycloak's `typ`, Cognito's `token_use`, `type` of Cloudflare and others,
/// `token_type`, and Descope's `drn`.
const NAMES: &[&str] = &["typ", "type", "tokenuse", "tokentype", "drn"];

const WORDS: &[(Word, &[&str])] = &[
    (Word::Access, &["bearer", "access", "accesstoken", "at+jwt", "app", "ds"]),
    (Word::Identity, &["id", "idtoken", "id+jwt", "identity", "identitytoken"]),
    (Word::Refresh, &["refresh", "refreshtoken", "rt+jwt", "offline", "offlinetoken", "dsr"]),
];

/// A media type (RFC 7515 section 4.1.9), and the names of RFC 8693 section 3.
const PREFIXES: &[&str] = &["application/", "urn:ietf:params:oauth:token-type:"];

/// Hashes in identity tokens (OpenID Connect Core 1.0 section 3.3.2.11).
const HASHES: &[&str] = &["at_hash", "c_hash", "s_hash"];

/// Claims of logout and event tokens (RFC 8417), DPoP proofs (RFC 9449 section 4.2), request objects (RFC 9101),
/// introspection responses (RFC 9701) and software statements (RFC 7591 section 2.3).
const OTHERS: &[&str] =
    &["events", "htm", "htu", "ath", "response_type", "redirect_uri", "token_introspection", "software_id"];

/// Parameters of an authorization response that is a JWT (JARM section 2.1), each beside `state`.
const RESPONSE: &[&str] = &["code", "access_token", "id_token", "error"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_without_regard_to_case_separators_and_prefix() {
        let word = |text: &str| Word::of(&Json::Text(text.into()), &["employee".into()]).ok();
        for text in
            ["Bearer", "BEARER", "access", "access_token", "Access-Token", "app", "application/at+jwt"]
        {
            assert_eq!(word(text), Some(Word::Access), "{text}");
        }
        for text in ["ID", "id_token", "ID-Token", "urn:ietf:params:oauth:token-type:id_token"] {
            assert_eq!(word(text), Some(Word::Identity), "{text}");
        }
        for text in ["refresh", "Offline", "refresh-token", "REFRESH_TOKEN", "application/rt+jwt", "DSR"] {
            assert_eq!(word(text), Some(Word::Refresh), "{text}");
        }
        assert_eq!((word("Employee"), word("org"), word("")), (Some(Word::Access), None, None));
        assert_eq!((word("access "), word("Logout"), word("DPoP")), (None, None, None));
        assert!(Word::of(&Json::Number(1.0), &[]).is_err() && Word::of(&Json::Null, &[]).is_err());
    }
}
