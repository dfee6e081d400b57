"""socrata-py: an API key's id and secret as Basic."""

from socrata import Socrata
from socrata.authorization import Authorization
from socrata.http import UnexpectedResponseException, get

from checks import CA, HTTP, HTTPS, Checks, altered, expect, expect_principal, raised

VIEW = "4tka-6guv"

checks = Checks("socrata-py", "socrata")
api_key = checks.demo["api_key"]


def authorization(username, password):
    plain = Authorization(HTTP.removeprefix("http://"), username, password)
    plain.proto = "http://"
    return plain


def refused(what, kind, username, password):
    with checks.check(what):
        views = Socrata(authorization(username, password)).views
        error = raised(UnexpectedResponseException, lambda: views.lookup(VIEW))
        checks.expect_refusal(kind, error.status, error.body)
        expect("the message is in the error", error.body["message"] in str(error), True)


with checks.check("looks up a view with an API key"):
    auth = authorization(api_key["id"], api_key["secret"])
    expect("id", Socrata(auth).views.lookup(VIEW).attributes["id"], VIEW)
    expect_principal(get(f"{HTTP}/socrata/whoami", auth=auth), "ApiKey", id=api_key["id"])

with checks.check("looks up a view with a user's password"):
    user = checks.demo["user"]
    auth = authorization(user["username"], user["password"])
    expect("id", Socrata(auth).views.lookup(VIEW).attributes["id"], VIEW)
    current = get(f"{HTTP}/api/users/current.json", auth=auth)
    expect("email", current.get("email"), user["username"])

with checks.check("looks up a view over TLS"):
    auth = Authorization(HTTPS.removeprefix("https://"), api_key["id"], api_key["secret"])
    auth.verify = CA
    expect("id", Socrata(auth).views.lookup(VIEW).attributes["id"], VIEW)

revoked = checks.demo["revoked_api_key"]
refused("a wrong API key secret is refused", "api_key", api_key["id"], altered(api_key["secret"]))
refused("a revoked API key is refused", "api_key", revoked["id"], revoked["secret"])
refused("a wrong password is refused", "password", user["username"], user["password"] + "x")
