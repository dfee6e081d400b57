"""What a proxy in front of the portal sends: the limits count the clients that it names."""

import requests

from checks import HTTP, Checks, expect, expect_principal

checks = Checks("throttle", "socrata")
user = checks.demo["user"]


def log_in(address, password, username=user["username"]):
    forwarded = {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
    # `auth=(..)` would send Latin-1; these names are ASCII.
    return requests.get(f"{HTTP}/socrata/whoami", headers=forwarded, auth=(username, password), timeout=10)


with checks.check("ten wrong passwords from one address are refused, the eleventh is told to wait"):
    seen = [log_in("203.0.113.7", "wrong" + str(at)) for at in range(11)]
    expect("statuses", [answer.status_code for answer in seen], [401] * 10 + [429])
    checks.expect_refusal("throttled", seen[10].status_code, seen[10].json())
    expect("seconds to wait", 1 <= int(seen[10].headers["Retry-After"]) <= 60, True)

with checks.check("there even the right password has to wait"):
    expect("status", log_in("203.0.113.7", user["password"]).status_code, 429)

with checks.check("another address logs in"):
    answer = log_in("203.0.113.8", user["password"])
    expect("status", answer.status_code, 200)
    expect_principal(answer.json(), "BasicUser", id=user["username"])

with checks.check("what a client says in front of the proxy's word changes nothing"):
    expect("status", log_in("198.51.100.1, 203.0.113.7", user["password"]).status_code, 429)

with checks.check("another user logs in from the same address"):
    odd = checks.demo["odd_user"]
    expect("status", log_in("203.0.113.7", odd["password"].encode("utf-8"), odd["username"]).status_code, 200)

with checks.check("this machine's own clients are not counted"):
    seen = [log_in("127.0.0.1", "wrong" + str(at)) for at in range(12)]
    expect("statuses", {answer.status_code for answer in seen}, {401})

with checks.check("what was slowed down is counted"):
    lines = requests.get(f"{HTTP}/metrics", timeout=10).text.splitlines()
    expect("counted", any(line.startswith('tower_principal_throttled_total{by="id"}') for line in lines), True)
