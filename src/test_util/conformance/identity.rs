//! Checks that identities are distinct.

use super::Rule;
use super::checks::Checks;
use crate::credential::Credential;
use crate::principal::{IdentitySource, Principal};
use crate::verify::Verifier;

impl<V: Verifier> Checks<'_, V> {
    pub(super) async fn identities(&mut self) {
        let suite = self.suite;
        let mut keys: Vec<(usize, String)> = Vec::new();
        for (number, credential) in &suite.identities {
            let what = format!("credential {} of kind {}", number + 1, credential.kind());
            let (Some(first), Some(again)) = (self.known(credential).await, self.known(credential).await)
            else {
                self.hold(Rule::GoodIsKnown, false, || format!("{what}, of an identity, is not good"));
                continue;
            };
            let key = first.key().filter(|_| first.id().is_some_and(|id| !id.is_empty()));
            self.hold(Rule::IdentitiesAreApart, key.is_some() && first.key() == again.key(), || {
                format!("{what} has no key, or another one the second time")
            });
            let is_client = suite.clients.iter().any(|client| super::mutation::same(client, credential));
            self.hold(Rule::ClientsAreNoPeople, is_client || !first.is_client(), || {
                format!("{what} makes a client")
            });
            keys.extend(key.map(|key| (*number, key)));
        }
        for (at, (one, key)) in keys.iter().enumerate() {
            for (other, known) in keys.iter().skip(at + 1) {
                self.hold(Rule::IdentitiesAreApart, (one == other) == (key == known), || {
                    format!("the keys of identities {} and {} are to differ if these do", one + 1, other + 1)
                });
            }
        }
        for client in &suite.clients {
            let found = self.known(client).await;
            let holds = found.as_ref().is_some_and(Principal::is_client);
            self.hold(Rule::ClientsAreNoPeople, holds, || {
                format!("a client's credential of kind {} makes no client", client.kind())
            });
        }
        let good = suite.good.iter().map(|(good, _)| good);
        for credential in good.chain(suite.identities.iter().map(|(_, one)| one)) {
            let declared = self.verifier.source();
            let found = self.known(credential).await;
            let holds =
                found.is_none_or(|found| declared == IdentitySource::Several || found.source() == declared);
            self.hold(Rule::SourceIsDeclared, holds, || {
                format!("a credential of kind {} makes a principal of another source", credential.kind())
            });
        }
    }

    async fn known(&self, credential: &Credential<'_>) -> Option<Principal> {
        self.verify(credential, &self.suite.context()).await.ok()?.ok()
    }
}
