"""geodatahub with the command line's file: `gdh login` stores a refresh token, and the client works with it."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

# The client asks its vendor for log-in settings; a closed port keeps that on this machine.
os.environ["https_proxy"] = "http://127.0.0.1:9"

import requests
from geodatahub.auth import GeodatahubAuth
from geodatahub.connection import Connection
from geodatahub.models import Dataset

from checks import HTTP, Checks, Mismatch, expect, expect_principal, raised
from user_agent import Page, UserAgent

checks = Checks("gdh", "geodatahub")
demo = checks.demo
gerda, issuer, client_id, cli = (demo[name] for name in ("user", "issuer", "client_id", "cli_client"))
login = {"username": gerda["username"], "password": gerda["password"]}

# What desktops open a URL with. This one is a user who decides at once.
OPENER = f"""#!{sys.executable}
import json, os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import requests
from user_agent import UserAgent
target = UserAgent(json.loads(os.environ["GERDA"])).visit(sys.argv[1], os.environ["DECISION"])
requests.get(target, timeout=10)
"""

metadata = requests.get(f"{HTTP}/.well-known/oauth-authorization-server/geodatahub", timeout=10).json()
COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/"
post = requests.post


def refresh(token):
    body = {"grant_type": "refresh_token", "client_id": cli["id"], "refresh_token": token}
    return post(metadata["token_endpoint"], data=body, timeout=10)


def instead_of_cognito(url, **options):
    """The client refreshes at Amazon's own interface; here its request becomes the standard's."""
    if url != COGNITO:
        return post(url, **options)
    answer = refresh(options["json"]["AuthParameters"]["REFRESH_TOKEN"])
    tokens = answer.json()
    if answer.status_code == 200:
        tokens = {"AuthenticationResult": {"AccessToken": tokens["access_token"], "IdToken": tokens["id_token"]}}
    answer._content = json.dumps(tokens).encode()
    return answer


requests.post = instead_of_cognito


class Machine:
    """A home folder with a desktop."""

    def __init__(self, folder):
        self.home = Path(folder)
        self.file = self.home / ".gdh" / "authentication"
        opener = self.home / "bin" / "xdg-open"
        opener.parent.mkdir()
        opener.write_text(OPENER)
        opener.chmod(0o700)

    def gdh(self, command, *options, decision="allow"):
        environment = os.environ | {
            "HOME": str(self.home),
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
            "DISPLAY": ":0",
            "GERDA": json.dumps(login),
            "DECISION": decision,
        }
        arguments = [os.environ["LOGIN_BIN"], command, "--issuer", issuer, "--client-id", cli["id"], *options]
        return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)

    def stored(self):
        return json.loads(self.file.read_text())


def logged_in(machine):
    done = machine.gdh("login", "--print-all-tokens", "--wait", "20")
    if done.returncode != 0:
        raise Mismatch(f"exit code: expected 0, got {done.returncode}")
    return json.loads(done.stdout)


def connection(machine):
    """The client as a program of the user has it: it reads the file, and refreshes."""
    os.environ["HOME"] = str(machine.home)
    return Connection(backend_url=f"{HTTP}/geodatahub/")


def settings():
    """What the client gets from its vendor."""
    auth = GeodatahubAuth()
    auth._redirect_url, auth._app_id, auth._base_url = "", client_id, issuer
    return auth


def check(what):
    """A check with a machine of its own."""

    def run(block):
        with checks.check(what), TemporaryDirectory() as folder:
            block(Machine(folder))

    return run


@check("login stores one key in a file for its owner alone, and prints three tokens")
def _(machine):
    tokens = logged_in(machine)
    expect("tokens", sorted(name for name in tokens if name.endswith("token")), ["access_token", "id_token", "refresh_token"])
    expect("file", machine.stored(), {"refresh_token": tokens["refresh_token"]})
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (machine.file, machine.file.parent)]
    expect("modes", modes, [0o600, 0o700])


@check("the client works with the file")
def _(machine):
    logged_in(machine)
    client = connection(machine)
    expect("log-in is required", client.login_required, False)
    expect("ping", client.ping(), True)
    expect("datasets are listed", [type(dataset) for dataset in client.listDatasets()[:1]], [Dataset])
    expect_principal(client._call_endpoint("GET", "whoami") or {}, "OAuthUser", id=gerda["sub"])


@check("each of the printed tokens works as the document has it")
def _(machine):
    tokens = logged_in(machine)
    for name in ("access_token", "id_token"):
        client = Connection(token=tokens[name], backend_url=f"{HTTP}/geodatahub/")
        expect("ping", client.ping(), True)


@check("a stored token gives new tokens without a browser")
def _(machine):
    logged_in(machine)
    done = machine.gdh("login", "--use-refresh-token", "--print-all-tokens", decision="none")
    expect("exit code", done.returncode, 0)
    tokens = json.loads(done.stdout)
    client = Connection(token=tokens["id_token"], backend_url=f"{HTTP}/geodatahub/")
    expect("ping", client.ping(), True)
    expect("status with what is stored", refresh(machine.stored()["refresh_token"]).status_code, 200)


@check("logout ends the tokens and deletes the file")
def _(machine):
    token = logged_in(machine)["refresh_token"]
    expect("exit code", machine.gdh("logout").returncode, 0)
    expect("file", machine.file.exists(), False)
    refused = refresh(token)
    checks.expect_refusal("grant", refused.status_code, refused.json())
    raised(RuntimeError, lambda: connection(machine))


@check("a user who denies ends the command with an error and without a file")
def _(machine):
    expect("exit code", machine.gdh("login", "--wait", "20", decision="deny").returncode, 4)
    expect("file", machine.file.exists(), False)


def code_page():
    asked = {"client_id": client_id, "response_type": "code"}
    url = requests.Request("GET", metadata["authorization_endpoint"], params=asked).prepare().url
    page = UserAgent(login).visit(url)
    expect("is a page", isinstance(page, Page), True)
    return page.codes[0]


@check("the client's own log-in takes the code that the page shows, once")
def _(machine):
    os.environ["HOME"] = str(machine.home)
    code, auth = code_page(), settings()
    access, _, identity = auth.login(code)
    for token in (access, identity):
        expect("ping", Connection(token=token, backend_url=f"{HTTP}/geodatahub/").ping(), True)
    raised(RuntimeError, lambda: settings().login(code))


for name in ("redirect_uri", "redirection_uri"):
    @check(f"the document's request with `{name}` gets three tokens")
    def _(_):
        body = {"grant_type": "authorization_code", "client_id": client_id, "code": code_page(), name: ""}
        answer = post(metadata["token_endpoint"], data=body, timeout=10)
        expect("status", answer.status_code, 200)
        found = sorted(member for member in answer.json() if member.endswith("token"))
        expect("tokens", found, ["access_token", "id_token", "refresh_token"])
