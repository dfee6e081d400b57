//! Usergrid.

use http::StatusCode;

use super::{
    AccessTokens, Door, Endpoint, Field, Methods, Place, Profile, RefusalBody, Route, STANDARD, Ways,
};
use crate::credential::Carrier;
use crate::grant::{GrantType, Lifetime, TokenShape};
use crate::server::refusal::{RefusalKind, RefusalRow};

/// Usergrid's token endpoints.
///
/// Parameters are in the query, a form or a JSON object, whatever the `Content-Type`. Grant types
/// are `password` and `client_credentials`; there are no refresh tokens. Access tokens last 7 days.
/// A password log-in names no client: the public application `ORG.APP` is its client, and
/// `management` at `/management/token`. A refused log-in is a 400
/// `invalid_grant`, and so are wrong client credentials in the body. In the query or in `Basic`
/// they are a 401.
pub const USERGRID: Profile = Profile {
    name: "usergrid",
    door: Door {
        routes: &[
            Route::new("/management/token", Endpoint::Token, Methods::GetAndPost)
                .implied_client("management"),
            Route::new("/{org}/{app}/token", Endpoint::Token, Methods::GetAndPost)
                .implied_client("{org}.{app}"),
        ],
        places: &[Place::Query, Place::Form, Place::Json],
        any_content_type: true,
        aliases: &[],
        parameters: &["ttl"],
        secret_client_ids: false,
        refusals: &[
            (
                RefusalKind::InvalidClient,
                RefusalRow {
                    error: "auth_invalid_credentials",
                    description: "Unable to authenticate due to invalid client credentials",
                    carrier: Some(Carrier::Authorization),
                    ..UNAUTHENTICATED
                },
            ),
            (RefusalKind::InvalidClient, RefusalRow { carrier: Some(Carrier::Query), ..UNAUTHENTICATED }),
            (RefusalKind::InvalidClient, REFUSED),
            (RefusalKind::MissingParameter, REFUSED),
            (RefusalKind::InvalidGrant, REFUSED),
            (RefusalKind::UnauthorizedClient, REFUSED),
            (RefusalKind::UnsupportedGrantType, REFUSED),
            (RefusalKind::InvalidLifetime, lifetime("ttl must be a number >= 0")),
            (
                RefusalKind::LifetimeTooLong,
                lifetime("Your token age cannot be more than the maximum age of {maximum} milliseconds"),
            ),
        ],
        body: RefusalBody::OAuth,
    },
    ways: Ways {
        grants: &[GrantType::Password, GrantType::ClientCredentials],
        codes: STANDARD.ways.codes,
        access: AccessTokens {
            shape: TokenShape::Usergrid,
            lifetime: Lifetime::seconds(7 * 24 * 3_600),
            jwt: None,
            lifetime_parameter: Some("ttl"),
        },
        refresh: None,
        grant_lifetime: Lifetime::Unlimited,
        answer: &[Field::AccessToken, Field::ExpiresIn, Field::User, Field::Application, Field::Organization],
    },
};

const REFUSED: RefusalRow = RefusalRow {
    status: StatusCode::BAD_REQUEST,
    error: "invalid_grant",
    description: "invalid username or password",
    exception: None,
    carrier: None,
};

/// Wrong client credentials outside the body, which Usergrid refuses before its endpoint.
const UNAUTHENTICATED: RefusalRow = RefusalRow {
    status: StatusCode::UNAUTHORIZED,
    error: "invalid_client",
    description: "Unable to authenticate (OAuth)",
    exception: Some("org.apache.usergrid.rest.exceptions.SecurityException"),
    carrier: None,
};

const fn lifetime(description: &'static str) -> RefusalRow {
    RefusalRow {
        status: StatusCode::BAD_REQUEST,
        error: "illegal_argument",
        description,
        exception: Some("java.lang.IllegalArgumentException"),
        carrier: None,
    }
}
