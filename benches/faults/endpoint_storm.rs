//! D21 over HTTP: 16 clients refresh at the token endpoint as fast as it answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use tower_principal::grant::{Application, GrantType, code_challenge};
use tower_principal::server::{AuthorizationServer, CodeOffer};
use tower_principal::transport::danger_assume_secure;
use tower_principal::verify::sql::SqlVerifier;
use tower_principal::verify::{FailureLimit, Throttled};
use tower_principal::{Credential, Secret, Verifier as _, VerifyContext};

use crate::harness::report::Report;
use crate::refresh_storm::{CLIENTS, TIME, steps};

const ISSUER: &str = "https://login.example";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Refreshes at the endpoint of a server over this database. The report has the rate, and the
/// answers that were no tokens.
pub(crate) async fn judge(report: &mut Report, name: &str, database: &SqlVerifier) {
    let viewer = Application::public("viewer")
        .grants([GrantType::AuthorizationCode, GrantType::RefreshToken])
        .scopes(["read"]);
    database.store().applications().register(&viewer).await.unwrap();
    // All clients are at one address here.
    let limit = FailureLimit::new(1_000_000, Duration::from_secs(1));
    let guesses = Throttled::new(()).unwrap().by_id(limit).by_client(limit);
    let server = AuthorizationServer::builder(ISSUER, database.store(), danger_assume_secure());
    let server = server.throttle(guesses).build().unwrap();
    let unavailable = Arc::new(AtomicUsize::new(0));
    let rate = steps(|count| refreshing(server.clone(), database.clone(), count, Arc::clone(&unavailable)));
    let rate = rate.await;
    report.note(
        format!("{name}: {CLIENTS} clients refresh at the token endpoint"),
        format!("{rate:.0} a second, {} answered 503", unavailable.load(Ordering::Relaxed)),
    );
}

/// Refreshes repeatedly. At the end the last token is in force and the one before the previous is
/// not.
async fn refreshing(
    server: AuthorizationServer,
    database: SqlVerifier,
    count: Arc<AtomicUsize>,
    unavailable: Arc<AtomicUsize>,
) {
    let until = Instant::now() + TIME;
    let mut access = Vec::new();
    let mut answer = log_in(&server).await;
    while Instant::now() < until {
        access.push(text(&answer, "access_token"));
        let refresh = text(&answer, "refresh_token");
        let form = format!("grant_type=refresh_token&client_id=viewer&refresh_token={refresh}");
        match post(&server, form).await {
            (StatusCode::OK, next) => {
                count.fetch_add(1, Ordering::Relaxed);
                answer = next;
            }
            // The outcome is unknown, so the client logs in again.
            (StatusCode::SERVICE_UNAVAILABLE, _) => {
                unavailable.fetch_add(1, Ordering::Relaxed);
                access.clear();
                answer = log_in(&server).await;
            }
            (status, body) => panic!("{status} {body}"),
        }
    }
    let context = VerifyContext::default();
    let is_live = async |token: &str| {
        database.verify(&Credential::AccessToken(Secret::borrowed(token)), &context).await.is_ok()
    };
    assert!(is_live(&text(&answer, "access_token")).await, "the last token is refused");
    if let [.., older, _] = access.as_slice() {
        assert!(!is_live(older).await, "the token of two renewals ago is accepted");
    }
}

async fn log_in(server: &AuthorizationServer) -> Value {
    loop {
        let challenge = code_challenge(&Secret::borrowed(VERIFIER)).unwrap();
        let Ok(code) = server.offer(CodeOffer::new("viewer", "otto").challenge(challenge)).await else {
            continue;
        };
        let code = code.expose_secret();
        let form =
            format!("grant_type=authorization_code&client_id=viewer&code={code}&code_verifier={VERIFIER}");
        if let (StatusCode::OK, answer) = post(server, form).await {
            return answer;
        }
    }
}

async fn post(server: &AuthorizationServer, form: String) -> (StatusCode, Value) {
    let request = Request::post("/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
    let answer = server.clone().oneshot(request.body(Body::from(form)).unwrap()).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_default().to_owned()
}
