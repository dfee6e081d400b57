//! The place of a token in a head, which outlives the borrow of its text.

use http::header::AUTHORIZATION;

use crate::credential::{Carrier, Credential, CredentialKind, Credentials, Presented, Secret, Source};
use crate::request::RequestHead;

/// The place of a token in the `Authorization` header of a head that has no other credential.
// A verifier that waits has a future that owns the request, and the credentials that were read
// borrow from the request. Finding a token at its place costs a quarter of reading the head again.
// The place is the address of the text, which does not move with the request: a header's text is on
// the heap. If it is not within the header any more, the head has to be read again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenPlace {
    source: Source,
    kind: CredentialKind,
    address: usize,
    length: usize,
}

impl TokenPlace {
    /// Returns the place of the only credential of a head. Returns `None` if there are two, or if
    /// the credential is not part of the `Authorization` header as it stands there.
    pub(crate) fn of(credentials: &Credentials<'_>) -> Option<Self> {
        let (Some(presented), None) = (credentials.presented_subject(), credentials.presented_app()) else {
            return None;
        };
        let Presented {
            source, kind, credential: Some(credential), outranked: None, cross_site: false, ..
        } = presented
        else {
            return None;
        };
        let (Credential::AccessToken(secret) | Credential::ApiKey(secret)) = credential else { return None };
        let token = secret.ascii().filter(|_| source.carrier() == Carrier::Authorization)?;
        Some(Self { source: *source, kind: *kind, address: token.as_ptr().addr(), length: token.len() })
    }

    /// Reads the same credential of the same head into its final place. Returns `false` if it is
    /// not there any more.
    pub(crate) fn read_into<'r>(self, credentials: &mut Credentials<'r>, head: RequestHead<'r>) -> bool {
        let Some(token) = self.text(head) else { return false };
        let secret = Secret::of_ascii(token);
        let credential = match self.kind {
            CredentialKind::AccessToken => Credential::AccessToken(secret),
            CredentialKind::ApiKey => Credential::ApiKey(secret),
            _ => return false,
        };
        credentials.set_first(credential, self.source, 0)
    }

    fn text<'r>(self, head: RequestHead<'r>) -> Option<&'r [u8]> {
        // Comparing names costs less than a look-up.
        let (_, line) = head.headers().iter().find(|(name, _)| **name == AUTHORIZATION)?;
        let line = line.as_bytes();
        line.get(self.address.checked_sub(line.as_ptr().addr())?..)?.get(..self.length)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::super::Table;
    use super::*;
    use crate::dialect;

    fn request(line: &str) -> Request<()> {
        Request::get("/").header("authorization", line).body(()).unwrap()
    }

    /// Returns the place of the credential in a request, and its text if it is found there again.
    fn found_again(request: Request<()>) -> (Option<TokenPlace>, Option<String>) {
        let table = Table::compile(&dialect::ANY).unwrap();
        let place = TokenPlace::of(&table.read(RequestHead::from_request(&request)).unwrap());
        let moved = Box::new(request);
        let mut credentials = Credentials::default();
        let is_there =
            place.is_some_and(|place| place.read_into(&mut credentials, RequestHead::from_request(&moved)));
        assert_eq!(is_there, !credentials.is_empty());
        let text = credentials.subject().map(|subject| subject.with_secret(str::to_owned));
        (place, text)
    }

    #[test]
    fn a_token_is_found_again_after_its_request_has_moved() {
        for start in ["Bearer ", "bearer   ", "OAuth ", "Bearer: ", "", "Apikey "] {
            let line = format!("{start}9kxoTUYvSxnAiMpv008NBqRiqk5xWt");
            let (place, text) = found_again(request(&line));
            assert_eq!(text.as_deref(), line.get(start.len()..), "{line}");
            let table = Table::compile(&dialect::ANY).unwrap();
            let request = request(&line);
            let read = table.read(RequestHead::from_request(&request)).unwrap();
            let presented = read.presented_subject().unwrap();
            assert_eq!(
                place.map(|place| (place.source, place.kind)),
                Some((presented.source, presented.kind))
            );
        }
    }

    #[test]
    fn a_credential_elsewhere_or_beside_another_has_no_place() {
        let with = |name: &str, value: &str| Request::get("/").header(name, value);
        for request in [
            with("authorization", "Basic dTpw").body(()).unwrap(),
            with("x-app-token", "abc").body(()).unwrap(),
            with("x-app-token", "abc").header("authorization", "Bearer abc").body(()).unwrap(),
            Request::get("/?access_token=abc").body(()).unwrap(),
        ] {
            assert!(found_again(request).0.is_none());
        }
    }

    #[test]
    fn a_token_of_another_head_is_not_found() {
        let table = Table::compile(&dialect::ANY).unwrap();
        let (one, other, empty) = (request("Bearer abc"), request("Bearer xyz"), Request::new(()));
        let place = TokenPlace::of(&table.read(RequestHead::from_request(&one)).unwrap()).unwrap();
        let mut credentials = Credentials::default();
        assert!(!place.read_into(&mut credentials, RequestHead::from_request(&other)));
        assert!(!place.read_into(&mut credentials, RequestHead::from_request(&empty)));
        assert!(credentials.is_empty());
    }
}
