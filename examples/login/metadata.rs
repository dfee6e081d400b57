//! The metadata of the server (RFC 8414).

use std::net::IpAddr;

use oauth2::url::Url;
use serde::Deserialize;

use crate::error::Error;
use crate::http_client::Http;

/// A URL that tokens may be sent to: of TLS, or of a server on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Address(Url);

pub(crate) struct Metadata {
    /// The issuer as its owner writes it.
    pub(crate) issuer: String,
    pub(crate) authorization: Option<Address>,
    pub(crate) token: Address,
    pub(crate) revocation: Option<Address>,
    /// True if every answer in the browser names the issuer (RFC 9207 section 3).
    pub(crate) names_issuer: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let address = Self(Url::parse(text).ok()?);
        let may_be_used = match address.0.scheme() {
            "https" => true,
            "http" => address.is_this_machine(),
            _ => false,
        };
        let has_user = !address.0.username().is_empty() || address.0.password().is_some();
        (may_be_used && !has_user && address.0.fragment().is_none()).then_some(address)
    }

    /// Returns the address if it is an issuer (RFC 8414 section 2).
    pub(crate) fn issuer(text: &str) -> Result<Self, Error> {
        Self::parse(text).filter(|address| address.0.query().is_none()).ok_or(Error::Issuer)
    }

    pub(crate) fn is_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    pub(crate) fn is_this_machine(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    pub(crate) fn as_url(&self) -> &Url {
        &self.0
    }
}

impl Metadata {
    /// Fetches the metadata of this issuer.
    pub(crate) async fn fetch(http: &Http, issuer: &str, address: &Address) -> Result<Self, Error> {
        let request = http::Request::get(location(address).as_str()).body(Vec::new());
        let request = request.map_err(|_| Error::Issuer)?;
        let answer = http.send(request).await?;
        if answer.status() != 200 {
            return Err(Error::Refused(format!("its metadata has status {}", answer.status().as_u16())));
        }
        // The cause may quote the answer, so it is dropped.
        let document: Document =
            serde_json::from_slice(answer.body()).map_err(|_| Error::Invalid("not metadata"))?;
        // Byte for byte (section 3.3): otherwise a server could pass for another.
        if document.issuer != issuer {
            return Err(Error::OtherIssuer);
        }
        let endpoint = |text: &str| {
            let found = Address::parse(text).filter(|found| address.is_http() || !found.is_http());
            found.ok_or(Error::Invalid("an endpoint in the metadata is not an https URL"))
        };
        Ok(Self {
            authorization: document.authorization_endpoint.as_deref().map(endpoint).transpose()?,
            token: endpoint(&document.token_endpoint)?,
            revocation: document.revocation_endpoint.as_deref().map(endpoint).transpose()?,
            names_issuer: document.authorization_response_iss_parameter_supported,
            issuer: document.issuer,
        })
    }
}

/// Returns the location of the metadata: the well-known part, and then the path of the issuer (RFC
/// 8414 section 3.1).
fn location(issuer: &Address) -> Url {
    let mut url = issuer.0.clone();
    let path = issuer.0.path().trim_end_matches('/');
    url.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
    url
}
