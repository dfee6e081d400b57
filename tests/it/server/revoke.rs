//! The revocation endpoint (RFC 7009).

use tower_principal::grant::Ending;

use super::*;

const PATH: &str = "/oauth2/revoke";
const LATER: Duration = Duration::from_secs(11);

/// Revokes as `viewer`.
async fn revoke(kit: &Kit, token: &str, more: &[(&str, &str)]) -> Reply {
    let base = [("client_id", "viewer"), ("token", token)];
    kit.send(form(PATH, encoded(&[&base, more].concat()))).await
}

#[track_caller]
fn done(reply: &Reply) {
    assert_eq!((reply.status, &*reply.answer.body), (200, "{}"), "{reply:?}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

/// forge#138, openagentemail#18: number 26.
#[tokio::test]
async fn req_98_revoking_a_refresh_token_ends_its_access_tokens() {
    for kit in Kit::all().await {
        for hint in ["", "refresh_token", "access_token", "id_token", "é"] {
            let first = kit.log_in().await;
            let second = kit.refresh(&first.refresh).await.tokens();
            assert!(kit.is_live(&first.access).await && kit.is_live(&second.access).await);
            done(&revoke(&kit, &second.refresh, &[("token_type_hint", hint)]).await);
            for access in [&first.access, &second.access] {
                assert!(!kit.is_live(access).await, "{} {hint}", kit.name);
            }
            assert_eq!(kit.refresh(&second.refresh).await.error(), (400, "invalid_grant"));
        }
    }
}

/// As this server chooses: the client is done with the authorization.
#[tokio::test]
async fn req_98_revoking_an_access_token_ends_its_grant() {
    for kit in Kit::all().await {
        for hint in ["", "access_token", "refresh_token"] {
            let first = kit.log_in().await;
            let second = kit.refresh(&first.refresh).await.tokens();
            // The access token before the current one is in force, so it is one of the grant.
            done(&revoke(&kit, &first.access, &[("token_type_hint", hint)]).await);
            assert!(!kit.is_live(&second.access).await, "{} {hint}", kit.name);
            assert_eq!(kit.refresh(&second.refresh).await.error(), (400, "invalid_grant"));
        }
    }
}

/// Who has an earlier refresh token had a token of the grant.
#[tokio::test]
async fn req_98_an_earlier_refresh_token_ends_the_grant_as_well() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        let second = kit.refresh(&first.refresh).await.tokens();
        kit.clock.pass(LATER);
        done(&revoke(&kit, &first.refresh, &[]).await);
        assert!(!kit.is_live(&second.access).await, "{}", kit.name);
    }
}

#[tokio::test]
async fn req_98_a_token_that_is_not_in_force_gets_the_same_answer() {
    for kit in Kit::all().await {
        let revoked = kit.log_in().await;
        done(&revoke(&kit, &revoked.refresh, &[]).await);
        let expired = kit.log_in().await;
        let other = kit.log_in().await;
        kit.clock.pass(Duration::from_secs(2 * 3_600));
        let long = "x".repeat(8_000);
        let (start, end) = other.refresh.split_at(other.refresh.len() - 1);
        let unknown = format!("{start}{}", if end == "x" { "y" } else { "x" });
        let texts = [&*revoked.refresh, &revoked.access, &expired.access, &unknown, &long, "x", "a.b.c", "é"];
        for text in texts {
            for hint in ["access_token", "refresh_token"] {
                done(&revoke(&kit, text, &[("token_type_hint", hint)]).await);
            }
        }
        assert_eq!(kit.refresh(&other.refresh).await.status, 200, "{}: no guess ended it", kit.name);
    }
}

#[tokio::test]
async fn req_98_another_clients_token_is_refused_and_stays_in_force() {
    for kit in Kit::all().await {
        let tokens = kit.log_in().await;
        for token in [&tokens.access, &tokens.refresh] {
            let mut request = form(PATH, encoded(&[("token", token)]));
            let line = basic("weather", kit.secret("weather"));
            request.headers_mut().insert("authorization", line.parse().unwrap());
            assert_eq!(kit.send(request).await.error(), (400, "unauthorized_client"), "{}", kit.name);
            assert!(kit.is_live(&tokens.access).await);
        }
        assert_eq!(kit.refresh(&tokens.refresh).await.status, 200);
    }
}

#[tokio::test]
async fn req_98_a_request_without_a_token_or_a_client_is_refused() {
    for kit in Kit::all().await {
        let tokens = kit.log_in().await;
        let token = &*tokens.access;
        let invalid = (400, "invalid_request");
        for (body, expected) in [
            (encoded(&[("client_id", "viewer")]), invalid),
            (encoded(&[("client_id", "viewer"), ("token", "")]), invalid),
            (encoded(&[("client_id", "viewer"), ("token", token), ("token", token)]), invalid),
            (encoded(&[("token", token)]), (401, "invalid_client")),
            (encoded(&[("client_id", "unknown"), ("token", token)]), (401, "invalid_client")),
            (encoded(&[("client_id", "weather"), ("token", token)]), (401, "invalid_client")),
            (
                encoded(&[("client_id", "weather"), ("client_secret", "x"), ("token", token)]),
                (401, "invalid_client"),
            ),
        ] {
            assert_eq!(kit.send(form(PATH, body.clone())).await.error(), expected, "{} {body}", kit.name);
        }
        let query = format!("{PATH}?{}", encoded(&[("token", token)]));
        assert_eq!(kit.send(form(&query, encoded(&[("client_id", "viewer")]))).await.error(), invalid);
        let get = Request::get(PATH).body(Body::empty()).unwrap();
        let refused = kit.send(get).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
        assert!(kit.is_live(token).await, "{}", kit.name);
    }
}

/// keycloak#26532, #35813: number 27.
#[tokio::test]
async fn revoking_one_grant_ends_no_other_of_the_user() {
    for kit in Kit::all().await {
        let (one, other) = (kit.log_in().await, kit.log_in().await);
        done(&revoke(&kit, &one.refresh, &[]).await);
        assert!(!kit.is_live(&one.access).await && kit.is_live(&other.access).await, "{}", kit.name);
        assert_eq!(kit.refresh(&other.refresh).await.status, 200);
        assert!(kit.is_live(&kit.log_in().await.access).await, "the next log-in");
    }
}

/// breeze#5553: number 25.
#[tokio::test]
async fn ending_what_a_user_allowed_an_application_ends_codes_that_were_not_redeemed() {
    for kit in Kit::all().await {
        let (code, tokens) = (kit.code().await, kit.log_in().await);
        let what = Ending::User { user: "alice", client: Some("viewer") };
        assert_eq!(kit.grants.end_dyn(&what).await.unwrap(), 2, "{}", kit.name);
        assert_eq!(kit.redeem(&code).await.error(), (400, "invalid_grant"));
        assert!(!kit.is_live(&tokens.access).await);
    }
}

/// Keycloak#51312, growthbook#6371.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_94_nothing_of_a_grant_lives_after_its_revocation_was_answered() {
    for kit in Kit::all().await {
        for _ in 0..20 {
            let tokens = kit.log_in().await;
            let no_hint: &[(&str, &str)] = &[];
            let (refreshed, revoked) =
                tokio::join!(kit.refresh(&tokens.refresh), revoke(&kit, &tokens.refresh, no_hint));
            done(&revoked);
            if refreshed.status == 200 {
                let new = refreshed.tokens();
                assert!(!kit.is_live(&new.access).await, "{}", kit.name);
                assert_eq!(kit.refresh(&new.refresh).await.error(), (400, "invalid_grant"));
            }
            assert!(!kit.is_live(&tokens.access).await, "{}", kit.name);
        }
    }
}

#[tokio::test]
async fn an_outage_is_no_revocation() {
    for kit in Kit::all().await {
        let Some(database) = &kit.database else { continue };
        let tokens = kit.log_in().await;
        database.close().await;
        let reply = revoke(&kit, &tokens.refresh, &[]).await;
        assert_eq!(reply.error(), (503, "temporarily_unavailable"), "{}", kit.name);
        assert!(reply.header("retry-after").is_some());
    }
}
