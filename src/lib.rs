//! Tower layers and axum extractors that turn whatever credential a client sent into one typed,
//! verified [`Principal`].
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

mod answer;
mod authentication;
mod authenticator;
mod challenge;
pub mod classify;
mod clock;
mod credential;
mod deadline;
pub mod dialect;
#[cfg(feature = "axum")]
mod extract;
mod fingerprint;
mod form;
mod guest;
mod head;
pub mod headers;
mod kind;
mod layer;
mod original;
mod pair;
mod password;
mod path;
mod percent;
mod permission;
pub mod policy;
mod principal;
mod rejection;
mod scope;
mod secret;
mod syntax;
mod table;
#[cfg(feature = "test-util")]
pub mod test_util;
mod trace;
pub mod transport;
pub mod verify;

pub use self::authentication::{Authentication, AuthenticationExt};
pub use self::challenge::{Challenge, InvalidChallenge};
pub use self::clock::{Clock, SystemClock};
pub use self::credential::{Carrier, ClientKind, Credential, CredentialKind, Credentials, Key};
pub use self::dialect::{Dialect, DialectError};
#[cfg(feature = "axum")]
pub use self::extract::Authenticated;
pub use self::fingerprint::{Fingerprint, FingerprintKey};
pub use self::form::{Form, Malformed, Parse, Place};
pub use self::guest::GuestRule;
pub use self::head::Head;
pub use self::kind::RejectionKind;
pub use self::layer::{
    Authenticate, AuthenticateFuture, AuthenticateLayer, BodyMode, FormBody, NoBody, RequestBody, Require,
    RequireFuture, RequireLayer, ResponseBody,
};
pub use self::pair::Pair;
pub use self::password::{Busy, HashError, Passwords};
pub use self::path::InvalidPattern;
pub use self::permission::{InvalidPermission, Operation, Permission, Permissions};
pub use self::policy::{Forbidden, Policy};
pub use self::principal::{
    ApiKey, ApiKeyBuilder, AppAdmin, AppAdminBuilder, AppToken, AppTokenBuilder, BasicUser, BasicUserBuilder,
    Guest, GuestBuilder, OAuthUser, OAuthUserBuilder, OrgAdmin, OrgAdminBuilder, Principal, PrincipalKind,
};
pub use self::rejection::{Rejection, Respond};
pub use self::scope::{InvalidScope, Scopes};
pub use self::secret::Secret;
pub use self::verify::{
    BoxVerifier, Context, DynVerifier, MemoryVerifier, MemoryVerifierBuilder, MemoryVerifierError, Reason,
    Verifier, VerifyError,
};
