"""requests-oauthlib: logs clients and users in at token endpoints of two platforms, and works with what it gets."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidGrantError,
    InvalidScopeError,
    OAuth2Error,
)
from requests_oauthlib import OAuth2Session

from checks import CA, HTTP, HTTPS, Checks, altered, answers, expect, expect_principal, raised

ods, usergrid = Checks("requests-oauthlib", "opendatasoft"), Checks("requests-oauthlib", "usergrid")
client = ods.demo["service_client"]
org, user, admin = (usergrid.demo[name] for name in ("org", "user", "app_client"))
TOKEN = f"{HTTP}/oauth2/token/"
WEATHER = f"{HTTP}/{org}/weather/token"


def of_client(client, scope=None):
    return OAuth2Session(client=BackendApplicationClient(client_id=client["id"], scope=scope))


def of_user():
    """Usergrid's log-in names no client."""
    return OAuth2Session(client=LegacyApplicationClient(client_id=None))


def refused(checks, what, kind, error, call):
    """What the answer is named, and what the library makes of it."""
    with checks.check(what):
        with answers() as seen:
            raised(error, call)
        checks.expect_refusal(kind, seen[-1].status_code, seen[-1].json())


# The library sends the secret as `Basic`, as it is, or in the body.
for way, in_body in {"as Basic": None, "in the body": True}.items():
    with ods.check(f"logs a client in with its secret {way}"):
        session = of_client(client)
        token = session.fetch_token(TOKEN, client_secret=client["secret"], include_client_id=in_body)
        expect("members", sorted(token), ["access_token", "expires_at", "expires_in", "scope", "token_type"])
        expect("scope", token.scope, "all")
        expect_principal(session.get(f"{HTTP}/rfc6750/scoped").json(), "OAuthUser", id=client["id"], scopes=["all"])
        expect_principal(session.get(f"{HTTP}/opendatasoft/whoami").json(), "OAuthUser", id=client["id"])

    refused(
        ods,
        f"a wrong secret {way} is refused",
        "token_client",
        InvalidClientError,
        lambda: of_client(client).fetch_token(
            TOKEN, client_secret=altered(client["secret"]), include_client_id=in_body
        ),
    )

    with usergrid.check(f"logs an application's client in with its secret {way}"):
        session = of_client(admin)
        session.fetch_token(WEATHER, client_secret=admin["secret"], include_client_id=in_body)
        whoami = session.get(f"{HTTP}/{org}/weather/whoami").json()
        expect_principal(whoami, "AppAdmin", id=admin["id"], app="weather", carrier="authorization")

with ods.check("logs a client in over TLS"):
    session = of_client(client)
    session.fetch_token(f"{HTTPS}/oauth2/token/", client_secret=client["secret"], verify=CA)
    expect("status", session.get(f"{HTTPS}/rfc6750/whoami", verify=CA).status_code, 200)

refused(
    ods,
    "a scope that is not registered is refused",
    "token_scope",
    InvalidScopeError,
    lambda: of_client(client, "everything").fetch_token(TOKEN, client_secret=client["secret"]),
)
refused(
    ods,
    "no password is taken where only codes are",
    "token_type",
    OAuth2Error,
    lambda: OAuth2Session(client=LegacyApplicationClient(client_id=client["id"])).fetch_token(
        TOKEN, username=ods.demo["user"]["username"], password=ods.demo["user"]["password"], client_secret=client["secret"]
    ),
)

with usergrid.check("logs a user in with a form, and works with the token"):
    session = of_user()
    token = session.fetch_token(WEATHER, username=user["username"], password=user["password"])
    expect("members", sorted(token), ["access_token", "expires_at", "expires_in", "user"])
    expect("user", token["user"]["uuid"], user["uuid"])
    whoami = session.get(f"{HTTP}/{org}/weather/whoami").json()
    expect_principal(whoami, "OAuthUser", id=user["username"], org=org)

with usergrid.check("logs a user in with everything in the query"):
    session = of_user()
    token = session.fetch_token(WEATHER, method="GET", username=user["username"], password=user["password"], ttl="60000")
    expect("lifetime", token["expires_in"], 60)

refused(
    usergrid,
    "a wrong password is refused",
    "grant",
    InvalidGrantError,
    lambda: of_user().fetch_token(WEATHER, username=user["username"], password=altered(user["password"])),
)
