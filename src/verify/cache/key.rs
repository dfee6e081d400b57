//! The keys of stored answers.

use std::io;

use crate::credential::{ClientKind, Credential, Fingerprint, FingerprintKey};
use crate::verify::VerifyContext;

/// One fingerprint key for each kind of credential, so that no kind is looked up as another, and
/// one for principals.
pub(super) struct Keys {
    token: FingerprintKey,
    app: FingerprintKey,
    api_key: FingerprintKey,
    key_pair: FingerprintKey,
    password: FingerprintKey,
    organization: FingerprintKey,
    application: FingerprintKey,
    client: FingerprintKey,
    pub(super) principal: FingerprintKey,
}

impl Keys {
    pub(super) fn random() -> io::Result<Self> {
        let key = FingerprintKey::random;
        Ok(Self {
            token: key()?,
            app: key()?,
            api_key: key()?,
            key_pair: key()?,
            password: key()?,
            organization: key()?,
            application: key()?,
            client: key()?,
            principal: key()?,
        })
    }

    /// Returns the fingerprint of a credential in a context. It covers the tenant, if there is one,
    /// and the credential's parts, each with its length. It covers nothing else of the request.
    #[inline]
    pub(super) fn of(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Fingerprint {
        // No tenant differs from a tenant with an empty name: the latter is a part of length zero.
        let tenant = context.tenant().map(str::as_bytes);
        let one = |key: &FingerprintKey, text: &str| match tenant {
            None => key.of(&[text.as_bytes()]),
            Some(tenant) => key.of(&[tenant, text.as_bytes()]),
        };
        let two = |key: &FingerprintKey, id: &str, secret: &str| match tenant {
            None => key.of(&[id.as_bytes(), secret.as_bytes()]),
            Some(tenant) => key.of(&[tenant, id.as_bytes(), secret.as_bytes()]),
        };
        match credential {
            Credential::AccessToken(token) => one(&self.token, token.expose_secret()),
            Credential::AppToken(token) => one(&self.app, token.expose_secret()),
            Credential::ApiKey(secret) => one(&self.api_key, secret.expose_secret()),
            Credential::KeyPair(pair) => two(&self.key_pair, pair.id(), pair.secret().expose_secret()),
            Credential::Password(pair) => two(&self.password, pair.id(), pair.secret().expose_secret()),
            Credential::Client(kind, pair) => {
                let key = match kind {
                    ClientKind::Organization => &self.organization,
                    ClientKind::Application => &self.application,
                    ClientKind::Other => &self.client,
                };
                two(key, pair.id(), pair.secret().expose_secret())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Pair;
    use crate::credential::Secret;

    #[test]
    fn req_51_kinds_tenants_and_parts_do_not_run_into_each_other() {
        let key = Keys::random().unwrap();
        let secret = Secret::borrowed;
        let pair = |id, text| Pair::new(secret(id), secret(text));
        let all = [
            Credential::AccessToken(secret("a")),
            Credential::AccessToken(secret("a:b")),
            Credential::AppToken(secret("a")),
            Credential::ApiKey(secret("a")),
            Credential::ApiKey(secret("a:b")),
            Credential::KeyPair(pair("a", "b")),
            Credential::KeyPair(pair("", "a")),
            Credential::Password(pair("a", "b")),
            Credential::Password(pair("a", "b:c")),
            Credential::Password(pair("a:b", "c")),
            Credential::Client(ClientKind::Organization, pair("a", "b")),
            Credential::Client(ClientKind::Application, pair("a", "b")),
            Credential::Client(ClientKind::Other, pair("a", "b")),
        ];
        let plain = VerifyContext::default();
        let contexts = [plain.clone(), plain.clone().with_tenant(""), plain.with_tenant("a")];
        let mut keys = Vec::new();
        for credential in &all {
            keys.extend(contexts.iter().map(|context| key.of(credential, context)));
        }
        for (at, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(at + 1).all(|other| one != other), "{at}");
        }
        assert_eq!(Some(&key.of(&all[0].reborrow(), &contexts[0])), keys.first());
    }

    #[test]
    fn req_51_two_caches_have_nothing_in_common() {
        let token = Credential::AccessToken(Secret::borrowed("a"));
        let keys = [Keys::random().unwrap(), Keys::random().unwrap()];
        let [one, other] = keys.map(|key| key.of(&token, &VerifyContext::default()));
        assert_ne!(one, other);
    }
}
