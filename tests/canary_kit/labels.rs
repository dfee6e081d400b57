//! The labels that the library's metrics may have.

/// The allowed values by label name; `le` and `quantile` belong to the exporter and are numbers.
const FIXED: [(&str, &[&str]); 8] = [
    ("credential", &["none", "access_token", "api_key", "key_pair", "app_token", "client", "password"]),
    ("carrier", &["none", "authorization", "header", "query", "body"]),
    (
        "syntax",
        &[
            "none",
            "basic",
            "bearer",
            "bearer_colon",
            "oauth",
            "apikey",
            "scheme",
            "scheme_colon",
            "bare",
            "header",
            "parameter",
            "parameter_pair",
            "custom",
        ],
    ),
    (
        "outcome",
        &[
            "accepted",
            "guest",
            "missing",
            "unknown_scheme",
            "malformed",
            "ambiguous",
            "denied_token",
            "denied_credentials",
            "denied_app_token",
            "insecure_transport",
            "insufficient_scope",
            "forbidden",
            "too_many_attempts",
            "body_too_large",
            "body_timeout",
            "unavailable",
            "server_error",
            // Outcomes of a revocation.
            "revoked",
            "would_be_revoked",
            "spared_by_fuse",
            "revocation_failed",
            // Of a token request.
            "issued",
            "refreshed",
            "code_replayed",
            "refresh_token_reused",
            "invalid_request",
            "missing_parameter",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
            "invalid_target",
            "invalid_lifetime",
            "lifetime_too_long",
            "method_not_allowed",
            "not_found",
            "insecure_transport",
            // Of a page.
            "logged_in",
            "logged_out",
            "log_in_denied",
            "log_in_required",
            "allowed",
            "disconnected",
            "access_denied",
            "forged",
            "unsupported_response_type",
        ],
    ),
    ("grant_type", &["none", "authorization_code", "refresh_token", "client_credentials", "password"]),
    ("by", &["id", "client"]),
    ("le", &[]),
    ("quantile", &[]),
];

/// Returns the library's samples, each as `name{labels} value`.
pub(crate) fn samples(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("tower_principal_")).collect()
}

/// Returns the labels of the library's metrics that are not in the fixed set.
pub(crate) fn strange(text: &str) -> Vec<String> {
    let labels = samples(text).into_iter().filter_map(|line| line.split_once('{')?.1.rsplit_once('}'));
    let labels = labels.flat_map(|(labels, _)| labels.split("\",").map(|label| label.trim_end_matches('"')));
    labels.filter(|label| !is_fixed(label)).map(str::to_owned).collect()
}

fn is_fixed(label: &str) -> bool {
    let Some((name, value)) = label.split_once("=\"") else { return false };
    let is_number = value == "+Inf" || value.parse::<f64>().is_ok();
    FIXED.iter().any(|(known, values)| {
        name == *known && if values.is_empty() { is_number } else { values.contains(&value) }
    })
}
