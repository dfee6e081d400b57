"""Keeps demo secrets out of what is printed.

demo_secrets.py scrub DATA         copies stdin to stdout without them
demo_secrets.py absent DATA FILE.. fails if one of them is in a file
"""

import json
import sys
from pathlib import Path

SECRET = ("password", "secret", "token", "key")


def secrets(value, name=""):
    """Every text under a name that ends like a secret's, itself or in a list."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from secrets(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets(inner, name)
    elif isinstance(value, str) and name.removesuffix("s").endswith(SECRET):
        yield value


def main(mode, data, *files):
    demo = json.loads((Path(data) / "demo-credentials.json").read_text(encoding="utf-8"))
    known = sorted(secrets(demo), key=len, reverse=True)
    if mode == "scrub":
        text = sys.stdin.read()
        for secret in known:
            text = text.replace(secret, "[demo secret]")
        print(text, end="")
    else:
        texts = [Path(file).read_text(encoding="utf-8", errors="replace") for file in files]
        sys.exit(any(secret in text for secret in known for text in texts))


main(*sys.argv[1:])
