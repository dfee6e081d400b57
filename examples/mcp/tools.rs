//! The tools. Each names the policy that its caller has to satisfy.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use rmcp::handler::server::tool::Extension;
use rmcp::{ErrorData, tool, tool_router};
use tower_principal::policy;
use tower_principal::request::RequestHead;
use tower_principal::{AuthenticationExt as _, Policy, Principal, Rejection};

/// The scope of the tool that reads data.
pub(crate) const READ: &str = "datasets:read";

/// The MCP server.
pub(crate) struct Datasets;

#[tool_router(server_handler)]
impl Datasets {
    /// Names the caller.
    #[tool]
    fn who_am_i(&self, Extension(parts): Extension<Parts>) -> Result<String, ErrorData> {
        let who = allowed(&parts, &policy::authenticated())?;
        Ok(who.id().unwrap_or_default().to_owned())
    }

    /// Lists the datasets of the portal.
    #[tool]
    fn list_datasets(&self, Extension(parts): Extension<Parts>) -> Result<String, ErrorData> {
        allowed(&parts, &policy::scope(READ))?;
        Ok("cities, rivers, weather".to_owned())
    }
}

/// Returns the principal of a call if a policy allows it.
fn allowed<'p>(parts: &'p Parts, policy: &impl Policy) -> Result<&'p Principal, ErrorData> {
    let Some(who) = parts.authentication() else {
        return Err(ErrorData::internal_error("the layer is missing", None));
    };
    match policy.check(who.principal(), &RequestHead::from_parts(parts)) {
        Ok(()) => Ok(who.principal()),
        Err(forbidden) => {
            if let Some(refusal) = parts.extensions.get::<Refusal>() {
                _ = refusal.0.set(Rejection::forbidden(who, forbidden));
            }
            Err(ErrorData::invalid_request("this tool is not allowed with this token", None))
        }
    }
}

/// The refusal of a tool. The tool is named in the body, so only the tool itself can refuse its
/// caller.
#[derive(Clone, Default)]
struct Refusal(Arc<OnceLock<Rejection>>);

/// Answers 403 if the tool refused its caller. The layer around it then names the scopes, and the
/// client can ask for a token that has them. The answer of JSON-RPC alone would be 200.
pub(crate) async fn refuse(mut request: Request, next: Next) -> Response {
    let refusal = Refusal::default();
    request.extensions_mut().insert(refusal.clone());
    let answer = next.run(request).await;
    match refusal.0.get() {
        Some(rejection) => rejection.clone().into_response(),
        None => answer,
    }
}
