//! The allocations of a request, counted exactly on the thread that serves it.
//!
//! The base is the single insert into empty extensions, for which `http` makes three allocations.
//! Reading alone cannot be observed from outside, so the whole layer is counted, with a verifier
//! that clones a prepared principal.

use std::convert::Infallible;
use std::future::{Future, Ready, poll_fn, ready};
use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use allocation_counter::measure;
use axum::body::Body;
use http::{Request, Response};
use tower::{Layer as _, Service};
use tower_principal::layer::BodyMode;
use tower_principal::{
    AppToken, AuthenticateLayer, BasicUser, Credential, CredentialForm, Dialect, GuestRule, OAuthUser,
    Principal, Verifier, VerifyContext, VerifyError, dialect, dialect::TokenMeaning,
};

use crate::support::*;

/// The three allocations of the first insert into extensions.
const INSERT: u64 = 3;

/// The allocations of the response headers that keep an answer out of caches; the inner answer has
/// no headers yet.
const MARKS: u64 = 2;

/// The allocations of a target without its credentials (goal G17).
const CUT: u64 = 2;

/// The allocations of every request.
const FLOOR: u64 = INSERT + MARKS;

/// Accepts every request and allocates nothing.
#[derive(Clone)]
struct Silent;

impl<B> Service<Request<B>> for Silent {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut task = Task::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut task) {
            return output;
        }
    }
}

/// Accepts two kinds of credentials, with principals that are made before the count starts.
fn prepared() -> impl Verifier {
    let user = Principal::from(OAuthUser::new("otto"));
    let app = Principal::from(AppToken::new("app"));
    says(move |credential| {
        Ok(if let Credential::AppToken(_) = credential { app.clone() } else { user.clone() })
    })
}

/// Returns the number of allocations for serving a request, and the status of the answer. The
/// second request is counted, because the first may fill structures that stay.
fn count<V: Verifier, M>(layer: &AuthenticateLayer<V, M>, request: impl Fn() -> Request<Body>) -> (u64, u16)
where
    M: BodyMode<Body> + Clone,
    M::Body: Send + 'static,
{
    let mut service = layer.layer(Silent);
    let mut serve = || {
        let request = request();
        let mut status = 0;
        let info = measure(|| status = finish(service.call(request)).unwrap().status().as_u16());
        (info.count_total, status)
    };
    serve();
    serve()
}

fn passing(dialect: Dialect, request: impl Fn() -> Request<Body>) -> u64 {
    let (allocations, status) = count(&layer_of(dialect, prepared()), request);
    assert_eq!(status, 200);
    allocations
}

#[test]
fn the_base_is_one_insert_into_empty_extensions() {
    let mut request = get("/", &[]);
    let record = tower_principal::test_util::authentication(BasicUser::new("a"));
    let insert = measure(|| _ = request.extensions_mut().insert(record));
    assert_eq!(insert.count_total, INSERT);
}

/// Goal G1, with the dialect that reads every place.
#[test]
fn reading_a_token_allocates_nothing() {
    let line = |line: String| move || get("/things?limit=10&offset=20", &[("authorization", &line)]);
    for spelling in ["Bearer {}", "bearer   {}", "OAuth {}", "Bearer: {}", "{}", "Apikey {}"] {
        let spelled = spelling.replace("{}", TOKEN);
        assert_eq!(passing(dialect::ANY, line(spelled)), FLOOR, "{spelling}");
    }
    assert_eq!(passing(dialect::ANY, || get("/", &[("x-app-token", APP_TOKEN)])), FLOOR);
    let both = || get("/", &[("authorization", &bearer(TOKEN)), ("x-app-token", APP_TOKEN)]);
    assert_eq!(passing(dialect::ANY, both), FLOOR);
    assert_eq!(passing(dialect::RFC6750, line(bearer(TOKEN))), FLOOR);
}

/// Goal G7: no allocation unless the query is encoded, regardless of its length.
#[test]
fn reading_a_query_allocates_nothing_unless_it_is_encoded() {
    let kept = layer_of(dialect::ANY, prepared()).keep_query_credentials();
    let query = |query: String| {
        let (allocations, status) = count(&kept, || get(&format!("/?{query}"), &[]));
        assert_eq!(status, 200);
        allocations
    };
    let many = (0..200).map(|at| format!("name{at}=value{at}&")).collect::<String>();
    for plain in [
        format!("access_token={TOKEN}"),
        format!("limit=1&access_token={TOKEN}&offset=2"),
        format!("{many}access_token={TOKEN}"),
        format!("$$app_token={APP_TOKEN}"),
        format!("client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}"),
        format!("q=a%20b+c&access_token={TOKEN}"),
    ] {
        assert_eq!(query(plain.clone()), FLOOR, "{plain}");
    }
    for encoded in [
        "access_token=%39kxoTUYvSxnAiMpv008NBqRiqk5xWt".to_owned(),
        format!("%24%24app_token={APP_TOKEN}"),
        format!("access%5Ftoken={TOKEN}"),
    ] {
        assert_eq!(query(encoded.clone()), FLOOR + 1, "{encoded}");
    }
}

/// Goal G17. A query without a credential is not changed.
#[test]
fn cutting_a_credential_out_of_the_target_costs_two_allocations() {
    for query in [format!("access_token={TOKEN}"), format!("limit=1&access_token={TOKEN}&offset=2")] {
        let allocations = passing(dialect::ANY, || get(&format!("/things?{query}"), &[]));
        assert!(allocations <= FLOOR + CUT, "{query} {allocations}");
    }
}

/// Goal G6: bytes that must be wiped cannot be on a stack that moves.
#[test]
fn reading_basic_allocates_once() {
    let long = "x".repeat(3000);
    for (id, secret) in [(USER, PASSWORD), (KEY_ID, KEY_SECRET), ("u", "p"), (USER, &long)] {
        let line = basic(id, secret);
        let allocations = passing(dialect::ANY, || get("/", &[("authorization", &line)]));
        assert_eq!(allocations, FLOOR + 1, "{id}");
    }
}

#[test]
fn the_memory_verifier_answers_without_allocating() {
    let (allocations, status) = count(&layer(dialect::ANY), || authorization(bearer(TOKEN)));
    assert_eq!((allocations, status), (FLOOR, 200));
    let client = format!("/?client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}");
    let usergrid = layer(dialect::USERGRID).keep_query_credentials();
    assert_eq!(count(&usergrid, || get(&client, &[])), (FLOOR, 200));
}

/// Goal G2.
#[test]
fn a_verifier_without_its_type_costs_no_allocation_more() {
    let (allocations, status) =
        count(&layer_of(dialect::ANY, one_of_each_kind().boxed()), || authorization(bearer(TOKEN)));
    assert_eq!((allocations, status), (FLOOR, 200));
}

/// The counts of attempts and of slowed-down clients allocate nothing either.
#[cfg(feature = "throttle")]
#[test]
fn a_throttled_verifier_costs_no_allocation_more() {
    use tower_principal::transport::Peer;
    use tower_principal::verify::{FailureLimit, Throttled};

    let from_peer = |token: &'static str| {
        move || {
            let mut request = authorization(bearer(token));
            request.extensions_mut().insert(Peer(([192, 0, 2, 1], 4711).into()));
            request
        }
    };
    let plain = layer_of(dialect::ANY, one_of_each_kind());
    let limit = FailureLimit::new(1, Duration::from_secs(3_600));
    let throttled = || Throttled::new(one_of_each_kind()).unwrap().by_client(limit);
    assert_eq!(
        count(&layer_of(dialect::ANY, throttled()), from_peer(TOKEN)),
        count(&plain, from_peer(TOKEN))
    );
    let (denied, _) = count(&plain, from_peer(UNKNOWN_TOKEN));
    // The second request is over the limit. Its answer has no challenges, and `Retry-After` takes
    // two allocations.
    let (slowed, status) = count(&layer_of(dialect::ANY, throttled()), from_peer(UNKNOWN_TOKEN));
    assert!(slowed <= denied + 2 && status == 429, "{slowed} {denied} {status}");
}

/// Goal G12: a cache hit costs the same as a look-up in a table.
#[cfg(feature = "cache")]
#[test]
fn a_cached_answer_costs_no_allocation_more() {
    use tower_principal::verify::Cached;

    let later = says_later(|_| Ok(OAuthUser::new("otto").into()));
    let layer = layer_of(dialect::ANY, Cached::new(later).unwrap());
    assert_eq!(count(&layer, || authorization(bearer(TOKEN))), (FLOOR, 200));
}

/// Without a recorder, a counter is only looked up (feature `metrics`), and no event is built.
#[test]
fn counters_and_events_without_a_listener_allocate_nothing() {
    let refused = |request: fn() -> Request<Body>| {
        let layer = layer(dialect::RFC6750);
        let mut service = layer.layer(Silent);
        let mut allocations = || {
            let request = request();
            measure(|| drop(finish(service.call(request)))).count_total
        };
        (0..5).map(|_| allocations()).collect::<Vec<_>>()
    };
    for request in
        [|| get("/", &[]), || authorization(bearer(UNKNOWN_TOKEN)), || authorization(bearer(TOKEN))]
    {
        let counts = refused(request);
        assert!(counts[1..].iter().all(|count| *count == counts[4] && *count <= 6), "{counts:?}");
    }
}

/// Goal G3: one for the request that waits, and one for a verifier without its type.
#[test]
fn a_verifier_that_waits_costs_two_allocations_at_most() {
    struct Waits(Principal);

    impl Verifier for Waits {
        async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
            let mut polled = false;
            poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending })
                .await;
            Ok(self.0.clone())
        }
    }

    let layer = layer_of(dialect::ANY, Waits(OAuthUser::new("otto").into()));
    let (allocations, status) = count(&layer, || authorization(bearer(TOKEN)));
    assert!(allocations <= FLOOR + 1 && status == 200, "{allocations} {status}");
    let layer = layer_of(dialect::ANY, Waits(OAuthUser::new("otto").into()).boxed());
    let (allocations, status) = count(&layer, || authorization(bearer(TOKEN)));
    assert!(allocations <= FLOOR + 2 && status == 200, "{allocations} {status}");
}

/// Goal G9. The answer to a guest also gets a `Vary` header, which is the first header of the inner
/// answer.
#[test]
fn a_guest_costs_the_insert_and_the_mark() {
    let open = || dialect::ANY.guests([GuestRule::everywhere().permissions(&["get:/**"])]);
    assert_eq!(passing(open(), || get("/things?limit=1", &[])), FLOOR);
    assert_eq!(passing(dialect::USERGRID, || get("/acme/sandbox/x?limit=1", &[])), FLOOR);
    assert_eq!(passing(dialect::SOCRATA, || get("/resource/x.json", &[])), FLOOR);
}

/// Goal G8: a form in one frame is read and passed on without an allocation, as a body that is no
/// form.
#[test]
fn a_form_body_costs_no_more_allocations_than_a_token() {
    let layer = layer_of(dialect::OPENDATASOFT, prepared()).with_form_body(64 * 1024, Duration::from_secs(5));
    let whole = || form("/", format!("access_token={TOKEN}&{}", "x".repeat(4000)));
    assert_eq!(count(&layer, whole), (FLOOR, 200));
    assert_eq!(count(&layer, || authorization(bearer(TOKEN))), (FLOOR, 200));
    let json = || {
        let mut request = form("/", "{}");
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        request.headers_mut().insert("authorization", bearer(TOKEN).parse().unwrap());
        request
    };
    assert_eq!(count(&layer, json), (FLOOR, 200));
}

/// Goal G10, with two challenges, for every request.
#[test]
fn a_refusal_costs_six_allocations_at_most() {
    let bearer = CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN);
    let layer = layer(dialect::GEODATAHUB.add_form(bearer));
    let token = "x".repeat(8000);
    for (request, expected) in [
        (get("/", &[]), 401),
        (authorization("Digest x"), 401),
        (authorization(UNKNOWN_TOKEN), 401),
        (authorization(token.clone()), 401),
        (authorization(token + "x".repeat(80_000).as_str()), 401),
        (authorization("Basic ?"), 400),
    ] {
        let twin = || {
            let mut twin = get("/", &[]);
            *twin.headers_mut() = request.headers().clone();
            twin
        };
        let (allocations, status) = count(&layer, twin);
        assert!(allocations <= 6 && status == expected, "{allocations} {status} {:?}", request.headers());
    }
}

/// Goal G13: 18 in total for a JWT that is verified without a cache, including those of the layer.
#[cfg(feature = "jwt")]
#[test]
fn a_jwt_costs_eighteen_allocations_at_most() {
    use tower_principal::test_util::Issuer;
    use tower_principal::verify::Algorithm;

    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let issuer =
            Issuer::with_algorithm("https://issuer.example", algorithm, tower_principal::clock::SystemClock)
                .unwrap();
        let token = issuer.token("otto").audience("a").scope("read write").claim("client_id", "c").sign();
        let verifier = tower_principal::verify::JwtVerifier::builder(issuer.name()).audience("a");
        let layer = layer_of(dialect::RFC6750, verifier.keys(issuer.keys().unwrap()).build().unwrap());
        let (allocations, status) = count(&layer, || authorization(bearer(&token)));
        assert_eq!(status, 200);
        assert!(allocations <= 18, "{algorithm}: {allocations}");
    }
}

/// Goal G5. A protected router's response keeps axum's body, and `Router::layer` boxes it once
/// more.
#[test]
fn an_axum_handler_that_extracts_costs_seven_allocations_and_eight_by_router_layer() {
    use axum::Router;
    use axum::routing::any;
    use tower_principal::extract::protect;

    let serve = |mut router: Router| {
        let mut allocations = || {
            let request = get("/", &[("authorization", &bearer(TOKEN))]);
            let mut status = 0;
            let info = measure(|| status = finish(router.call(request)).unwrap().status().as_u16());
            assert_eq!(status, 200);
            info.count_total
        };
        allocations();
        allocations()
    };
    let authenticate = || layer_of(dialect::RFC6750, prepared());
    let extracting = || Router::new().route("/", any(async |_: Principal| "hello"));
    let plain = serve(Router::new().route("/", any(async || "hello")));
    assert_eq!(serve(protect(extracting(), authenticate()).into_router()) - plain, 7);
    assert_eq!(serve(extracting().layer(authenticate())) - plain, 8);
}
