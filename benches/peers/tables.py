"""Writes the tables of the performance guide between their markers."""
import datetime
import pathlib
import platform
import re
import statistics
import subprocess
import tomllib

here = pathlib.Path(__file__).resolve().parent
guide = here.parents[1] / "docs" / "guide" / "performance.md"

NAMES = {
    "none": "no layer",
    "no-op": "a layer that does nothing",
    "hand-owned": "by hand, owned user",
    "hand-marked": "the same, with `Cache-Control` and `Vary`",
    "hand-arc": "by hand, shared user",
    "axum-extra": "by hand with axum-extra",
    "tower-http": "tower-http, asynchronous",
    "tower-http-validate": "tower-http, one credential",
    "ours": "**tower-principal**",
    "ours-protect": "**tower-principal**, `protect`",
    "ours-many": "**tower-principal**, six forms",
    "ours-cached": "**tower-principal**, cached",
    "axum-login": "axum-login, a session",
    "jwt-authorizer": "jwt-authorizer",
    "oauth2-resource-server": "tower-oauth2-resource-server",
    "oauth2-resource-server-aws-lc": "the same with `jwt-aws-lc-rs`",
    "axum-jwt-auth": "axum-jwt-auth",
    "axum-jwks": "axum-jwks",
}

# A crate, its set-up, what it does, and what it does not do that others here do.
PEERS = [
    ("tower-principal", "its layer, `MemoryVerifier` or `JwtVerifier`, an extractor",
     "finds the principal of a credential in any of the dialect's forms; refuses a second credential; compares keyed "
     "fingerprints; marks the header sensitive; sets `Cache-Control` and `Vary`; answers a refusal with a challenge "
     "and a body",
     "load sessions"),
    ("axum", "`from_fn_with_state`, a `HashMap`, `Extension`",
     "finds the user of a token, as services write it by hand",
     "compare in constant time, set headers, name the reason of a refusal"),
    ("axum-extra", "the same, with `TypedHeader` for the credential", "the same; reads the header into its type",
     "as the row above; answers 400 if there is no credential"),
    ("tower-http", "`AsyncRequireAuthorizationLayer` with a map and a boxed future; "
     "`ValidateRequestHeaderLayer::bearer` and `basic`, which are deprecated",
     "the first finds the user of a token, the second compares the header with one value",
     "as the rows above; the second knows no users"),
    ("jwt-authorizer", "`into_layer`, a key set in memory, `JwtClaims`; axum 0.7",
     "checks a JWT and its `iss`, `aud` and `exp`", "run with axum 0.8, cache"),
    ("tower-oauth2-resource-server", "its layer, a static tenant, `Extension`",
     "checks a JWT and its `iss`, `aud` and `exp`", "check HS256, cache"),
    ("axum-jwt-auth", "`LocalDecoder`, `Claims` as extractor", "checks a JWT and its `iss`, `aud` and `exp`",
     "choose a key by its `kid` (`LocalDecoder`), cache"),
    ("axum-jwks", "a key set in memory, `Claims` as extractor", "checks a JWT and its `aud` and `exp`",
     "check HS256, ES256 and `iss`, cache"),
    ("axum-login", "`AuthManagerLayer`, `MemoryStore`, `login_required!`",
     "loads a session and its user by a cookie", "read tokens"),
]


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def number(value):
    return "" if value is None else f"{value:,.0f}"


def versions():
    """Returns the versions in the lock. Of a crate that is there twice, the newest."""
    packages = tomllib.loads((here / "Cargo.lock").read_text())["package"]
    order = lambda package: [int(part) for part in re.findall(r"\d+", package["version"])]
    return {package["name"]: package["version"] for package in sorted(packages, key=order)}


def peers(_):
    found = versions()
    rows = [[f"{name} {found[name]}", *rest] for name, *rest in PEERS]
    return table(["crate", "set-up", "does", "does not"], rows).replace("--:|", "---|")


def bearer(figures):
    rows = []
    for name, figure in figures["counted"].items():
        path, way = name.split("/")
        if (path, way) in (("bearer", way), ("session", way)) and way != "none":
            cells = [figure["instructions"], figure["allocations"], figures["times"][name]]
            rows.append([NAMES[way], *map(number, cells)])
    return table(["", "instructions", "allocations", "ns"], rows)


def paths(figures):
    ways = ["hand-owned", "axum-extra", "tower-http", "tower-http-validate", "ours"]

    def cell(path, way):
        figure = figures["counted"].get(f"{path}/{way}")
        return figure and f"{figure['instructions']:,.0f} / {figure['allocations']:.0f}" or ""

    names = {"basic": "a key and its secret over Basic", "query": "a token in the query", "form": "a token in a form",
             "missing": "refused without a credential", "wrong": "refused with an unknown token"}
    rows = [[text, *(cell(path, way) for way in ways)] for path, text in names.items()]
    return table(["", *(NAMES[way] for way in ways)], rows)


def jwt_rows(cell):
    ways = ["ours", "ours-cached", "jwt-authorizer", "oauth2-resource-server", "oauth2-resource-server-aws-lc",
            "axum-jwt-auth", "axum-jwks"]
    rows = [[NAMES[way], *(cell(f"{algorithm}/{way}") for algorithm in ("hs256", "rs256", "es256"))] for way in ways]
    return table(["", "HS256", "RS256", "ES256"], rows)


def jwt_times(figures):
    return jwt_rows(lambda name: number(figures["times"].get(name)))


def jwt_counts(figures):
    def cell(name):
        figure = figures["counted"].get(name)
        return figure and f"{figure['instructions']:,.0f} / {figure['allocations']:.0f}" or ""

    return jwt_rows(cell)


def audit(figures):
    names = {"ours": "**tower-principal**, an accepted token", "hand": "an event of as many fields, all of them text"}
    rows = [[text, *map(number, figures["counted"][f"audit/{way}"].values())][:3] for way, text in names.items()]
    return table(["", "instructions", "allocations"], rows)


def stored(figures):
    sizes = [f"{size:,}" for size in figures["sizes"]["stored"]]
    return table(["ns", *sizes], [[NAMES[way], *map(number, row)] for way, row in figures["stored"].items()])


def tasks(figures):
    sizes = [f"{size:,}" for size in figures["sizes"]["tasks"]]
    rows = [[NAMES[way], *(f"{value / 1e6:.2f}" for value in row)] for way, row in figures["tasks"].items()]
    return table(["million requests a second", *sizes], rows)


def throughput(figures):
    bursts = figures["throughput"]

    def median(way, column, of=None):
        return statistics.median(row[way][column] / (row[of][column] if of else 1) for row in bursts)

    rows = [
        [NAMES[way], f"{median(way, 'per_second'):,.0f}", f"{median(way, 'per_second', 'none'):.2f}",
         f"{median(way, 'p99') / 1000:.2f} ms", f"{median(way, 'p99', 'none'):.2f}",
         f"{median(way, 'cpu'):.2f} µs", f"{median(way, 'cpu', 'none'):.2f}"]
        for way in bursts[0]
    ]
    return table(["", "requests a second", "share", "p99", "ratio", "server's time", "ratio"], rows)


def measured(_):
    rustc = subprocess.check_output(["rustc", "--version"], text=True).split()[1]
    valgrind = subprocess.check_output(["valgrind", "--version"], text=True).strip().removeprefix("valgrind-")
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return (f"Measured on {datetime.date.today()} with rustc {rustc} and valgrind {valgrind},\n"
            f"on {model[1] if model else platform.machine()}.")


def write(figures):
    text = guide.read_text()
    for make in (measured, peers, bearer, paths, jwt_times, jwt_counts, audit, stored, tasks, throughput):
        name = make.__name__
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not between.search(text):
            raise SystemExit(f"{guide} has no marker {name}")
        text = between.sub(lambda match: f"{match[1]}\n{make(figures)}\n\n{match[2]}", text)
    guide.write_text(text)
