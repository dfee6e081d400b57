"""requests-oauthlib: a user allows a client, which shows its secret and its tokens in each way there is."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
# By default the library takes it for an error that a server names the scopes it grants by itself.
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"

from oauthlib.oauth2 import WebApplicationClient
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, InvalidGrantError, MismatchingStateError, OAuth2Error
from requests_oauthlib import OAuth2Session

from checks import CA, HTTP, HTTPS, Checks, altered, answers, expect, expect_principal, raised
from user_agent import UserAgent, answer_of

checks = Checks("requests-oauthlib codes", "opendatasoft")
demo = checks.demo
otto = demo["user"]["username"]
AUTHORIZE, TOKEN, REVOKE = (f"{HTTP}/oauth2/{name}/" for name in ("authorize", "token", "revoke"))

# Where oauthlib puts a token, and what the portal calls that.
PLACEMENTS = {"auth_header": "authorization", "query": "query", "body": "body"}

# The client, and the arguments with which the library shows its secret, or that it has none.
confidential, public = demo["client"], demo["public_client"]
WAYS = {
    "with its secret as Basic": (confidential, {"client_secret": confidential["secret"]}),
    "with its secret in the body": (
        confidential,
        {"client_secret": confidential["secret"], "include_client_id": True},
    ),
    "without a secret": (public, {"include_client_id": True}),
}


def session(of, placement="auth_header", scope=("all",), pkce="S256", **kept):
    client = WebApplicationClient(of["id"], default_token_placement=placement, scope=list(scope))
    return OAuth2Session(client=client, redirect_uri=of["redirect_uri"], scope=list(scope), pkce=pkce, **kept)


def ask(oauth, decision="allow", url=AUTHORIZE, ca=None, **more):
    """The redirect that the user's browser gets."""
    url, _ = oauth.authorization_url(url, **more)
    return UserAgent(demo["user"], ca).authorize(url, decision)[1]


def log_in(of, shown, placement="auth_header"):
    oauth = session(of, placement)
    return oauth, oauth.fetch_token(TOKEN, authorization_response=ask(oauth), **shown)


def whoami(oauth, method="GET"):
    return oauth.request(method, f"{HTTP}/opendatasoft/whoami")


def refused(kind, error, call):
    with answers() as seen:
        raised(error, call)
    checks.expect_refusal(kind, seen[-1].status_code, seen[-1].json())


for way, (of, shown) in WAYS.items():
    for placement, carrier in PLACEMENTS.items():
        with checks.check(f"a client {way} works with a user's token in the {carrier}"):
            oauth, token = log_in(of, shown, placement)
            expect("scope", token.scope, "all")
            for method in ("GET", "POST"):
                expect_principal(whoami(oauth, method).json(), "OAuthUser", id=otto, scopes=["all"], carrier=carrier)

    with checks.check(f"a client {way} refreshes, and the old refresh token is used up"):
        oauth, first = log_in(of, shown)
        secret = {name: value for name, value in shown.items() if name != "include_client_id"}
        basic = {"auth": (of["id"], of["secret"])} if "include_client_id" not in shown else {}
        more = {"client_id": of["id"], **secret} if not basic else {}
        second = oauth.refresh_token(TOKEN, **basic, **more)
        expect("another one", second["refresh_token"] != first["refresh_token"], True)
        expect_principal(whoami(oauth).json(), "OAuthUser", id=otto)
        again = lambda: oauth.refresh_token(TOKEN, refresh_token=first["refresh_token"], **basic, **more)
        refused("grant", InvalidGrantError, again)

    with checks.check(f"a client {way} learns that the user denied"):
        oauth = session(of)
        target = ask(oauth, "deny")
        expect("answer", {**answer_of(target), "state": None}.keys(), {"error", "error_description", "state", "iss"})
        raised(AccessDeniedError, lambda: oauth.fetch_token(TOKEN, authorization_response=target, **shown))

    with checks.check(f"a client {way} takes no answer to another request"):
        oauth, other = session(of), session(of)
        target = ask(oauth)
        ask(other)
        raised(MismatchingStateError, lambda: other.fetch_token(TOKEN, authorization_response=target, **shown))

    with checks.check(f"a code works once for a client {way}"):
        oauth = session(of)
        target = ask(oauth)
        redeem = lambda: oauth.fetch_token(TOKEN, authorization_response=target, **shown)
        redeem()
        expect("status", whoami(oauth).status_code, 200)
        token = dict(oauth.token)
        refused("grant", InvalidGrantError, redeem)
        oauth.token = token
        checks.expect_refusal("access_token", whoami(oauth).status_code)

with checks.check("a client of OpenDataSoft need not send a challenge, and names its scopes in `scopes`"):
    oauth = session(confidential, scope=(), pkce=None)
    target = ask(oauth, scopes="all")
    expect("length of the code", len(answer_of(target)["code"]), 30)
    token = oauth.fetch_token(
        TOKEN, authorization_response=target, client_secret=confidential["secret"], scopes="all", state="I ♥ data"
    )
    expect("state", token["state"], "I ♥ data")
    expect("lengths", [len(token["access_token"]), len(token["refresh_token"])], [30, 30])
    expect("lifetime", (token["expires_in"], token["token_type"], token["scope"]), (3600, "Bearer", ["all"]))
    expect_principal(whoami(oauth).json(), "OAuthUser", id=otto, scopes=["all"])

with checks.check("a client without a secret has to send a challenge"):
    oauth = session(public, pkce=None)
    raised(OAuth2Error, lambda: oauth.fetch_token(TOKEN, authorization_response=ask(oauth), include_client_id=True))

with checks.check("a wrong secret redeems nothing, and the code stays good"):
    oauth = session(confidential)
    target = ask(oauth)
    redeem = lambda secret: oauth.fetch_token(TOKEN, authorization_response=target, client_secret=secret)
    refused("token_client", OAuth2Error, lambda: redeem(altered(confidential["secret"])))
    redeem(confidential["secret"])
    expect("status", whoami(oauth).status_code, 200)

with checks.check("a client gets a user's token over TLS"):
    oauth = session(confidential)
    secret = {"client_secret": confidential["secret"], "verify": CA}
    # The issuer, whose pages these are, is the http origin: its redirects and cookies are for that.
    oauth.fetch_token(f"{HTTPS}/oauth2/token/", authorization_response=ask(oauth), **secret)
    expect("status", oauth.get(f"{HTTPS}/rfc6750/whoami", verify=CA).status_code, 200)
