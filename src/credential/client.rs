//! The kinds of clients.

/// The kind of a client, according to the type prefix of Usergrid's client ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientKind {
    /// An organization's client: `b3U6` and 22 more characters.
    Organization,
    /// An application's client: `YXA6` and 22 more characters.
    Application,
    /// An id of another shape. Only the verifier may know the kind of this client.
    Other,
}

impl ClientKind {
    /// The length of every Usergrid client id.
    const ID_LENGTH: usize = 26;

    /// Reads the kind from the type prefix of an id.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::credential::ClientKind;
    ///
    /// assert_eq!(
    ///     ClientKind::from_id("b3U68vghI6FmEeKn9wLoGtzz0A"),
    ///     ClientKind::Organization
    /// );
    /// assert_eq!(
    ///     ClientKind::from_id("YXA68vghI6FmEeKn9wLoGtzz0A"),
    ///     ClientKind::Application
    /// );
    /// assert_eq!(ClientKind::from_id("b3U6-too-short"), ClientKind::Other);
    /// ```
    pub fn from_id(id: &str) -> Self {
        let id = id.as_bytes();
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_');
        // Not `all`: without an early exit the compiler processes 16 bytes at once.
        let fits = |id: &[u8]| id.iter().fold(true, |so_far, byte| so_far & is_base64url(*byte));
        if id.len() != Self::ID_LENGTH || !fits(id) {
            return Self::Other;
        }
        match id {
            [b'b', b'3', b'U', b'6', ..] => Self::Organization,
            [b'Y', b'X', b'A', b'6', ..] => Self::Application,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_reveal_the_kind_of_their_client() {
        for (id, kind) in [
            ("b3U68vghI6FmEeKn9wLoGtzz0A", ClientKind::Organization),
            ("YXA68vghI6FmEeKn9wLoGtzz0A", ClientKind::Application),
            ("YWQ68vghI6FmEeKn9wLoGtzz0A", ClientKind::Other),
            ("b3u68vghI6FmEeKn9wLoGtzz0A", ClientKind::Other),
            ("b3U68vghI6FmEeKn9wLoGtzz0", ClientKind::Other),
            ("b3U68vghI6FmEeKn9wLoGtzz0=", ClientKind::Other),
            ("", ClientKind::Other),
        ] {
            assert_eq!(ClientKind::from_id(id), kind, "{id}");
        }
    }
}
