"""Authlib: each grant, with the client's secret and the token in each place there is."""

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from checks import HTTP, Checks, altered, answers, expect, expect_principal, raised
from user_agent import UserAgent, answer_of

ods, usergrid = Checks("Authlib", "opendatasoft"), Checks("Authlib", "usergrid")
user, confidential, public, service = (
    ods.demo[name] for name in ("user", "client", "public_client", "service_client")
)
AUTHORIZE, TOKEN, REVOKE, INTROSPECT = (
    f"{HTTP}/oauth2/{name}/" for name in ("authorize", "token", "revoke", "introspect")
)

# How the library shows the client.
METHODS = {"client_secret_basic": confidential, "client_secret_post": confidential, "none": public}
# Where it puts a token, and what the portal calls that.
PLACEMENTS = {"header": "authorization", "uri": "query", "body": "body"}


def session(method, secret=None, **options):
    of = METHODS[method]
    return OAuth2Session(
        of["id"],
        secret or of.get("secret"),
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        redirect_uri=of["redirect_uri"],
        scope="all",
        code_challenge_method="S256",
        **options,
    )


def ask(oauth, decision="allow"):
    verifier = generate_token(48)
    url, state = oauth.create_authorization_url(AUTHORIZE, code_verifier=verifier)
    _, target = UserAgent(user).authorize(url, decision)
    return {"authorization_response": target, "state": state, "code_verifier": verifier}


def log_in(oauth):
    return oauth.fetch_token(TOKEN, **ask(oauth))


def whoami(oauth, method="GET"):
    # The library puts a token into the body of requests that have one.
    body = {"data": ""} if oauth.token_auth.token_placement == "body" else {}
    return oauth.request(method, f"{HTTP}/opendatasoft/whoami", **body)


def refused(checks, kind, call):
    with answers() as seen:
        error = raised(OAuthError, call)
    checks.expect_refusal(kind, seen[-1].status_code, seen[-1].json())
    expect("the library's error", error.error, checks.refusals[kind][1])


for method, of in METHODS.items():
    for placement, carrier in PLACEMENTS.items():
        with ods.check(f"{method}: a code for a token in the {carrier}"):
            oauth = session(method, token_placement=placement)
            token = log_in(oauth)
            expect("scope", token["scope"], "all")
            for verb in ("GET", "POST"):
                principal = whoami(oauth, verb).json()
                expect_principal(principal, "OAuthUser", id=user["username"], scopes=["all"], carrier=carrier)

    with ods.check(f"{method}: refreshes, and the old refresh token is used up"):
        oauth = session(method)
        first = dict(log_in(oauth))
        oauth.refresh_token(TOKEN)
        expect_principal(whoami(oauth).json(), "OAuthUser", id=user["username"])
        refused(ods, "grant", lambda: oauth.refresh_token(TOKEN, refresh_token=first["refresh_token"]))

    with ods.check(f"{method}: revokes its tokens"):
        oauth = session(method)
        token = dict(log_in(oauth))
        revoked = oauth.revoke_token(REVOKE, token["refresh_token"], token_type_hint="refresh_token")
        expect("status", revoked.status_code, 200)
        ods.expect_refusal("access_token", whoami(oauth).status_code)
        refused(ods, "grant", lambda: oauth.refresh_token(TOKEN, refresh_token=token["refresh_token"]))

    with ods.check(f"{method}: the client learns that the user denied"):
        kept = ask(session(method), "deny")
        answer = answer_of(kept["authorization_response"])
        expect("answer", sorted(answer), ["error", "error_description", "iss", "state"])
        expect("values", (answer["error"], answer["state"], answer["iss"]), ("access_denied", kept["state"], HTTP))

    with ods.check(f"{method}: a code is of no use with another verifier"):
        oauth = session(method)
        kept = ask(oauth)
        refused(ods, "grant", lambda: oauth.fetch_token(TOKEN, **kept | {"code_verifier": generate_token(48)}))
        oauth.fetch_token(TOKEN, **kept)
        expect("status", whoami(oauth).status_code, 200)

for method in ("client_secret_basic", "client_secret_post"):
    with ods.check(f"{method}: a token for the client itself"):
        oauth = OAuth2Session(service["id"], service["secret"], token_endpoint_auth_method=method, scope="all")
        token = oauth.fetch_token(TOKEN, grant_type="client_credentials")
        expect("has a refresh token", "refresh_token" in token, False)
        expect_principal(whoami(oauth).json(), "OAuthUser", id=service["id"], scopes=["all"])

    with ods.check(f"{method}: introspects a user's token"):
        oauth = session(method)
        token = dict(log_in(oauth))
        found = oauth.introspect_token(INTROSPECT, token["access_token"]).json()
        expect("found", (found["active"], found["client_id"], found["scope"]), (True, confidential["id"], "all"))

    with ods.check(f"{method}: a wrong secret is refused"):
        oauth = session(method, altered(confidential["secret"]))
        refused(ods, "token_client", lambda: oauth.fetch_token(TOKEN, **ask(oauth)))

with ods.check("none: no token for the client itself"):
    refused(ods, "token_grant", lambda: session("none").fetch_token(TOKEN, grant_type="client_credentials"))

org, wendy, admin = (usergrid.demo[name] for name in ("org", "user", "app_client"))
WEATHER = f"{HTTP}/{org}/weather"

with usergrid.check("logs a user in with a password, and works with the token"):
    # Usergrid's log-in names no client.
    oauth = OAuth2Session(token_endpoint_auth_method=lambda _client, _method, *request: request)
    oauth.fetch_token(f"{WEATHER}/token", grant_type="password", username=wendy["username"], password=wendy["password"])
    # Usergrid's answer names no type, without which the library does not know where a token goes.
    oauth.token["token_type"] = "Bearer"
    expect_principal(oauth.get(f"{WEATHER}/whoami").json(), "OAuthUser", id=wendy["username"], org=org)

for method in ("client_secret_basic", "client_secret_post"):
    with usergrid.check(f"{method}: logs an application's client in"):
        oauth = OAuth2Session(admin["id"], admin["secret"], token_endpoint_auth_method=method)
        oauth.fetch_token(f"{WEATHER}/token", grant_type="client_credentials")
        oauth.token["token_type"] = "Bearer"
        expect_principal(oauth.get(f"{WEATHER}/whoami").json(), "AppAdmin", id=admin["id"], app="weather")
