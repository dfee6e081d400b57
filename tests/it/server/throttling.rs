//! Guesses are throttled for each client and for each address (REQ-104).

use std::net::SocketAddr;

use tower_principal::grant::{Ending, Lifetime};
use tower_principal::server::profile::STANDARD;
use tower_principal::server::{Profile, Ways};
use tower_principal::transport::Peer;

use super::*;

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.7";
const HOUR: Duration = Duration::from_secs(3_600);

/// Allows three failures of a client at an address, and six of an address.
fn strict(builder: AuthorizationServerBuilder) -> AuthorizationServerBuilder {
    let guesses =
        Throttled::new(()).unwrap().by_id(FailureLimit::new(3, HOUR)).by_client(FailureLimit::new(6, HOUR));
    builder.throttle(guesses)
}

async fn from(kit: &Kit, address: &str, parameters: &[(&str, &str)]) -> Reply {
    let mut request = form(TOKEN_PATH, encoded(parameters));
    request.extensions_mut().insert(Peer(SocketAddr::new(address.parse().unwrap(), 4711)));
    kit.send(request).await
}

fn secret<'p>(id: &'p str, secret: &'p str) -> [(&'p str, &'p str); 3] {
    [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)]
}

fn refresh(token: &str) -> [(&str, &str); 3] {
    [("grant_type", "refresh_token"), ("client_id", "viewer"), ("refresh_token", token)]
}

#[tokio::test]
async fn req_104_guesses_of_a_secret_are_429_with_retry_after_and_lock_out_no_client_elsewhere() {
    for kit in Kit::with(&clients(), strict).await {
        for _ in 0..3 {
            assert_eq!(
                from(&kit, HERE, &secret("weather", "wrong-secret")).await.error(),
                (401, "invalid_client")
            );
        }
        let right = kit.secret("weather").to_owned();
        for guess in ["wrong-secret", &right] {
            let reply = from(&kit, HERE, &secret("weather", guess)).await;
            assert_eq!(reply.error(), (429, "too_many_attempts"), "{}", kit.name);
            let after: u64 = reply.answer.lines("retry-after")[0].parse().unwrap();
            assert!((1..=3_600 * 4).contains(&after), "{after}");
        }
        assert_eq!(from(&kit, ELSEWHERE, &secret("weather", &right)).await.status, 200, "{}", kit.name);
    }
}

#[tokio::test]
async fn req_104_guesses_at_many_clients_are_counted_for_their_address() {
    for kit in Kit::with(&clients(), strict).await {
        for n in 0..6 {
            let id = format!("client-{n}");
            assert_eq!(from(&kit, HERE, &secret(&id, "wrong-secret")).await.status, 401);
        }
        let right = kit.secret("weather").to_owned();
        assert_eq!(from(&kit, HERE, &secret("weather", &right)).await.status, 429, "{}", kit.name);
        assert_eq!(from(&kit, HERE, &[("grant_type", "x"), ("client_id", "client-7")]).await.status, 429);
        assert_eq!(from(&kit, ELSEWHERE, &secret("weather", &right)).await.status, 200, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_client_that_has_authenticated_from_an_address_is_not_locked_out_there() {
    for kit in Kit::with(&clients(), strict).await {
        let right = kit.secret("weather").to_owned();
        assert_eq!(from(&kit, HERE, &secret("weather", &right)).await.status, 200);
        for _ in 0..10 {
            from(&kit, HERE, &secret("weather", "wrong-secret")).await;
        }
        assert_eq!(from(&kit, HERE, &secret("weather", &right)).await.status, 200, "{}", kit.name);
    }
}

#[tokio::test]
async fn ten_thousand_guesses_of_a_refresh_token_find_nothing_and_are_refused_unread() {
    let kit = Kit::memory(&clients(), &|builder| strict(builder));
    let good = kit.log_in().await;
    let shape = STANDARD.ways.refresh.unwrap().shape;
    let id = kit.grant_of(&good.access).await.unwrap().id;
    let mut statuses = HashMap::new();
    for n in 0..10_000 {
        // A token in the right format for this grant, one for another grant, and one in no format.
        let guess = match n % 3 {
            0 => shape.refresh(&id).unwrap().secret.expose_secret().to_owned(),
            1 => shape
                .refresh(&tower_principal::grant::GrantId::random().unwrap())
                .unwrap()
                .secret
                .expose_secret()
                .to_owned(),
            _ => format!("guess-{n}"),
        };
        *statuses.entry(from(&kit, HERE, &refresh(&guess)).await.status).or_insert(0) += 1;
    }
    assert_eq!(statuses, HashMap::from([(400, 3), (429, 9_997)]));
    assert!(kit.is_live(&good.access).await);
    assert_eq!(from(&kit, ELSEWHERE, &refresh(&good.refresh)).await.status, 200, "the family lives");
}

#[tokio::test]
async fn requests_that_lose_a_race_and_requests_that_are_only_wrong_are_no_guesses() {
    for kit in Kit::with(&clients(), strict).await {
        let mut tokens = kit.log_in().await;
        for _ in 0..20 {
            let next = from(&kit, HERE, &refresh(&tokens.refresh)).await.tokens();
            assert_eq!(from(&kit, HERE, &refresh(&tokens.refresh)).await.error(), (400, "invalid_grant"));
            tokens = next;
            let bad = [&refresh(&tokens.refresh)[..], &[("scope", "admin")]].concat();
            assert_eq!(from(&kit, HERE, &bad).await.error(), (400, "invalid_scope"));
            assert_eq!(from(&kit, HERE, &[("client_id", "viewer")]).await.error(), (400, "invalid_request"));
        }
        assert_eq!(from(&kit, HERE, &refresh(&tokens.refresh)).await.status, 200, "{}", kit.name);
    }
}

fn refresh_of_weather<'p>(secret: &'p str, token: &'p str) -> [(&'p str, &'p str); 4] {
    [
        ("grant_type", "refresh_token"),
        ("client_id", "weather"),
        ("client_secret", secret),
        ("refresh_token", token),
    ]
}

/// A service of many users has one address, and presents a token of each of them after it has
/// expired, was revoked, or was used twice.
#[tokio::test]
async fn ended_refresh_tokens_of_a_client_are_no_guesses_and_get_the_answer_of_unknown_ones() {
    for kit in Kit::with(&clients(), strict).await {
        let secret = kit.secret("weather").to_owned();
        let mut tokens = Vec::new();
        for _ in 0..30 {
            let code = kit.code_of(CodeOffer::new("weather", "alice")).await;
            let redeem = [
                ("grant_type", "authorization_code"),
                ("code", &*code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            tokens.push(kit.post_as_weather(&redeem).await.tokens());
        }
        let kept = tokens.pop().unwrap();
        let of_viewer = kit.log_in().await;
        for (n, ended) in tokens.iter().enumerate() {
            let grant = kit.grant_of(&ended.access).await.unwrap();
            match n % 3 {
                0 => assert_eq!(kit.grants.end_dyn(&Ending::Grant(&grant.id)).await.unwrap(), 1),
                1 => {
                    from(&kit, ELSEWHERE, &refresh_of_weather(&secret, &ended.refresh)).await.tokens();
                }
                _ => {}
            }
        }
        // The one token that is kept is used in time, and the others expire after that.
        let idle = STANDARD.ways.refresh.unwrap().idle;
        let Lifetime::Limited(idle) = idle else { panic!("{idle:?}") };
        kit.clock.pass(idle / 2);
        let kept = from(&kit, HERE, &refresh_of_weather(&secret, &kept.refresh)).await.tokens();
        kit.clock.pass(idle / 2 + Duration::from_secs(1));
        let mut answers = Vec::new();
        for ended in tokens.iter().chain(&tokens) {
            let reply = from(&kit, HERE, &refresh_of_weather(&secret, &ended.refresh)).await;
            assert_eq!(reply.error(), (400, "invalid_grant"), "{}", kit.name);
            answers.push((reply.answer.body.clone(), reply.answer.headers.clone()));
        }
        let guess = STANDARD.ways.refresh.unwrap().shape;
        let guess = guess.refresh(&tower_principal::grant::GrantId::random().unwrap()).unwrap().secret;
        for unknown in [guess.expose_secret(), "no-token", &of_viewer.refresh] {
            let reply = from(&kit, HERE, &refresh_of_weather(&secret, unknown)).await;
            assert_eq!(reply.error(), (400, "invalid_grant"), "{}", kit.name);
            answers.push((reply.answer.body.clone(), reply.answer.headers.clone()));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{}: one answer", kit.name);
        // Three unknown tokens were counted, and a token that has ended does not pass the limit.
        for over in ["another", &tokens[0].refresh] {
            let reply = from(&kit, HERE, &refresh_of_weather(&secret, over)).await;
            assert_eq!(reply.status, 429, "{}", kit.name);
        }
        let reply = from(&kit, ELSEWHERE, &refresh_of_weather(&secret, &kept.refresh)).await;
        assert_eq!(reply.status, 200, "{}", kit.name);
    }
}

/// Another flaw of the request neither spares a guess the count nor makes it known.
#[tokio::test]
async fn a_guess_in_a_request_with_another_flaw_is_counted_and_is_not_remembered() {
    for kit in Kit::with(&clients(), strict).await {
        let tokens = kit.log_in().await;
        let shape = STANDARD.ways.refresh.unwrap().shape;
        let id = kit.grant_of(&tokens.access).await.unwrap().id;
        let mut statuses = Vec::new();
        for flaw in [("scope", "\""), ("scope", "admin"), ("resource", "https://other.example"), ("x", "y")] {
            let guess = shape.refresh(&id).unwrap().secret.expose_secret().to_owned();
            let flawed = [&refresh(&guess)[..], &[flaw]].concat();
            statuses.push(from(&kit, HERE, &flawed).await.status);
        }
        assert_eq!(statuses, [400, 400, 400, 429], "{}", kit.name);
        // The right token has not become known by a request that was refused.
        let flawed = [&refresh(&tokens.refresh)[..], &[("scope", "admin")]].concat();
        assert_eq!(from(&kit, HERE, &flawed).await.status, 429, "{}", kit.name);
        assert_eq!(from(&kit, ELSEWHERE, &flawed).await.error(), (400, "invalid_scope"));
        assert_eq!(from(&kit, ELSEWHERE, &refresh(&tokens.refresh)).await.status, 200, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_right_password_of_another_place_is_counted_like_a_wrong_one() {
    let phone = Application::public("phone").org("umbrella").grants([GrantType::Password]);
    for kit in Kit::with(&[phone], |builder| strict(builder.only(WITH_PASSWORD))).await {
        let mut answers = Vec::new();
        for word in [PASSWORD, PASSWORD, PASSWORD, PASSWORD] {
            let reply = from(&kit, HERE, &password("alice", word)).await;
            answers.push(reply.status);
        }
        assert_eq!(answers, [400, 400, 400, 429], "{}", kit.name);
        // A password that would otherwise be known is over the limit as well.
        assert_eq!(from(&kit, HERE, &password("alice", "wrong")).await.status, 429, "{}", kit.name);
    }
}

const WITH_PASSWORD: Profile = Profile {
    ways: Ways { grants: &[GrantType::Password, GrantType::RefreshToken], ..STANDARD.ways },
    ..STANDARD
};

fn password<'p>(name: &'p str, password: &'p str) -> [(&'p str, &'p str); 4] {
    [("grant_type", "password"), ("client_id", "phone"), ("username", name), ("password", password)]
}

#[tokio::test]
async fn a_password_is_checked_by_the_users_verifier_and_guesses_are_throttled() {
    let phone =
        Application::public("phone").grants([GrantType::Password, GrantType::RefreshToken]).scopes(["read"]);
    for kit in Kit::with(&[phone], |builder| strict(builder.only(WITH_PASSWORD))).await {
        let reply = from(&kit, HERE, &password("alice", PASSWORD)).await;
        let grant = kit.grant_of(&reply.tokens().access).await.unwrap();
        assert_eq!((grant.user.as_deref(), grant.scopes.as_str()), (Some("alice"), "read"), "{}", kit.name);
        assert!(kit.is_live(&reply.tokens().access).await && !reply.tokens().refresh.is_empty());
        let missing = from(&kit, HERE, &password("alice", "")).await;
        assert_eq!(missing.error(), (400, "invalid_request"));
        let mut answers = Vec::new();
        for (name, word) in [("bob", "wrong"), ("alice", "wrong"), ("alice", "also wrong"), ("alice", "x")] {
            let reply = from(&kit, ELSEWHERE, &password(name, word)).await;
            assert_eq!(reply.error(), (400, "invalid_grant"), "{}", kit.name);
            answers.push(reply.answer.body);
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        let reply = from(&kit, ELSEWHERE, &password("alice", PASSWORD)).await;
        assert_eq!(reply.error(), (429, "too_many_attempts"), "{}", kit.name);
    }
    // The standard profile does not support this grant type.
    for kit in Kit::with(&[Application::public("phone").grants([GrantType::Password])], strict).await {
        let reply = from(&kit, HERE, &password("alice", PASSWORD)).await;
        assert_eq!(reply.error(), (400, "unsupported_grant_type"), "{}", kit.name);
    }
}
