"""Builds the programs, and counts and times their cases."""
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent))
import callgrind  # noqa: E402

target = here.parents[1] / "target" / "peers"
tokens = target / "tokens"

# The packages, each built alone: otherwise cargo gives to each the features that any of them wants. A name, a package,
# and cargo's arguments.
PROGRAMS = [
    ("layers", "layers", ["--bin", "layers"]),
    ("axum-login", "peer-axum-login", []),
    ("audit-json", "audit-json", []),
    ("jwt-ours", "jwt-ours", []),
    ("jwt-authorizer", "peer-jwt-authorizer", []),
    ("oauth2", "peer-oauth2-resource-server", []),
    ("oauth2-aws-lc", "peer-oauth2-resource-server", ["--no-default-features", "--features", "aws-lc"]),
    ("axum-jwt-auth", "peer-axum-jwt-auth", []),
    ("axum-jwks", "peer-axum-jwks", []),
]

# The ways that are compared by the number of callers and of tasks.
COMPARED = ["none", "hand-owned", "hand-arc", "tower-http", "ours"]
STORED = [100, 1_000, 10_000, 100_000, 1_000_000]
TASKS = [1, 16, 256, 4_096]


def build(package, arguments):
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--message-format=json", "-p", package, *arguments]
    command += ["--manifest-path", here / "Cargo.toml", "--target-dir", target]
    messages = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return next(message["executable"] for message in map(json.loads, messages) if message.get("executable"))


def build_all():
    """Returns the path of each case's program, and of its copy: the same package is built more than once."""
    tokens.mkdir(parents=True, exist_ok=True)
    subprocess.run([build("tokens", []), tokens], check=True)
    os.environ["PEERS_TOKENS"] = str(tokens)
    programs = {}
    for name, package, arguments in PROGRAMS:
        print(f"building {name}", file=sys.stderr)
        copy = target / f"program-{name}"
        copy.write_bytes(pathlib.Path(build(package, arguments)).read_bytes())
        copy.chmod(0o755)
        for case in subprocess.check_output([copy], text=True).split():
            programs[case + ("-aws-lc" if name == "oauth2-aws-lc" else "")] = (copy, case)
    return programs


def count(programs):
    """Counts each case as the difference between many and few requests, through the case and through the plain router."""

    def difference(name, *plain):
        program, case = programs[name]
        # Cryptography costs millions of instructions, and no more requests are needed to see them.
        few, many = (10, 60) if name.startswith(("rs", "es")) else (200, 2_200)
        runs = [callgrind.count(program, case, "requests", str(number), *plain) for number in (few, many)]
        return [(most - least) / (many - few) for least, most in zip(*runs)]

    def one(name):
        way, plain = difference(name), difference(name, "plain")
        print(f"counted {name}: {way[0] - plain[0]:.0f}, {way[1] - plain[1]:.1f}", file=sys.stderr)
        return name, {"instructions": way[0] - plain[0], "allocations": way[1] - plain[1], "plain": plain[0]}

    with ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        return dict(pool.map(one, programs))


def rounds(runs, number):
    """Runs all in shuffled order, that many times. Returns the medians of each column that they print."""
    ahead = os.environ.get("AHEAD", "").split()
    printed = {name: [] for name in runs}
    for at in range(number):
        for name in random.sample(list(runs), len(runs)):
            words = subprocess.check_output([*ahead, *runs[name]], text=True).split()
            printed[name].append([float(word) for word in words])
        print(f"round {at + 1} of {number}", file=sys.stderr)
    return {name: [statistics.median(column) for column in zip(*rows)] for name, rows in printed.items()}


def times(programs, number):
    """Times each case in ns, as the difference to the plain router in the same process."""
    medians = rounds({name: [program, case, "time"] for name, (program, case) in programs.items()}, number)
    return {name: way - plain for name, (way, plain) in medians.items()}


def compared(programs, job, sizes, number):
    """Runs a job of the compared ways with each size. Returns a list for each way."""
    runs = {}
    for way in COMPARED:
        program, case = programs[f"bearer/{way}"]
        runs |= {f"{way} {size}": [program, case, job, str(size)] for size in sizes}
    medians = rounds(runs, number)
    return {way: [medians[f"{way} {size}"] for size in sizes] for way in COMPARED}


def stored(programs, number):
    found = compared(programs, "stored", STORED, number)
    return {way: [both - plain for both, plain in rows] for way, rows in found.items() if way != "none"}


def tasks(programs, number):
    return {way: [row[0] for row in rows] for way, rows in compared(programs, "tasks", TASKS, number).items()}


def throughput():
    """Runs `../throughput` with its own number of rounds, and returns its bursts."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([here.parent / "throughput"], check=True, env=os.environ | {"JSON": out.name})
        return json.load(open(out.name))
