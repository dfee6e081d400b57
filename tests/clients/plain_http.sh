#!/usr/bin/env bash
# curl against a portal that does not take plain http for secure.
set -euo pipefail
client='plain http'
. "$(dirname "$0")/checks.sh"
base=$PORTAL_HTTP

base=$PORTAL_HTTPS
ask /.well-known/oauth-protected-resource --cacert "$PORTAL_DATA/ca.pem"
found="$status $(field resource) $(field authorization_servers)"
if [[ $found == "200 $PORTAL_HTTPS ['$PORTAL_HTTPS']" ]]; then
  passed 'the metadata is about the origin over TLS'
else
  failed 'the metadata is about the origin over TLS' "got $found"
fi
base=$PORTAL_HTTP

over_tls() { base=$PORTAL_HTTPS "$@" --cacert "$PORTAL_DATA/ca.pem"; }

platform=socrata
token=$(demo throwaway_access_tokens 0)
untouched=$(demo throwaway_access_tokens 1)
user=(-u "$(demo user username):$(demo user password)")
oauth=(-H "Authorization: OAuth $token")
known_as 'a guest passes' Guest '' /socrata/whoami
known_as 'X-App-Token passes' AppToken header /socrata/whoami -H "X-App-Token: $(demo app token)"
known_as '$$app_token passes' AppToken query "/socrata/whoami?\$\$app_token=$(demo app token)"
refused 'a password is refused' plain_http /socrata/whoami "${user[@]}"
refused 'a password is refused beside an app token' plain_http /socrata/whoami "${user[@]}" \
  -H "X-App-Token: $(demo app token)"
refused 'an API key is refused' plain_http /resource/priv-0001.json -u "$(demo api_key id):$(demo api_key secret)"
refused 'an OAuth token is refused' plain_http /socrata/whoami "${oauth[@]}"
over_tls refused 'an OAuth token seen on plain http has ended' access_token /socrata/whoami "${oauth[@]}"
over_tls known_as 'another OAuth token has not' OAuthUser authorization /socrata/whoami \
  -H "Authorization: OAuth $untouched"
over_tls known_as 'a password seen on plain http has not' BasicUser authorization /socrata/whoami "${user[@]}"

platform=usergrid
org=$(demo org)
client_pair="client_id=$(demo org_client id)&client_secret=$(demo org_client secret)"
known_as 'a guest passes at the sandbox' Guest '' "/$org/sandbox/whoami"
refused "a client's secret is refused" plain_http "/$org/weather/whoami?$client_pair"
refused "a client's secret is refused at the sandbox" plain_http "/$org/sandbox/whoami?$client_pair"
refused 'an access token is refused' plain_http "/$org/weather/whoami?access_token=$(demo access_token token)"

platform=geodatahub
refused 'a bare JWT is refused' plain_http /geodatahub/whoami -H "Authorization: $(demo id_token)"
over_tls known_as 'a bare JWT passes over TLS' OAuthUser authorization /geodatahub/whoami \
  -H "Authorization: $(demo id_token)"

platform=opendatasoft
bearer=(-H "Authorization: Bearer $(demo access_token token)")
refused 'a bearer token is refused' plain_http /opendatasoft/whoami "${bearer[@]}"
refused 'a token in the query is refused' plain_http "/opendatasoft/whoami?access_token=$(demo access_token token)"
refused 'a token in the body is refused' plain_http /opendatasoft/whoami -d "access_token=$(demo access_token token)"
refused 'an API key is refused' plain_http "/opendatasoft/whoami?apikey=$(demo api_key key)"
over_tls known_as 'a bearer token seen on plain http has not ended' OAuthUser authorization /opendatasoft/whoami \
  "${bearer[@]}"
