"""geodatahub: a bare JWT, and the `x-api-key` header beside it."""

import os

# Its constructor asks the vendor for log-in settings; a closed port keeps that on this machine.
os.environ["https_proxy"] = "http://127.0.0.1:9"

from geodatahub.connection import Connection
from geodatahub.models import Dataset

from checks import HTTP, Checks, altered, answers, expect, expect_principal, raised

checks = Checks("geodatahub", "geodatahub")
demo = checks.demo


def connect(token, api_key=None):
    return Connection(token=token, api_key=api_key, backend_url=f"{HTTP}/geodatahub/")


def reads(connection):
    expect("ping", connection.ping(), True)
    datasets = connection.listDatasets() or []
    expect("datasets are listed", [type(dataset) for dataset in datasets[:1]], [Dataset])
    found = connection.getDataset(datasets[0].identifier)
    expect("identifier", found and found.identifier, datasets[0].identifier)


for kind in ("id_token", "access_token"):
    with checks.check(f"pings, lists and reads datasets with the {kind.replace('_', ' ')}"):
        reads(connect(demo[kind]))
        whoami = connect(demo[kind])._call_endpoint("GET", "whoami") or {}
        expect_principal(whoami, "OAuthUser", id=demo["user"]["sub"], carrier="authorization")

with checks.check("pings, lists and reads datasets with an API key beside the token"):
    reads(connect(demo["id_token"], demo["api_key"]))

WRONG_TOKENS = {
    "a token with a wrong signature": altered(demo["id_token"]),
    "an expired token": demo["expired_id_token"],
    "a token of another issuer": demo["wrong_issuer_token"],
    "a token that is no JWT": "NgCXRK" + "0" * 26,
}
# A 401 sends the client to its refresh token, and it has none here.
for name, token in WRONG_TOKENS.items():
    with checks.check(f"{name} is refused"):
        connection = connect(token)
        with answers() as seen:
            raised(RuntimeError, connection.ping)
        checks.expect_refusal("access_token", seen[0].status_code, seen[0].json())
        expect("requests", len(seen), 1)

with checks.check("a word too short for a token is malformed"):
    connection = connect("NgCXRK")
    with answers() as seen:
        expect("ping", connection.ping(), False)
    checks.expect_refusal("malformed", seen[0].status_code, seen[0].json())

with checks.check("a wrong API key beside a good token is refused"):
    connection = connect(demo["id_token"], altered(demo["api_key"]))
    with answers() as seen:
        expect("ping", connection.ping(), False)
    checks.expect_refusal("app_token", seen[0].status_code, seen[0].json())

with checks.check("a dataset that is not there is not found"):
    with answers() as seen:
        expect("dataset", connect(demo["id_token"])._call_endpoint("GET", "datasets/nowhere"), None)
    checks.expect_refusal("no_dataset", seen[0].status_code, seen[0].json())
