"""usergrid (PyPI): a guest at the sandbox, and an access token as Bearer."""

from usergrid.UsergridAuth import UsergridUserAuth
from usergrid.UsergridClient import UsergridClient

from checks import HTTP, Checks, altered, expect, expect_principal

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
