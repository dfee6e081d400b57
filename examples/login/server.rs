//! The requests of a log-in, by the `oauth2` crate.

use oauth2::url::{Url, form_urlencoded};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, EndpointSet, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, Scope, TokenUrl,
};

use crate::error::Error;
use crate::flags::Shared;
use crate::http_client::Http;
use crate::metadata::{Address, Metadata};
use crate::tokens::{self, Client, Tokens};

/// An authorization server, as its metadata describes it.
pub(crate) struct Server {
    http: Http,
    metadata: Metadata,
    client: ClientId,
}

/// An authorization request: its URL, and what proves that an answer and a code are its own.
pub(crate) struct Asked {
    pub(crate) url: Url,
    pub(crate) state: CsrfToken,
    pub(crate) proof: Proof,
}

/// What the token endpoint needs besides the code.
pub(crate) struct Proof {
    verifier: PkceCodeVerifier,
    redirect: Option<RedirectUrl>,
}

impl Server {
    /// Fetches the server's metadata.
    pub(crate) async fn find(shared: &Shared) -> Result<Self, Error> {
        let address = Address::issuer(&shared.issuer)?;
        let http = Http::new(&address, shared.ca.as_deref())?;
        let metadata = Metadata::fetch(&http, &shared.issuer, &address).await?;
        Ok(Self { http, metadata, client: ClientId::new(shared.client_id.clone()) })
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Returns an authorization request with a new state and a new PKCE verifier. Without a
    /// redirect URI, the server shows the code on a page.
    pub(crate) fn ask(&self, scopes: &[String], redirect: Option<RedirectUrl>) -> Result<Asked, Error> {
        let endpoint = self.metadata.authorization.as_ref();
        let endpoint = endpoint.ok_or(Error::Invalid("the metadata has no authorization endpoint"))?;
        let client =
            Client::new(self.client.clone()).set_auth_uri(AuthUrl::from_url(endpoint.as_url().clone()));
        let client = match &redirect {
            Some(redirect) => client.set_redirect_uri(redirect.clone()),
            None => client,
        };
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Asked { url, state, proof: Proof { verifier, redirect } })
    }

    /// Redeems a code.
    pub(crate) async fn redeem(&self, code: AuthorizationCode, proof: Proof) -> Result<Tokens, Error> {
        let client = match proof.redirect {
            Some(redirect) => self.at_token_endpoint().set_redirect_uri(redirect),
            None => self.at_token_endpoint(),
        };
        let request = client.exchange_code(code).set_pkce_verifier(proof.verifier);
        request.request_async(&|request| self.http.send(request)).await.map_err(tokens::failed)
    }

    /// Gets new tokens. The server may accept a refresh token only once.
    pub(crate) async fn refresh(&self, token: &RefreshToken) -> Result<Tokens, Error> {
        let client = self.at_token_endpoint();
        let request = client.exchange_refresh_token(token);
        request.request_async(&|request| self.http.send(request)).await.map_err(tokens::failed)
    }

    /// Revokes a refresh token (RFC 7009). The `oauth2` crate has no revocation at a server on this
    /// machine without TLS.
    pub(crate) async fn revoke(&self, token: &RefreshToken) -> Result<(), Error> {
        let endpoint = self.metadata.revocation.as_ref();
        let endpoint = endpoint.ok_or(Error::Invalid("the metadata has no revocation endpoint"))?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token.secret())
            .append_pair("token_type_hint", "refresh_token")
            .append_pair("client_id", &self.client)
            .finish();
        let request = http::Request::post(endpoint.as_url().as_str())
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into_bytes())
            .map_err(|_| Error::Invalid("the revocation endpoint is not a URL"))?;
        match self.http.send(request).await?.status().as_u16() {
            200 => Ok(()),
            status => Err(Error::Refused(format!("status {status}"))),
        }
    }

    fn at_token_endpoint(&self) -> Client<oauth2::EndpointNotSet, EndpointSet> {
        let endpoint = TokenUrl::from_url(self.metadata.token.as_url().clone());
        Client::new(self.client.clone()).set_token_uri(endpoint)
    }
}
