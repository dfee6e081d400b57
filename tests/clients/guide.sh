#!/usr/bin/env bash
# The commands of the guide's chapter "Authorize with curl", word by word, against its example.
set -euo pipefail
client=guide
. "$(dirname "$0")/checks.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)

# The server beside the portal that was built.
server=$(dirname "${PORTAL_BIN:-$root/target/debug/examples/portal}")/authorization_server
[[ -x $server ]] || cargo build --quiet --all-features --example authorization_server
"$server" >"$scratch/server" 2>&1 &
trap 'kill %1 2>/dev/null || true; rm -rf "$scratch"' EXIT
for _ in {1..100}; do
  curl -s -o /dev/null http://127.0.0.1:3000/ && break
  sleep 0.1
done

awk '/^```sh/ { shown = 1; next } /^```/ { shown = 0 } shown' \
  "$root/docs/guide/authorize_with_curl.md" >"$scratch/commands"
bash -eu "$scratch/commands" >"$scratch/printed" 2>"$scratch/errors" || true

# prints WHAT PATTERN
prints() {
  if grep -qE "$2" "$scratch/printed"; then passed "$1"; else failed "$1" "not printed"; fi
}
prints 'metadata name the authorization endpoint' '"authorization_endpoint":"http://127.0.0.1:3000/'
prints 'the log-in is a redirect' '(^|})303$'
prints 'the client gets a code, its state and the issuer' 'callback\?code=.*&state=af0ifjsldkj&iss=http%3A%2F%2F'
prints 'the code gets tokens' '"refresh_token":"tpr_'
prints 'the service accepts the access token' '^hello, alice$'
prints 'a revoked token is refused' '"error":"invalid_token"'
prints 'the log-out is a page' '}200$'
if [[ $(grep -c '"refresh_token":"tpr_' "$scratch/printed") == 2 ]]; then
  passed 'the refresh token gets new tokens'
else
  failed 'the refresh token gets new tokens' 'not printed'
fi
if [[ ! -s $scratch/errors ]]; then passed 'no command fails'; else failed 'no command fails' 'errors'; fi
