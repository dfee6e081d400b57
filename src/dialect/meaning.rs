//! The meaning of a token or a pair: the last column of a dialect's rows.

use crate::credential::{ClientKind, Credential, CredentialKind, Pair, Presented, Secret, Source};

mod make;
mod shape;

pub(crate) use self::make::Make;
pub use self::shape::{Alphabet, IdShape};

/// The meaning of a value that is one token: the kind of credential, and the tokens it reads.
///
/// # Examples
///
/// ```
/// use tower_principal::CredentialForm;
/// use tower_principal::dialect::TokenMeaning;
///
/// const FORM: CredentialForm =
///     CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN);
/// ```
// Meanings are `const` data and not functions, because a row also needs the kind that a value is
// *taken for* when it cannot be read as genuine. For example, an `Authorization: Basic` of 9 KiB is
// a denied password and not a malformed request. Shapes of ids are also data (`IdShape`).
#[derive(Clone, Copy, Debug)]
pub struct TokenMeaning {
    pub(crate) kind: CredentialKind,
    pub(crate) make: Make,
    pub(crate) characters: Characters,
    /// The longest token; `None` for the limit of every credential.
    pub(crate) max_length: Option<usize>,
}

/// The characters that a token may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Characters {
    /// A `b64token` (RFC 6750 section 2.1).
    Token,
    /// A `b64token`, and these characters anywhere in it.
    TokenAnd(&'static str),
    /// Any visible ASCII character.
    Visible,
}

/// The meaning of a value that is an id and a secret; the id's shape may decide.
///
/// # Examples
///
/// ```
/// use tower_principal::CredentialForm;
/// use tower_principal::dialect::{IdShape, PairMeaning};
///
/// const FORM: CredentialForm = CredentialForm::basic(
///     PairMeaning::key_or_password(IdShape::SOCRATA_KEY),
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PairMeaning {
    shapes: [Option<(IdShape, PairKind)>; 2],
    otherwise: PairKind,
    pub(crate) tokens: &'static [TokenPair],
}

/// A pair that is a token in disguise: one half is a fixed word, the other half is the token.
///
/// Clients that can send only `Basic` carry tokens this way. Each convention has to be chosen,
/// because it reserves the word that a user name or password could be; see
/// [`PairMeaning::or_token`].
///
/// # Examples
///
/// ```
/// use tower_principal::dialect::{PairMeaning, TokenMeaning, TokenPair};
/// use tower_principal::{CredentialForm, Dialect, dialect};
///
/// const TOKENS: &[TokenPair] = &[
///     TokenPair::id_is("", TokenMeaning::ACCESS_TOKEN),
///     TokenPair::secret_is("x-oauth-basic", TokenMeaning::ACCESS_TOKEN),
/// ];
/// let dialect = dialect::RFC6750
///     .add_form(CredentialForm::basic(PairMeaning::PASSWORD.or_token(TOKENS)));
/// # assert_eq!(dialect.forms.len(), 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TokenPair {
    pub(crate) word: &'static str,
    pub(crate) id_is_word: bool,
    pub(crate) token: TokenMeaning,
}

/// The kind of a pair whose shape is decided.
#[derive(Clone, Copy, Debug)]
struct PairKind {
    kind: CredentialKind,
    make: for<'r> fn(Pair<'r>) -> Credential<'r>,
}

impl PairKind {
    const PASSWORD: Self = Self { kind: CredentialKind::Password, make: |pair| Credential::Password(pair) };
    const CLIENT: Self = Self {
        kind: CredentialKind::Client,
        make: |pair| Credential::Client(ClientKind::from_id(pair.id()), pair),
    };
    const KEY_PAIR: Self = Self { kind: CredentialKind::KeyPair, make: |pair| Credential::KeyPair(pair) };
}

impl TokenMeaning {
    /// An OAuth 2.0 access token (RFC 6750).
    pub const ACCESS_TOKEN: Self = Self {
        kind: CredentialKind::AccessToken,
        make: Make::AccessToken,
        characters: Characters::Token,
        max_length: None,
    };

    /// A token that identifies the calling application (Socrata).
    pub const APP_TOKEN: Self =
        Self { kind: CredentialKind::AppToken, make: Make::AppToken, ..Self::ACCESS_TOKEN };

    /// An API key of one text (OpenDataSoft).
    pub const API_KEY: Self = Self { kind: CredentialKind::ApiKey, make: Make::ApiKey, ..Self::ACCESS_TOKEN };

    /// A custom meaning. `kind` is the kind of the values that `make` returns. It is also the kind
    /// of a value that cannot be genuine, because it is too long or has characters that no token
    /// has.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::dialect::TokenMeaning;
    /// use tower_principal::credential::CredentialKind;
    /// use tower_principal::Credential;
    ///
    /// const LICENCE: TokenMeaning =
    ///     TokenMeaning::custom(CredentialKind::ApiKey, |key| {
    ///         Credential::ApiKey(key)
    ///     });
    /// ```
    pub const fn custom(kind: CredentialKind, make: for<'r> fn(Secret<'r>) -> Credential<'r>) -> Self {
        Self { kind, make: Make::Custom(make), characters: Characters::Token, max_length: None }
    }

    /// Also accepts tokens that hold these characters, such as `|` or `:`.
    ///
    /// Defaults to no characters: a token is a `b64token` (RFC 6750 section 2.1), and any other
    /// value is denied before the verifier. This option lifts that filter for the characters it
    /// names. They must be visible ASCII other than `,` and `"`, which separate credentials;
    /// otherwise the dialect fails with
    /// [`DialectError::TokenCharacters`](crate::dialect::DialectError::TokenCharacters).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::dialect::TokenMeaning;
    /// use tower_principal::CredentialForm;
    ///
    /// // `Authorization: Bearer 17|uXkq3T1z..`
    /// const FORM: CredentialForm = CredentialForm::scheme(
    ///     "Bearer",
    ///     TokenMeaning::ACCESS_TOKEN.danger_also_allow("|"),
    /// );
    /// ```
    #[must_use]
    pub const fn danger_also_allow(self, characters: &'static str) -> Self {
        Self { characters: Characters::TokenAnd(characters), ..self }
    }

    /// Accepts tokens of up to this many bytes, from 8 KiB to 64 KiB.
    ///
    /// Defaults to 8 KiB: a longer value is denied before the verifier. A higher bound lets each
    /// unauthenticated request make the server read that much. The dialect fails with
    /// [`DialectError::TokenLength`](crate::dialect::DialectError::TokenLength) for another length.
    #[must_use]
    pub const fn danger_max_length(self, bytes: usize) -> Self {
        Self { max_length: Some(bytes), ..self }
    }

    /// Returns the credential of a token; without a token, a value that cannot be genuine.
    pub(crate) fn present<'r>(&self, token: Option<Secret<'r>>, source: Source) -> Presented<'r> {
        match token {
            Some(token) => Presented::new(source, self.make.credential(token)),
            None => Presented::malformed_value(source, self.kind),
        }
    }
}

impl PairMeaning {
    /// A user name and password.
    pub const PASSWORD: Self = Self::always(PairKind::PASSWORD);

    /// A client's id and secret; an organization's or an application's by the id
    /// ([`ClientKind::from_id`]).
    pub const CLIENT: Self = Self::always(PairKind::CLIENT);

    /// An API key of an id and a secret (Socrata).
    pub const KEY_PAIR: Self = Self::always(PairKind::KEY_PAIR);

    /// A key pair if the id has this shape, otherwise a user name and password (Socrata).
    pub const fn key_or_password(key_id: IdShape) -> Self {
        Self { shapes: [Some((key_id, PairKind::KEY_PAIR)), None], ..Self::PASSWORD }
    }

    /// A client if the id has Usergrid's shape, a key pair if it has this shape, otherwise a user
    /// name and password.
    pub const fn client_key_or_password(key_id: IdShape) -> Self {
        let shapes = [Some((IdShape::CLIENT, PairKind::CLIENT)), Some((key_id, PairKind::KEY_PAIR))];
        Self { shapes, ..Self::PASSWORD }
    }

    const fn always(kind: PairKind) -> Self {
        Self { shapes: [None, None], otherwise: kind, tokens: &[] }
    }

    /// Adds pairs that represent a token; the first one that fits decides.
    ///
    /// It applies to [`CredentialForm::basic`](crate::CredentialForm::basic) rows. Defaults to no
    /// pairs: an empty user id is malformed, and every other pair is an id and its secret.
    #[must_use]
    pub const fn or_token(self, tokens: &'static [TokenPair]) -> Self {
        Self { tokens, ..self }
    }

    pub(crate) fn classify<'r>(&self, pair: Pair<'r>) -> Credential<'r> {
        let by_shape = self.shapes.iter().flatten().find(|(shape, _)| shape.fits(pair.id()));
        let kind = by_shape.map_or(self.otherwise, |(_, kind)| *kind);
        (kind.make)(pair)
    }

    /// Returns the kind of a pair that is too long to be read.
    pub(crate) const fn kind(&self) -> CredentialKind {
        self.otherwise.kind
    }
}

impl TokenPair {
    /// `WORD:TOKEN`: the user id is this word. The empty word reads `:TOKEN`.
    pub const fn id_is(word: &'static str, token: TokenMeaning) -> Self {
        Self { word, id_is_word: true, token }
    }

    /// `TOKEN:WORD`: the password is this word. The empty word reads `TOKEN:`.
    pub const fn secret_is(word: &'static str, token: TokenMeaning) -> Self {
        Self { word, id_is_word: false, token }
    }

    /// Returns the token of a pair that has the word in its place.
    pub(crate) fn token_in<'p>(&self, pair: &'p Pair<'_>) -> Option<Secret<'p>> {
        let (word, token) = match self.id_is_word {
            true => (Secret::borrowed(pair.id()), pair.secret()),
            false => (pair.secret(), Secret::borrowed(pair.id())),
        };
        word.ct_eq(&Secret::borrowed(self.word)).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(meaning: PairMeaning, id: &str) -> CredentialKind {
        meaning.classify(Pair::new(Secret::borrowed(id), Secret::borrowed("x"))).kind()
    }

    #[test]
    fn the_shape_of_the_id_distinguishes_keys_clients_and_people() {
        let (key, client_id) = ("6q8nsfbqnxy2n1mo1aqjjzyr5", "b3U68vghI6FmEeKn9wLoGtzz0A");
        let socrata = PairMeaning::key_or_password(IdShape::SOCRATA_KEY);
        assert_eq!(kind(socrata, key), CredentialKind::KeyPair);
        for person in
            ["alice@example.org", "6Q8nsfbqnxy2n1mo1aqjjzyr5", "6q8nsfbqnxy2n1mo1aqjjzyr55", "", client_id]
        {
            assert_eq!(kind(socrata, person), CredentialKind::Password, "{person}");
        }
        let any = PairMeaning::client_key_or_password(IdShape::SOCRATA_KEY);
        assert_eq!(kind(any, client_id), CredentialKind::Client);
        assert_eq!(kind(any, key), CredentialKind::KeyPair);
        assert_eq!(kind(any, "alice@example.org"), CredentialKind::Password);
        assert_eq!(kind(PairMeaning::CLIENT, "any-id"), CredentialKind::Client);
        assert_eq!(kind(PairMeaning::PASSWORD, key), CredentialKind::Password);
        assert_eq!(kind(PairMeaning::KEY_PAIR, "any-id"), CredentialKind::KeyPair);
    }

    #[test]
    fn a_client_is_an_organizations_or_an_applications() {
        let made = PairMeaning::CLIENT
            .classify(Pair::new(Secret::borrowed("YXA68vghI6FmEeKn9wLoGtzz0A"), Secret::borrowed("x")));
        assert!(matches!(made, Credential::Client(ClientKind::Application, _)));
    }
}
