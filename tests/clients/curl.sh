#!/usr/bin/env bash
# curl: the forms that none of the clients sends, and TLS.
set -euo pipefail
client=curl
. "$(dirname "$0")/checks.sh"
base=$PORTAL_HTTP

altered() { echo "${1%??????????}$([[ ${1: -10:1} == a ]] && echo b || echo a)${1: -9}"; }

platform=socrata
app_token=$(demo app token)
known_as 'an app token as $$app_token' AppToken query "/socrata/whoami?\$\$app_token=$app_token"
known_as 'an app token as %24%24app_token' AppToken query "/socrata/whoami?%24%24app_token=$app_token"
known_as 'an app token as X-App-Token' AppToken header /socrata/whoami -H "X-App-Token: $app_token"
refused 'an unknown $$app_token is refused where guests may read' app_token \
  "/resource/4tka-6guv.json?\$\$app_token=$(altered "$app_token")"
refused 'an app token in the header and the query is ambiguous' ambiguous \
  "/socrata/whoami?\$\$app_token=$app_token" -H "X-App-Token: $app_token"
refused 'Basic that is not base64 is malformed, not a guest' malformed \
  /resource/4tka-6guv.json -H 'Authorization: Basic ???'
answers 'a public dataset answers HEAD' 200 /resource/4tka-6guv.json --head

platform=usergrid
org=$(demo org)
basic=(-u "$(demo org_client id):$(demo org_client secret)")
known_as "an organization's client as Basic" OrgAdmin authorization "/$org/weather/whoami" "${basic[@]}"
known_as 'an access token as Bearer' OAuthUser authorization "/$org/weather/whoami" \
  -H "Authorization: Bearer $(demo access_token token)"
refused "a client's wrong secret as Basic is refused" basic_client "/$org/weather/whoami" \
  -u "$(demo org_client id):$(altered "$(demo org_client secret)")"
refused 'an id without its secret is malformed, not a guest' malformed \
  "/$org/sandbox/cities?client_id=$(demo org_client id)"

platform=geodatahub
known_as "a user's password as Basic" BasicUser authorization /geodatahub/whoami \
  -u "$(demo user username):$(demo user password)"
refused 'a JWT behind Bearer is refused' unknown_scheme /geodatahub/whoami -H "Authorization: Bearer $(demo id_token)"

platform=opendatasoft
token=$(demo access_token token)
key=$(demo api_key key)
known_as 'Bearer: with a colon' OAuthUser authorization /opendatasoft/whoami -H "Authorization: Bearer: $token"
known_as 'bearer in small letters' OAuthUser authorization /opendatasoft/whoami -H "Authorization: bearer $token"
known_as 'a token in a form body' OAuthUser body /opendatasoft/whoami -d "access_token=$token"
known_as 'a token in the body of a GET without Content-Type' OAuthUser body /opendatasoft/whoami \
  -X GET -H Content-Type: -d "access_token=$token"
known_as 'an API key as Apikey' ApiKey authorization /opendatasoft/whoami -H "Authorization: Apikey $key"
known_as 'an API key as ApiKey' ApiKey authorization /opendatasoft/whoami -H "Authorization: ApiKey $key"
known_as 'an API key as apikey in the query' ApiKey query "/opendatasoft/whoami?apikey=$key"
refused 'an unknown token behind Bearer: is refused' access_token /opendatasoft/whoami \
  -H "Authorization: Bearer: $(altered "$token")"
refused 'Bearer: is malformed for the strict standard' malformed /rfc6750/whoami -H "Authorization: Bearer: $token"
refused 'two Authorization headers are ambiguous' ambiguous /opendatasoft/whoami \
  -H "Authorization: Bearer $token" -H "Authorization: Apikey $key"

bearer=(-H "Authorization: Bearer $token")
base=$PORTAL_HTTPS
tls=(--cacert "$PORTAL_DATA/ca.pem" "${bearer[@]}")
for protocol in 1.1 2; do
  known_as "HTTP/$protocol over TLS" OAuthUser authorization /any/whoami "${tls[@]}" "--http$protocol"
  if [[ $version == "$protocol" ]]; then
    passed "HTTP/$protocol is what was spoken"
  else
    failed "HTTP/$protocol is what was spoken" "got $version"
  fi
done
refused_by_curl "the portal's certificate is signed by its own authority alone" 60 /any/whoami
base=$PORTAL_HTTP
answers 'an unknown path is not found' 404 /any/nowhere -H 'Authorization: Basic ???'
for open in /healthz /metrics /.well-known/oauth-protected-resource; do
  answers "$open asks for no credentials" 200 "$open"
done
