//! The purpose of a token, from everything in it that names one.

use super::{Check, Denial, Header, Json, Kind, Marks, TokenUse, Value, Word};

/// The purpose of a token: an access token, an identity token, or a kind that no use accepts.
///
/// Issuers name it in the header (`typ`), in claims of several names, and by claims that only one
/// kind of token has. All of them are read, and all of them must agree.
#[derive(Debug)]
pub(super) struct Purpose {
    typ: Kind,
    /// True if a claim or the header names an access token.
    names_access: bool,
    /// True if a claim names an identity token.
    names_identity: bool,
    /// True if `token_use` is present. Its word is one of those above.
    has_token_use: bool,
    has_nonce: bool,
    /// True if the token has a hash that binds an identity token to a code or another token.
    has_hash: bool,
    has_scope: bool,
    is_service_account: bool,
}

// Everything that names a JWT's purpose is read together. If a token is of a kind that no use
// accepts, it is refused.
impl Purpose {
    /// Reads the purpose. `words` are further words that name an access token.
    ///
    /// Returns a denial if no use accepts this kind of token. It is a refresh token, a logout or
    /// event token, a proof, a request or response object, or an unknown kind.
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
        for (_, value) in members.iter().filter(|(name, _)| Word::is_named_by(name)) {
            match word(value, words)? {
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

    /// Returns true if the use accepts a token of this purpose.
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

/// Returns the purpose that a claim names. `access` has further words for access tokens.
fn word<'j>(value: &'j Json<'j>, access: &[Box<str>]) -> Result<Word, Denial<'j>> {
    let Some(text) = value.text() else {
        return Err(Denial::new(Check::Use, "the claim that names the kind of token has the wrong type"));
    };
    let is_added = || access.iter().any(|known| known.eq_ignore_ascii_case(text));
    Word::of(text).or_else(|| is_added().then_some(Word::Access)).ok_or_else(|| {
        let denial = Denial::new(Check::Use, "an unknown kind of token");
        denial.received(text).setting("access_word")
    })
}

/// Hashes in identity tokens (OpenID Connect Core 1.0 section 3.3.2.11).
const HASHES: &[&str] = &["at_hash", "c_hash", "s_hash"];

/// Claims of tokens and objects for other uses: logout and event tokens (RFC 8417), DPoP proofs
/// (RFC 9449 section 4.2), request objects (RFC 9101), introspection responses (RFC 9701) and
/// software statements (RFC 7591 section 2.3).
const OTHERS: &[&str] =
    &["events", "htm", "htu", "ath", "response_type", "redirect_uri", "token_introspection", "software_id"];

/// Parameters of an authorization response that is a JWT (JARM section 2.1), each beside `state`.
const RESPONSE: &[&str] = &["code", "access_token", "id_token", "error"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_without_regard_to_case_separators_and_prefix() {
        let word = |text: &str| super::word(&Json::Text(text.into()), &["employee".into()]).ok();
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
        assert!(super::word(&Json::Number(1.0), &[]).is_err() && super::word(&Json::Null, &[]).is_err());
    }
}
