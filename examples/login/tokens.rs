//! The tokens in an answer of the token endpoint.

use std::fmt;

use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    EndpointNotSet, ExtraTokenFields, RefreshToken, RequestTokenError, StandardRevocableToken,
    StandardTokenResponse, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Error;

/// A client of the `oauth2` crate that also reads the identity token.
pub(crate) type Client<Authorization = EndpointNotSet, Token = EndpointNotSet> = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    Authorization,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    Token,
>;

pub(crate) type Tokens = StandardTokenResponse<Identity, BasicTokenType>;

/// The identity token, if the server issues one.
#[derive(Deserialize, Serialize)]
pub(crate) struct Identity {
    id_token: Option<String>,
}

impl ExtraTokenFields for Identity {}

/// Shows no token.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// Returns the tokens as JSON. Without a new refresh token, the one that was used is still valid.
pub(crate) fn as_json(tokens: &Tokens, used: Option<&RefreshToken>) -> Value {
    let refresh = tokens.refresh_token().or(used);
    let all = [
        ("access_token", Some(tokens.access_token().secret())),
        ("id_token", tokens.extra_fields().id_token.as_ref()),
        ("refresh_token", refresh.map(RefreshToken::secret)),
    ];
    all.into_iter().filter_map(|(name, token)| Some((name.to_owned(), json!(token?)))).collect()
}

/// Returns the error for a request to the token endpoint. It quotes an error code if RFC 6749
/// defines it, and no other part of the answer.
pub(crate) fn failed(error: RequestTokenError<Error, BasicErrorResponse>) -> Error {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(answer) => refused(answer.error()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Error::Invalid("the token endpoint sent neither tokens nor an error")
        }
    }
}

fn refused(error: &BasicErrorResponseType) -> Error {
    match error {
        BasicErrorResponseType::InvalidGrant => Error::InvalidGrant,
        BasicErrorResponseType::Extension(_) => Error::Refused("unknown error code".to_owned()),
        known => Error::Refused(known.as_ref().to_owned()),
    }
}
