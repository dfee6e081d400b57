"""What the Python scripts share: where the portal is, its demo credentials, and one printed line per check."""

import json
import logging
import os
from contextlib import contextmanager
from pathlib import Path

import requests

HTTP = os.environ["PORTAL_HTTP"]
HTTPS = os.environ["PORTAL_HTTPS"]
DATA = Path(os.environ["PORTAL_DATA"])
CA = str(DATA / "ca.pem")

REFUSALS = json.loads(Path(__file__).with_name("refusals.json").read_text())

# Some clients log the headers they sent.
logging.disable(logging.CRITICAL)


class Mismatch(Exception):
    """Holds only what may be printed: never a secret."""


class Checks:
    """The checks of one client against one platform's routes."""

    def __init__(self, client, platform):
        self.client = client
        self.demo = json.loads((DATA / "demo-credentials.json").read_text(encoding="utf-8"))[platform]
        self.refusals = REFUSALS["standard"] | REFUSALS[platform]

    @contextmanager
    def check(self, what):
        """Prints `ok` unless the block raises. Foreign messages stay unprinted: they may quote a URL with a token."""
        try:
            yield
        except Mismatch as mismatch:
            print(f"not ok {self.client}: {what} ({mismatch})", flush=True)
        except Exception as problem:
            print(f"not ok {self.client}: {what} ({where(problem)})", flush=True)
        else:
            print(f"ok {self.client}: {what}", flush=True)

    def expect_refusal(self, kind, status, body=None):
        """The answer is the one `refusals.json` has for `kind`; `body` is left out where the client hides it."""
        wanted_status, wanted_name = self.refusals[kind]
        expect("status", status, wanted_status)
        if body is not None and wanted_name is not None:
            expect("error", error_name(body), wanted_name)


def expect(label, got, wanted):
    if got != wanted:
        raise Mismatch(f"{label}: expected {wanted!r}, got {got!r}")


def expect_principal(whoami, principal, **fields):
    """`fields` are those of the portal's `whoami` answer."""
    for name, wanted in {"principal": principal, **fields}.items():
        expect(name, whoami.get(name), wanted)


def raised(error_type, call):
    """The error that `call` ends with, which must be one of `error_type`."""
    try:
        call()
    except error_type as error:
        return error
    raise Mismatch(f"expected {error_type.__name__}, but the call succeeded")


def error_name(body):
    """Socrata's answers have `"error": true` and put the name into `code`; GeoDataHub's have a `message` alone."""
    return body.get("code") if body.get("error") is True else body.get("error", body.get("message"))


def altered(secret):
    """A secret of the same form that nobody was given."""
    swapped = "a" if secret[-10] != "a" else "b"
    return secret[:-10] + swapped + secret[-9:]


@contextmanager
def answers():
    """The list of answers received inside the block, for clients that hide them."""
    seen, send = [], requests.Session.send

    def recording(*arguments, **options):
        response = send(*arguments, **options)
        seen.append(response)
        return response

    requests.Session.send = recording
    try:
        yield seen
    finally:
        requests.Session.send = send


def where(problem):
    trace = problem.__traceback__.tb_next or problem.__traceback__
    return f"{type(problem).__name__} at line {trace.tb_lineno}"
