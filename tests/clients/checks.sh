# What the curl scripts share. `client` is named in every line; `platform` and `base` say what is asked where.

here=$(dirname "${BASH_SOURCE[0]}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# pick FILE NAME..: a value inside a JSON file; nothing if it is null.
pick() {
  python3 - "$@" <<'PY'
import json, sys

file, *names = sys.argv[1:]
value = json.load(open(file, encoding="utf-8"))
for name in names:
    value = value[int(name) if isinstance(value, list) else name]
print("" if value is None else value)
PY
}

# demo NAME..: one of the platform's demo credentials.
demo() { pick "$PORTAL_DATA/demo-credentials.json" "$platform" "$@"; }

# refusal KIND: sets `wanted_status` and `wanted_error` as refusals.json has them. A table is read once.
declare -A refusals
refusal() {
  local table=$here/refusals.json section=$platform key="$platform $1"
  if [[ -z ${refusals[$key]:-} ]]; then
    pick "$table" "$section" "$1" >"$scratch/found" 2>&1 || section=standard
    refusals[$key]="$(pick "$table" "$section" "$1" 0) $(pick "$table" "$section" "$1" 1)"
  fi
  read -r wanted_status wanted_error <<<"${refusals[$key]}"
}

passed() { echo "ok $client: $1"; }
failed() { echo "not ok $client: $1 ($2)"; }

# ask PATH [CURL ARGUMENT]..: sets `status`, `version`, `code` (curl's own), and of a JSON body `error`, `principal` and
# `carrier`.
ask() {
  local path=$1
  shift
  : >"$scratch/body"
  read -r status version code < <(curl -sS --globoff --max-time 10 -o "$scratch/body" \
    -w '%{http_code} %{http_version} %{exitcode}\n' "$@" "$base$path" 2>"$scratch/stderr") || true
  { read -r error && read -r principal && read -r carrier; } < <(answered)
}

answered() {
  python3 - "$scratch/body" <<'PY'
import json, sys

try:
    body = json.load(open(sys.argv[1], encoding="utf-8"))
except ValueError:
    body = {}
body = body if isinstance(body, dict) else {}
for value in body.get("code") or body.get("error"), body.get("principal"), body.get("carrier"):
    print(value if value is not None else "")
PY
}

# answers WHAT STATUS PATH [CURL ARGUMENT]..
answers() {
  local what=$1 wanted=$2
  ask "${@:3}"
  if [[ $status == "$wanted" ]]; then passed "$what"; else failed "$what" "expected $wanted, got $status $error"; fi
}

# known_as WHAT PRINCIPAL CARRIER PATH [CURL ARGUMENT]..: `whoami` says so.
known_as() {
  local what=$1 wanted="200 $2 $3"
  ask "${@:4}"
  local got="$status $principal $carrier"
  if [[ $got == "$wanted" ]]; then passed "$what"; else failed "$what" "expected $wanted, got $got $error"; fi
}

# refused_by_curl WHAT CODE PATH [CURL ARGUMENT]..: curl ends with that code, before any answer.
refused_by_curl() {
  local what=$1 wanted=$2
  ask "${@:3}"
  if [[ $code == "$wanted" ]]; then passed "$what"; else failed "$what" "expected curl's $wanted, got $code"; fi
}

# refused WHAT KIND PATH [CURL ARGUMENT]..
refused() {
  local what=$1 wanted_status wanted_error
  refusal "$2"
  ask "${@:3}"
  if [[ $status == "$wanted_status" && ${wanted_error:-$error} == "$error" ]]; then
    passed "$what"
  else
    failed "$what" "expected $wanted_status $wanted_error, got $status $error"
  fi
}
