"""A client that knows a resource's URL and nothing else, as those of the Model Context Protocol: RFC 9728 section 5."""

import re

import requests

from checks import CA, HTTP, HTTPS, Checks, expect, expect_principal

checks = Checks("discovery", "opendatasoft")
PATHS = ("/any/protected", "/rfc6750/whoami", "/rfc6750/scoped", "/opendatasoft/whoami", "/api/end/point")
METADATA = re.compile(r'Bearer [^,]*(?:, error="[a-z_]+")?, resource_metadata="([^"]+)"')


def discover(url, **headers):
    """The document that the refusal at `url` names; it has to be about the origin that was used."""
    refusal = requests.get(url, headers=headers)
    expect("status", refusal.status_code, 401)
    found = METADATA.search(refusal.headers["WWW-Authenticate"])
    expect("metadata is named", bool(found), True)
    document = requests.get(found[1])
    expect("status of the document", document.status_code, 200)
    expect("pages may read it", document.headers["Access-Control-Allow-Origin"], "*")
    return document.json()


for path in PATHS:
    for what, headers in {"without a token": {}, "with an unknown one": {"Authorization": "Bearer " + "0" * 30}}.items():
        with checks.check(f"{path} {what} tells who gives tokens"):
            document = discover(HTTP + path, **headers)
            expect("resource", document["resource"], HTTP)
            expect("authorization servers", document["authorization_servers"], [HTTP])
            expect("scopes", document["scopes_supported"], ["all"])
            expect("ways", document["bearer_methods_supported"], ["body", "header", "query"])

with checks.check("the same document is found without a refusal"):
    expect("document", requests.get(f"{HTTP}/.well-known/oauth-protected-resource").json(), discover(HTTP + PATHS[0]))

with checks.check("a token that the named server gives opens the door"):
    token = checks.demo["access_token"]["token"]
    answer = requests.get(f"{HTTP}/rfc6750/whoami", headers={"Authorization": f"Bearer {token}"})
    expect_principal(answer.json(), "OAuthUser", id=checks.demo["access_token"]["user"])

with checks.check("a page of another origin may ask OpenDataSoft's routes, after a preflight"):
    page = {"Origin": "https://page.example", "Access-Control-Request-Method": "GET"}
    preflight = requests.options(f"{HTTP}/api/end/point", headers=page | {"Access-Control-Request-Headers": "authorization"})
    expect("status", preflight.status_code, 200)
    expect("headers", preflight.headers["Access-Control-Allow-Headers"], "authorization")
    refusal = requests.get(f"{HTTPS}/api/end/point", headers=page, verify=CA)
    expect("status without credentials", refusal.status_code, 401)
    expect("exposed", refusal.headers["Access-Control-Expose-Headers"], "www-authenticate")
