//! What a token or a pair means: the last column of a dialect's rows.
//!
//! The constants are written like functions, since that is how a row reads:
//! `Form::query("access_token", classify::access_token)`.

use crate::credential::{ClientKind, Credential, CredentialKind, Key, Presented, Spelling};
use crate::pair::Pair;
use crate::secret::Secret;

/// Says what a token means.
#[derive(Clone, Copy, Debug)]
pub struct TokenClassifier {
    pub(crate) kind: CredentialKind,
    pub(crate) make: for<'r> fn(Secret<'r>) -> Credential<'r>,
}

/// Says what an id and secret mean; the id's shape may decide.
#[derive(Clone, Copy, Debug)]
pub struct PairClassifier {
    shapes: [Option<(IdShape, PairMeaning)>; 2],
    otherwise: PairMeaning,
}

#[derive(Clone, Copy, Debug)]
struct PairMeaning {
    kind: CredentialKind,
    make: for<'r> fn(Pair<'r>) -> Credential<'r>,
}

/// The shape of an id: its length, its alphabet and how it starts.
///
/// # Examples
///
/// ```
/// use tower_principal::classify::{Alphabet, IdShape};
///
/// const KEY: IdShape = IdShape::new(25, Alphabet::LowerAlphanumeric);
/// assert!(KEY.fits("6q8nsfbqnxy2n1mo1aqjjzyr5"));
/// assert!(!KEY.fits("alice@example.org"));
///
/// const LIVE: IdShape = IdShape::new(12, Alphabet::Alphanumeric).starting_with(&["live", "test"]);
/// assert!(LIVE.fits("live12345678") && !LIVE.fits("demo12345678"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct IdShape {
    length: usize,
    alphabet: Alphabet,
    prefixes: &'static [&'static str],
}

/// The characters that an id is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alphabet {
    /// `0-9 a-z`.
    LowerAlphanumeric,
    /// `0-9 A-Z a-z`.
    Alphanumeric,
    /// `0-9 A-Z a-z - _`.
    Base64Url,
    /// `0-9 a-f`.
    LowerHex,
}

/// An OAuth 2.0 access token.
#[allow(non_upper_case_globals, reason = "reads as the function it names")]
pub const access_token: TokenClassifier =
    TokenClassifier { kind: CredentialKind::AccessToken, make: |token| Credential::AccessToken(token) };

/// A token that identifies the calling application.
#[allow(non_upper_case_globals, reason = "reads as the function it names")]
pub const app_token: TokenClassifier =
    TokenClassifier { kind: CredentialKind::AppToken, make: |token| Credential::AppToken(token) };

/// An API key in one piece.
#[allow(non_upper_case_globals, reason = "reads as the function it names")]
pub const api_key: TokenClassifier =
    TokenClassifier { kind: CredentialKind::ApiKey, make: |key| Credential::ApiKey(Key::Whole(key)) };

/// A user name and password.
#[allow(non_upper_case_globals, reason = "reads as the function it names")]
pub const password: PairClassifier = PairClassifier::always(PASSWORD);

/// A client's id and secret; an organization's or an application's by the id ([`ClientKind::of`]).
#[allow(non_upper_case_globals, reason = "reads as the function it names")]
pub const client: PairClassifier = PairClassifier::always(CLIENT);

/// An API key's id and secret.
#[allow(non_upper_case_globals, reason = "reads as the function it names")]
pub const key_pair: PairClassifier = PairClassifier::always(KEY_PAIR);

/// An API key where the id has this shape, else a user name and password (Socrata).
pub const fn key_or_password(key_id: IdShape) -> PairClassifier {
    PairClassifier { shapes: [Some((key_id, KEY_PAIR)), None], otherwise: PASSWORD }
}

/// A client where the id has Usergrid's shape, an API key where it has this one, else a user name
/// and password.
pub const fn client_key_or_password(key_id: IdShape) -> PairClassifier {
    PairClassifier {
        shapes: [Some((IdShape::CLIENT, CLIENT)), Some((key_id, KEY_PAIR))],
        otherwise: PASSWORD,
    }
}

const PASSWORD: PairMeaning =
    PairMeaning { kind: CredentialKind::Password, make: |pair| Credential::Password(pair) };

const CLIENT: PairMeaning = PairMeaning {
    kind: CredentialKind::Client,
    make: |pair| Credential::Client(ClientKind::of(pair.id()), pair),
};

const KEY_PAIR: PairMeaning =
    PairMeaning { kind: CredentialKind::ApiKey, make: |pair| Credential::ApiKey(Key::Halves(pair)) };

impl TokenClassifier {
    /// A meaning of your own. `kind` is what a value is taken for that cannot be genuine (too long,
    /// or with characters no token has), and is the kind of what `make` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::classify::TokenClassifier;
    /// use tower_principal::{Credential, CredentialKind, Key};
    ///
    /// const LICENCE: TokenClassifier =
    ///     TokenClassifier::custom(CredentialKind::ApiKey, |key| Credential::ApiKey(Key::Whole(key)));
    /// ```
    pub const fn custom(kind: CredentialKind, make: for<'r> fn(Secret<'r>) -> Credential<'r>) -> Self {
        Self { kind, make }
    }

    /// What a token stands for; without one, a value that cannot be genuine.
    pub(crate) fn present(self, token: Option<Secret<'_>>, spelling: Spelling) -> Presented<'_> {
        match token {
            Some(token) => Presented::new(spelling, (self.make)(token)),
            None => Presented::impossible(spelling, self.kind),
        }
    }
}

impl PairClassifier {
    const fn always(meaning: PairMeaning) -> Self {
        Self { shapes: [None, None], otherwise: meaning }
    }

    pub(crate) fn classify<'r>(&self, pair: Pair<'r>) -> Credential<'r> {
        let by_shape = self.shapes.iter().flatten().find(|(shape, _)| shape.fits(pair.id()));
        let meaning = by_shape.map_or(self.otherwise, |(_, meaning)| *meaning);
        (meaning.make)(pair)
    }

    /// What a pair is taken for that is too long to be read.
    pub(crate) const fn kind(&self) -> CredentialKind {
        self.otherwise.kind
    }
}

impl IdShape {
    /// Socrata's key ids, by its published samples.
    pub const SOCRATA_KEY: Self = Self::new(25, Alphabet::LowerAlphanumeric);

    /// Usergrid's client ids: a type prefix and a UUID.
    const CLIENT: Self = Self::new(26, Alphabet::Base64Url).starting_with(&["b3U6", "YXA6"]);

    /// Ids of this many characters of an alphabet.
    pub const fn new(length: usize, alphabet: Alphabet) -> Self {
        Self { length, alphabet, prefixes: &[] }
    }

    /// Only those that start with one of these.
    #[must_use]
    pub const fn starting_with(self, prefixes: &'static [&'static str]) -> Self {
        Self { prefixes, ..self }
    }

    /// Whether an id has this shape.
    pub fn fits(&self, id: &str) -> bool {
        id.len() == self.length
            && id.bytes().all(|byte| self.alphabet.has(byte))
            && (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| id.starts_with(prefix)))
    }
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match self {
            Self::LowerAlphanumeric => byte.is_ascii_digit() || byte.is_ascii_lowercase(),
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::LowerHex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(classifier: PairClassifier, id: &str) -> CredentialKind {
        classifier.classify(Pair::new(Secret::borrowed(id), Secret::borrowed("x"))).kind()
    }

    #[test]
    fn the_shape_of_the_id_tells_keys_clients_and_people_apart() {
        let (key, client_id) = ("6q8nsfbqnxy2n1mo1aqjjzyr5", "b3U68vghI6FmEeKn9wLoGtzz0A");
        let socrata = key_or_password(IdShape::SOCRATA_KEY);
        assert_eq!(kind(socrata, key), CredentialKind::ApiKey);
        for person in
            ["alice@example.org", "6Q8nsfbqnxy2n1mo1aqjjzyr5", "6q8nsfbqnxy2n1mo1aqjjzyr55", "", client_id]
        {
            assert_eq!(kind(socrata, person), CredentialKind::Password, "{person}");
        }
        let any = client_key_or_password(IdShape::SOCRATA_KEY);
        assert_eq!(kind(any, client_id), CredentialKind::Client);
        assert_eq!(kind(any, key), CredentialKind::ApiKey);
        assert_eq!(kind(any, "alice@example.org"), CredentialKind::Password);
        assert_eq!(kind(client, "whoever"), CredentialKind::Client);
        assert_eq!(kind(password, key), CredentialKind::Password);
        assert_eq!(kind(key_pair, "whoever"), CredentialKind::ApiKey);
    }

    #[test]
    fn a_client_is_an_organizations_or_an_applications() {
        let made =
            client.classify(Pair::new(Secret::borrowed("YXA68vghI6FmEeKn9wLoGtzz0A"), Secret::borrowed("x")));
        assert!(matches!(made, Credential::Client(ClientKind::Application, _)));
    }
}
