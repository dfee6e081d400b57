"""sodapy: Socrata's app token, password, API key and OAuth token."""

import os

from requests.adapters import HTTPAdapter
from requests.exceptions import HTTPError
from sodapy import Socrata

from checks import CA, HTTP, HTTPS, Checks, altered, expect, expect_principal, raised

PUBLIC, PRIVATE = "4tka-6guv", "priv-0001"
ROW = {"id": "sodapy-1", "station": "Tryvann"}

checks = Checks("sodapy", "socrata")
demo = checks.demo
app_token = demo["app"]["token"]
user = demo["user"]
api_key = demo["api_key"]
access_token = demo["access_token"]["token"]


def client(app=None, **credentials):
    plain = {"prefix": "http://", "adapter": HTTPAdapter()}
    return Socrata(HTTP.removeprefix("http://"), app, session_adapter=plain, **credentials)


def login(username, password):
    return {"username": username, "password": password}


def key(pair):
    return login(pair["id"], pair["secret"])


def whoami(soda, base=HTTP):
    return soda.session.get(f"{base}/socrata/whoami").json()


def refused(what, kind, call):
    with checks.check(what):
        error = raised(HTTPError, call)
        answer = error.response.json()
        checks.expect_refusal(kind, error.response.status_code, answer)
        expect("the message is in the error", answer["message"] in str(error), True)


def reads(soda, dataset):
    expect("has rows", len(soda.get(dataset)) > 0, True)


def writes(soda, dataset):
    expect("Rows Created", soda.upsert(dataset, [ROW])["Rows Created"], 1)
    rows = soda.get(dataset)
    expect("row is read back", ROW in rows, True)
    soda.replace(dataset, rows)
    expect("rows after replacing", soda.get(dataset), rows)
    soda.delete(dataset, row_id=ROW["id"])
    expect("row after deleting", ROW in soda.get(dataset), False)


with checks.check("reads a public dataset as a guest"):
    reads(client(), PUBLIC)
    expect_principal(whoami(client()), "Guest", id=None, carrier=None)

with checks.check("reads a public dataset with an app token alone"):
    reads(client(app_token), PUBLIC)
    expect_principal(whoami(client(app_token)), "AppToken", id=demo["app"]["id"], carrier="header")

with checks.check("reads a private dataset with a password and an app token"):
    soda = client(app_token, **user)
    reads(soda, PRIVATE)
    expect_principal(whoami(soda), "BasicUser", id=user["username"], app=demo["app"]["id"])

with checks.check("writes a private dataset with a password and an app token"):
    writes(client(app_token, **user), PRIVATE)

with checks.check("writes a public dataset with a password"):
    writes(client(**user), PUBLIC)

with checks.check("logs in with a colon, a space and an umlaut in the password"):
    odd = demo["odd_user"]
    soda = client(**login(odd["username"], odd["password"].encode("utf-8")))
    reads(soda, PRIVATE)
    expect_principal(whoami(soda), "BasicUser", id=odd["username"])

with checks.check("reads a private dataset with an API key"):
    reads(client(**key(api_key)), PRIVATE)
    expect_principal(whoami(client(**key(api_key))), "ApiKey", id=api_key["id"], carrier="authorization")

with checks.check("writes a private dataset with an API key"):
    writes(client(app_token, **key(api_key)), PRIVATE)

with checks.check("reads a private dataset with an OAuth token"):
    soda = client(app_token, access_token=access_token)
    reads(soda, PRIVATE)
    expect_principal(whoami(soda), "OAuthUser", id=demo["access_token"]["user"], app=demo["app"]["id"])

with checks.check("writes a private dataset with an OAuth token"):
    writes(client(access_token=access_token), PRIVATE)

with checks.check("reads a private dataset over TLS"):
    os.environ["REQUESTS_CA_BUNDLE"] = CA
    soda = Socrata(HTTPS.removeprefix("https://"), app_token, **user)
    reads(soda, PRIVATE)
    expect_principal(whoami(soda, HTTPS), "BasicUser", id=user["username"])

refused("a guest may not read a private dataset", "guest", lambda: client().get(PRIVATE))
refused("a guest may not write", "guest", lambda: client().upsert(PUBLIC, [ROW]))
refused(
    "an app token alone may not read a private dataset",
    "app_token_alone",
    lambda: client(app_token).get(PRIVATE),
)
refused("a dataset that is not there is not found", "no_dataset", lambda: client().get("none-0000"))
refused("an app token alone may not write", "app_token_alone", lambda: client(app_token).upsert(PUBLIC, [ROW]))
refused("an unknown app token is refused", "app_token", lambda: client(altered(app_token)).get(PUBLIC))
refused(
    "an unknown app token beside a good password is refused",
    "app_token",
    lambda: client(altered(app_token), **user).get(PUBLIC),
)
refused(
    "an API key's secret is no app token",
    "app_token",
    lambda: client(api_key["secret"]).get(PUBLIC),
)

WRONG_LOGINS = {
    "a wrong password is refused": ("password", login(user["username"], user["password"] + "x")),
    "a user nobody knows is refused": ("password", login("nobody@example.org", user["password"])),
    "a disabled user is refused": ("password", demo["disabled_user"]),
    "a wrong API key secret is refused": ("api_key", login(api_key["id"], altered(api_key["secret"]))),
    "a revoked API key is refused": ("api_key", key(demo["revoked_api_key"])),
    "an unknown OAuth token is refused": ("access_token", {"access_token": altered(access_token)}),
    "an expired OAuth token is refused": ("access_token", {"access_token": demo["expired_access_token"]["token"]}),
}
for what, (kind, credentials) in WRONG_LOGINS.items():
    refused(what, kind, lambda: client(app_token, **credentials).get(PUBLIC))
