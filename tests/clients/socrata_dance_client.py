"""sodapy and socrata-py, with a token that a user's consent gave to an application: Socrata's OAuth 2.0 flow."""

from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import HTTPError
from socrata import Socrata as SocrataPy
from socrata.authorization import Authorization
from socrata.http import get
from sodapy import Socrata

from checks import HTTP, Checks, altered, expect, expect_principal, raised
from user_agent import Page, UserAgent

PRIVATE, VIEW = "priv-0001", "4tka-6guv"
ROW = {"id": "dance-1", "station": "Tryvann"}

checks = Checks("Socrata's dance", "socrata")
app, alice = checks.demo["app"], checks.demo["user"]
CALLBACK = f"{app['callback_prefix']}/auth/callback"


def authorize_url(**more):
    asked = {"client_id": app["token"], "response_type": "code", "redirect_uri": CALLBACK, **more}
    return f"{HTTP}/oauth/authorize?{urlencode(asked)}"


def ask(decision="allow", **more):
    return UserAgent(alice).authorize(authorize_url(**more), decision)


def redeem(code, **changed):
    """The document's request: a POST with everything in the query."""
    asked = {
        "client_id": app["token"],
        "client_secret": app["secret_token"],
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code": code,
    }
    return requests.post(f"{HTTP}/oauth/access_token", params=asked | changed, timeout=10)


def log_in():
    answer, _ = ask()
    redeemed = redeem(answer["code"])
    expect("status", redeemed.status_code, 200)
    expect("members", list(redeemed.json()), ["access_token"])
    return redeemed.json()["access_token"]


def soda(token):
    plain = {"prefix": "http://", "adapter": HTTPAdapter()}
    return Socrata(HTTP.removeprefix("http://"), app["token"], access_token=token, session_adapter=plain)


class OAuth(AuthBase):
    """Socrata's scheme for requests, which socrata-py takes in the place of its own `Basic`."""

    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"OAuth {self.token}"
        return request


def socrata_py(token):
    auth = Authorization(HTTP.removeprefix("http://"), cookies={"unused": "cookie"})
    auth.proto, auth.basic = "http://", OAuth(token)
    return auth


with checks.check("sodapy reads and writes a private dataset with the token"):
    client = soda(log_in())
    expect("Rows Created", client.upsert(PRIVATE, [ROW])["Rows Created"], 1)
    expect("row is read back", ROW in client.get(PRIVATE), True)
    client.delete(PRIVATE, row_id=ROW["id"])
    whoami = client.session.get(f"{HTTP}/socrata/whoami").json()
    expect_principal(whoami, "OAuthUser", id=alice["username"])

with checks.check("socrata-py looks up a view and the user with the token"):
    auth = socrata_py(log_in())
    expect("id", SocrataPy(auth).views.lookup(VIEW).attributes["id"], VIEW)
    current = get(f"{HTTP}/api/users/current.json", auth=auth)
    expect("email", current.get("email"), alice["username"])
    asked = requests.get(f"{HTTP}/users/current.xml", auth=auth.basic, timeout=10)
    expect("XML", (asked.status_code, alice["username"] in asked.text), (200, True))

with checks.check("a callback's own query is kept, the code comes after it, and the state comes back"):
    callback = f"{CALLBACK}?next=%2Fmap&lang=no"
    answer, target = ask(redirect_uri=callback, state="I ♥ data & more")
    expect("start", target.startswith(f"{callback}&"), True)
    expect("state", answer["state"], "I ♥ data & more")
    expect("status", redeem(answer["code"], redirect_uri=callback).status_code, 200)

with checks.check("a code is of no use with another callback, and works once"):
    answer, _ = ask()
    expect("status", redeem(answer["code"], redirect_uri=f"{CALLBACK}/other").status_code, 400)
    token = redeem(answer["code"]).json()["access_token"]
    expect("status", redeem(answer["code"]).status_code, 400)
    error = raised(HTTPError, lambda: soda(token).get(PRIVATE))
    checks.expect_refusal("access_token", error.response.status_code)

with checks.check("a wrong secret token is refused in Socrata's shape"):
    answer, _ = ask()
    refused = redeem(answer["code"], client_secret=altered(app["secret_token"]))
    checks.expect_refusal("token_client", refused.status_code, refused.json())

with checks.check("the application learns that the user denied"):
    answer, _ = ask("deny")
    expect("error", answer["error"], "access_denied")

# By origin, and by whole segments of the path.
FOREIGN = {
    "another path": "https://client.example/other",
    "another segment that begins like it": f"{app['callback_prefix']}-other/callback",
    "another host that begins like it": "https://client.example.other.example/socrata-app/callback",
    "a user name that looks like it": "https://client.example@other.example/socrata-app",
    "a way out of it": f"{app['callback_prefix']}/../other",
    "plain http": "http://client.example/socrata-app/callback",
}
for name, callback in FOREIGN.items():
    with checks.check(f"a callback with {name} is a page, and no redirect"):
        page = UserAgent(alice).visit(authorize_url(redirect_uri=callback))
        expect("is a page", isinstance(page, Page), True)
        expect("page", (page.status, page.forms), (400, []))

with checks.check("a client that is not registered is a page, and no redirect"):
    page = UserAgent(alice).visit(authorize_url(client_id=altered(app["token"])))
    expect("is a page", isinstance(page, Page), True)
    expect("forms", page.forms, [])
