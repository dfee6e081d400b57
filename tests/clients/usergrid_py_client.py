"""usergrid (PyPI): a guest at the sandbox, log-ins as a user and as a client, and access tokens as Bearer."""

from usergrid.UsergridAuth import UsergridAppAuth, UsergridOrgAuth, UsergridUserAuth
from usergrid.UsergridClient import UsergridClient

from checks import HTTP, Checks, altered, answers, expect, expect_principal, raised

checks = Checks("usergrid-py", "usergrid")
demo = checks.demo
org = demo["org"]


def client(app):
    return UsergridClient(org, app, base_url=HTTP)


def bearer(token):
    auth = UsergridUserAuth(demo["user"]["username"], password=None)
    auth.access_token = token
    return auth


def creates_and_reads(grid, **options):
    created = grid.POST("cities", {"name": f"python-{grid.app_id}"}, **options)
    expect("status of POST", created.status_code, 200)
    uuid = created.entity().get("uuid")
    found = grid.GET("cities", uuid, **options)
    expect("status of GET", found.status_code, 200)
    expect("name", found.entity().get("name"), f"python-{grid.app_id}")
    changed = grid.PUT("cities", uuid, {"mayor": "wendy"}, **options)
    expect("status of PUT", changed.status_code, 200)
    deleted = grid.DELETE("cities", uuid, **options)
    expect("status of DELETE", deleted.status_code, 200)
    expect("status of GET after DELETE", grid.GET("cities", uuid, **options).status_code, 404)


def refused(what, kind, response):
    with checks.check(what):
        answer = response()
        checks.expect_refusal(kind, answer.status_code, {"error": answer.error})
        # What the client says where an answer has none.
        expect("texts are missing", "not available" in (answer.error_description, answer.exception), False)


with checks.check("creates, reads, changes and deletes at the sandbox as a guest"):
    sandbox = client("sandbox")
    creates_and_reads(sandbox)
    whoami = sandbox.session.get(f"{HTTP}/{org}/sandbox/whoami").json()
    expect_principal(whoami, "Guest", id=None, sandbox=True, carrier=None)

with checks.check("creates, reads, changes and deletes elsewhere with an access token"):
    creates_and_reads(client("weather"), auth=bearer(demo["access_token"]["token"]))

refused("a guest may not read outside the sandbox", "guest", lambda: client("weather").GET("cities", "oslo"))
refused(
    "a guest may not write outside the sandbox",
    "guest",
    lambda: client("weather").POST("cities", {"name": "oslo"}),
)

WRONG_TOKENS = {
    "an unknown access token": altered(demo["access_token"]["token"]),
    "an expired access token": demo["expired_access_token"]["token"],
}
for name, token in WRONG_TOKENS.items():
    for app in demo["apps"]:
        refused(
            f"{name} is refused at {app}",
            "access_token",
            lambda: client(app).POST("cities", {"name": "oslo"}, auth=bearer(token)),
        )


user, org_client, app_client = demo["user"], demo["org_client"], demo["app_client"]
DAY = 24 * 60 * 60
WEEK = 7 * DAY


def logged_in(auth, app):
    """The answer to a log-in; `auth` keeps the token of it."""
    with answers() as seen:
        auth.authenticate(client(app))
    expect("answers", [answer.status_code for answer in seen], [200])
    return seen[0].json()


def whoami(auth, app):
    grid = client(app)
    return grid.session.get(f"{HTTP}/{org}/{app}/whoami", headers={"Authorization": f"Bearer {auth.access_token}"})


def not_logged_in(what, kind, auth, app="weather"):
    with checks.check(what):
        with answers() as seen:
            raised(ValueError, lambda: auth.authenticate(client(app)))
        checks.expect_refusal(kind, seen[0].status_code, seen[0].json())


def wendy(password=user["password"], **options):
    return UsergridUserAuth(user["username"], password, **options)


def walter():
    return UsergridUserAuth(demo["other_user"]["username"], demo["other_user"]["password"])


for app in demo["apps"]:
    with checks.check(f"logs a user in at {app} and works with the token"):
        auth = wendy()
        answer = logged_in(auth, app)
        expect("members", sorted(answer), ["access_token", "expires_in", "user"])
        expect("shape", (len(auth.access_token), auth.access_token[:4]), (63, "YWMt"))
        expect("lifetime", answer["expires_in"], DAY)
        expect("user", {name: answer["user"].get(name) for name in ("username", "uuid")}, {name: user[name] for name in ("username", "uuid")})
        creates_and_reads(client(app), auth=auth)
        expect_principal(whoami(auth, app).json(), "OAuthUser", id=user["username"], org=org, carrier="authorization")

with checks.check("logs an application's client in"):
    auth = UsergridAppAuth(app_client["id"], app_client["secret"])
    answer = logged_in(auth, app_client["app"])
    expect("members", sorted(answer), ["access_token", "application", "expires_in"])
    creates_and_reads(client(app_client["app"]), auth=auth)
    expect_principal(whoami(auth, app_client["app"]).json(), "AppAdmin", id=app_client["id"], app=app_client["app"])

with checks.check("the constructor logs an application's client in, too"):
    grid = UsergridClient(org, app_client["app"], HTTP, app_client["id"], app_client["secret"])
    creates_and_reads(grid)

with checks.check("logs an organization's client in at the management endpoint"):
    auth = UsergridOrgAuth(org_client["id"], org_client["secret"])
    answer = logged_in(auth, "weather")
    expect("members", sorted(answer), ["access_token", "expires_in", "organization"])
    for app in demo["apps"]:
        creates_and_reads(client(app), auth=auth)
    expect_principal(whoami(auth, "weather").json(), "OrgAdmin", id=org_client["id"], org=org)

with checks.check("a shorter lifetime is kept, and the longest may be asked for"):
    expect("an hour", logged_in(wendy(token_ttl_seconds=3600), "weather")["expires_in"], 3600)
    expect("none", logged_in(wendy(token_ttl_seconds=0), "weather")["expires_in"], WEEK)
    expect("a week", logged_in(wendy(token_ttl_seconds=WEEK), "weather")["expires_in"], WEEK)

not_logged_in("a lifetime over the maximum is refused", "ttl", wendy(token_ttl_seconds=WEEK + 1))
not_logged_in("a wrong password is refused", "grant", wendy(altered(user["password"])))
not_logged_in("an unknown user is refused alike", "grant", UsergridUserAuth("nobody", user["password"]))
for name, known, auth in (("application", app_client, UsergridAppAuth), ("organization", org_client, UsergridOrgAuth)):
    not_logged_in(f"a wrong {name} secret is refused", "grant", auth(known["id"], altered(known["secret"])))

with checks.check("a token that is revoked is refused, and the user's others are not"):
    revoked, kept = wendy(), wendy()
    logged_in(revoked, "weather"), logged_in(kept, "weather")
    path = f"{user['username']}/revoketoken?token={revoked.access_token}"
    expect("status of PUT", client("weather").PUT("users", path, {}, auth=kept).status_code, 200)
    checks.expect_refusal("access_token", whoami(revoked, "weather").status_code)
    expect("status with the other", whoami(kept, "weather").status_code, 200)

with checks.check("all tokens of a user are revoked at once, no other user's is, and the next log-in works"):
    spared, tokens = wendy(), [walter(), walter()]
    for auth in (spared, *tokens):
        logged_in(auth, "weather")
    name = demo["other_user"]["username"]
    answer = client("weather").PUT("users", f"{name}/revoketokens", {}, auth=tokens[0])
    expect("answer", (answer.status_code, answer.body["action"]), (200, "revoked user tokens"))
    for auth in tokens:
        checks.expect_refusal("access_token", whoami(auth, "weather").status_code)
    expect("status with the other user's", whoami(spared, "weather").status_code, 200)
    again = walter()
    logged_in(again, "weather")
    expect("status afterwards", whoami(again, "weather").status_code, 200)
