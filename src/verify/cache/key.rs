//! What an answer is stored under.

use crate::credential::{Credential, Key};
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::verify::Context;

/// The fingerprint of a credential in a context: of its kind, the tenant, and its parts, each with its
/// length. Nothing else of the request is in it.
#[inline]
pub(super) fn of(key: &FingerprintKey, credential: &Credential<'_>, context: &Context<'_>) -> Fingerprint {
    let tenant = context.tenant();
    // No tenant is not the tenant without a name.
    let tag = |kind: u8| [kind, u8::from(tenant.is_some())];
    let tenant = tenant.unwrap_or_default().as_bytes();
    let one = |kind, text: &str| key.of(&[&tag(kind), tenant, text.as_bytes()]);
    let two = |kind, id: &str, secret: &str| key.of(&[&tag(kind), tenant, id.as_bytes(), secret.as_bytes()]);
    match credential {
        Credential::AccessToken(token) => one(0, token.expose_secret()),
        Credential::AppToken(token) => one(1, token.expose_secret()),
        Credential::ApiKey(Key::Whole(secret)) => one(2, secret.expose_secret()),
        Credential::ApiKey(Key::Halves(pair)) => two(3, pair.id(), pair.secret().expose_secret()),
        Credential::Password(pair) => two(4, pair.id(), pair.secret().expose_secret()),
        Credential::Client(kind, pair) => two(5 + *kind as u8, pair.id(), pair.secret().expose_secret()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::ClientKind;
    use crate::pair::Pair;
    use crate::secret::Secret;

    #[test]
    fn req_51_kinds_tenants_and_parts_do_not_run_into_each_other() {
        let key = FingerprintKey::random().unwrap();
        let secret = Secret::borrowed;
        let pair = |id, text| Pair::new(secret(id), secret(text));
        let all = [
            Credential::AccessToken(secret("a")),
            Credential::AccessToken(secret("a:b")),
            Credential::AppToken(secret("a")),
            Credential::ApiKey(Key::Whole(secret("a"))),
            Credential::ApiKey(Key::Whole(secret("a:b"))),
            Credential::ApiKey(Key::Halves(pair("a", "b"))),
            Credential::ApiKey(Key::Halves(pair("", "a"))),
            Credential::Password(pair("a", "b")),
            Credential::Password(pair("a", "b:c")),
            Credential::Password(pair("a:b", "c")),
            Credential::Client(ClientKind::Organization, pair("a", "b")),
            Credential::Client(ClientKind::Application, pair("a", "b")),
            Credential::Client(ClientKind::Other, pair("a", "b")),
        ];
        let plain = Context::default();
        let contexts = [plain.clone(), plain.clone().with_tenant(""), plain.with_tenant("a")];
        let mut keys = Vec::new();
        for credential in &all {
            keys.extend(contexts.iter().map(|context| of(&key, credential, context)));
        }
        for (at, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(at + 1).all(|other| one != other), "{at}");
        }
        assert_eq!(Some(&of(&key, &all[0].reborrow(), &contexts[0])), keys.first());
    }

    #[test]
    fn req_51_two_caches_have_nothing_in_common() {
        let token = Credential::AccessToken(Secret::borrowed("a"));
        let keys = [FingerprintKey::random().unwrap(), FingerprintKey::random().unwrap()];
        let [one, other] = keys.map(|key| of(&key, &token, &Context::default()));
        assert_ne!(one, other);
    }
}
