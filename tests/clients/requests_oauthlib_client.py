"""requests-oauthlib: an access token in the header, the query and the body."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from oauthlib.oauth2 import WebApplicationClient
from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    InsufficientScopeError,
    InvalidTokenError,
    OAuth2Error,
    raise_from_error,
)
from requests_oauthlib import OAuth2Session

from checks import CA, HTTP, HTTPS, Checks, altered, expect, expect_principal, raised

# Where oauthlib puts a token, and what the portal calls that.
PLACEMENTS = {"auth_header": "authorization", "query": "query", "body": "body"}

# What oauthlib makes of the names in answers.
ERRORS = {
    "guest": CustomOAuth2Error,
    "access_token": InvalidTokenError,
    "scope": InsufficientScopeError,
    # It has several for `invalid_request`.
    "ambiguous": OAuth2Error,
}

checks = Checks("requests-oauthlib", "opendatasoft")
demo = checks.demo
good, narrow = demo["access_token"], demo["narrow_access_token"]
wrong = altered(good["token"])


def session(token, placement="auth_header"):
    client_id = demo["client"]["id"]
    client = WebApplicationClient(client_id, default_token_placement=placement)
    return OAuth2Session(client_id, client=client, token={"access_token": token, "token_type": "Bearer"})


def refused(what, kind, call, challenge=None):
    with checks.check(what):
        response = call()
        checks.expect_refusal(kind, response.status_code, response.json())
        name = response.json()["error"]
        expect("oauthlib's error", raised(ERRORS[kind], lambda: raise_from_error(name, response.json())).error, name)
        if challenge:
            expect("challenge", challenge in response.headers.get("WWW-Authenticate", ""), True)


for placement, carrier in PLACEMENTS.items():
    with checks.check(f"reads /api/end/point with the token in the {carrier}"):
        expect("status", session(good["token"], placement).get(f"{HTTP}/api/end/point").status_code, 200)

    for method in ("GET", "POST"):
        with checks.check(f"{method} whoami knows the user by the token in the {carrier}"):
            response = session(good["token"], placement).request(method, f"{HTTP}/opendatasoft/whoami")
            expect("status", response.status_code, 200)
            expect_principal(response.json(), "OAuthUser", id=good["user"], scopes=["all"], carrier=carrier)

    refused(
        f"an unknown token in the {carrier} is refused",
        "access_token",
        lambda: session(wrong, placement).get(f"{HTTP}/api/end/point"),
        challenge='error="invalid_token"',
    )

with checks.check("reads /opendatasoft/whoami over TLS"):
    response = session(good["token"]).get(f"{HTTPS}/opendatasoft/whoami", verify=CA)
    expect("status", response.status_code, 200)

with checks.check("reads /rfc6750/scoped with the token that has the scope"):
    expect("status", session(good["token"]).get(f"{HTTP}/rfc6750/scoped").status_code, 200)

with checks.check("a token without scopes is still a user"):
    whoami = session(narrow["token"]).get(f"{HTTP}/rfc6750/whoami").json()
    expect_principal(whoami, "OAuthUser", id=narrow["user"], scopes=[])

refused(
    "a token without the scope is refused at /rfc6750/scoped",
    "scope",
    lambda: session(narrow["token"]).get(f"{HTTP}/rfc6750/scoped"),
    challenge='error="insufficient_scope"',
)
refused(
    "no token is refused",
    "guest",
    lambda: session(good["token"]).get(f"{HTTP}/opendatasoft/whoami", withhold_token=True),
    challenge="Bearer",
)
refused(
    "a token in the header and another in the query is refused",
    "ambiguous",
    lambda: session(good["token"]).get(f"{HTTP}/opendatasoft/whoami", params={"access_token": wrong}),
)
for placement in ("query", "body"):
    refused(
        f"the strict route does not look at a token in the {placement}",
        "guest",
        lambda: session(good["token"], placement).get(f"{HTTP}/rfc6750/whoami"),
    )
