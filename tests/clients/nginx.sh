#!/usr/bin/env bash
# The portal behind Debian's nginx, which ends TLS, against one that trusts 127.0.0.1 as a proxy.
set -euo pipefail
client=nginx
. "$(dirname "$0")/checks.sh"
PATH=$PATH:/usr/sbin

# A site is a way to tell the portal how a request came. nginx passes on what clients send unless it is told otherwise.
sites() {
  site overwriting 'proxy_set_header X-Forwarded-Proto $scheme;'
  site rfc7239 'proxy_set_header Forwarded "for=$remote_addr;proto=$scheme"; proxy_set_header X-Forwarded-Proto "";'
  site both 'proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header Forwarded "for=$remote_addr;proto=$scheme";'
  site appending 'proxy_set_header X-Forwarded-Proto "$http_x_forwarded_proto, $scheme";'
  site silent 'proxy_set_header X-Forwarded-Proto ""; proxy_set_header Forwarded "";'
}

# site NAME DIRECTIVES: a server on a port of plain http and on one of TLS.
declare -A plain tls
site() {
  plain[$1]=${ports[0]}
  tls[$1]=${ports[1]}
  ports=("${ports[@]:2}")
  cat <<NGINX
  server {
    listen 127.0.0.1:${plain[$1]};
    listen 127.0.0.1:${tls[$1]} ssl http2;
    location / {
      proxy_pass $PORTAL_HTTP;
      proxy_set_header Host \$host;
      proxy_set_header X-Forwarded-For \$remote_addr;
      $2
    }
  }
NGINX
}

# free_ports NUMBER: all different.
free_ports() {
  python3 -c 'import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(socket.getsockname()[1] for socket in sockets))' "$1"
}

configure() {
  local of=$scratch/nginx
  mkdir "$of"
  read -ra ports < <(free_ports 10)
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$of/key.pem" -out "$of/ca.pem" 2>/dev/null
  {
    cat <<NGINX
# One process, so that nobody else has to read this folder.
daemon off;
master_process off;
pid $of/pid;
error_log $of/error.log warn;
events { worker_connections 64; }
http {
  access_log off;
  ssl_certificate $of/ca.pem;
  ssl_certificate_key $of/key.pem;
  client_body_temp_path $of/body;
  proxy_temp_path $of/proxy;
  fastcgi_temp_path $of/fastcgi;
  uwsgi_temp_path $of/uwsgi;
  scgi_temp_path $of/scgi;
NGINX
    sites
    echo '}'
  } >"$of/nginx.conf"
}

begin() {
  nginx -e "$scratch/nginx/error.log" -c "$scratch/nginx/nginx.conf" >"$scratch/nginx/out" 2>&1 &
  nginx_pid=$!
  trap 'kill "$nginx_pid" 2>/dev/null || true; wait "$nginx_pid" 2>/dev/null || true; rm -rf "$scratch"' EXIT
  for _ in {1..100}; do
    (exec 8<>"/dev/tcp/127.0.0.1/${plain[silent]}") 2>/dev/null && return
    sleep 0.1
  done
  failed 'nginx starts' "$(tail -n 1 "$scratch/nginx/error.log")"
  exit 1
}

over_http() { base=http://localhost:${plain[$1]} "${@:2}"; }
over_tls() { base=https://localhost:${tls[$1]} "${@:2}" --cacert "$scratch/nginx/ca.pem"; }
# Not through nginx, and not from the address that the portal trusts.
as_stranger() { base=$PORTAL_HTTP "$@" --interface 127.0.0.2; }
as_stranger_over_tls() { base=${PORTAL_HTTPS/localhost/127.0.0.1} "$@" --interface 127.0.0.2 --cacert "$PORTAL_DATA/ca.pem"; }

throwaway=0
# shown WHAT FATE WAY..: a token of its own is refused on that way, and ends or lives.
shown() {
  local what=$1 fate=$2 way=("${@:3}") token
  token=$(demo throwaway_access_tokens "$throwaway")
  throwaway=$((throwaway + 1))
  local oauth=(-H "Authorization: OAuth $token")
  over_tls overwriting known_as "$what: the token is good before" OAuthUser authorization /socrata/whoami "${oauth[@]}"
  "${way[@]}" refused "$what: an OAuth token is refused" plain_http /socrata/whoami "${oauth[@]}"
  if [[ $fate == ends ]]; then
    over_tls overwriting refused "$what: the token has ended" access_token /socrata/whoami "${oauth[@]}"
  else
    over_tls overwriting known_as "$what: the token lives" OAuthUser authorization /socrata/whoami "${oauth[@]}"
  fi
}

# with HEADER WAY..: the same way with a header of the client's.
with() { "${@:2}" -H "$1"; }

platform=socrata
configure
begin
for site in overwriting rfc7239; do
  platform=socrata
  over_tls "$site" known_as "$site, https: a password" BasicUser authorization /socrata/whoami \
    -u "$(demo user username):$(demo user password)"
  over_tls "$site" known_as "$site, https: an OAuth token" OAuthUser authorization /socrata/whoami \
    -H "Authorization: OAuth $(demo access_token token)"
  over_http "$site" refused "$site, http: a password" plain_http /socrata/whoami \
    -u "$(demo user username):$(demo user password)"
  over_http "$site" known_as "$site, http: an app token" AppToken header /socrata/whoami \
    -H "X-App-Token: $(demo app token)"
  over_http "$site" known_as "$site, http: a guest" Guest '' /socrata/whoami

  platform=usergrid
  pair="client_id=$(demo org_client id)&client_secret=$(demo org_client secret)"
  over_tls "$site" known_as "$site, https: a client in the query" OrgAdmin query "/$(demo org)/weather/whoami?$pair"
  over_http "$site" refused "$site, http: a client in the query" plain_http "/$(demo org)/weather/whoami?$pair"

  platform=geodatahub
  over_tls "$site" known_as "$site, https: a bare JWT" OAuthUser authorization /geodatahub/whoami \
    -H "Authorization: $(demo id_token)"
  over_http "$site" refused "$site, http: a bare JWT" plain_http /geodatahub/whoami \
    -H "Authorization: $(demo id_token)"

  platform=opendatasoft
  over_tls "$site" known_as "$site, https: a token in a body" OAuthUser body /opendatasoft/whoami \
    -d "access_token=$(demo access_token token)"
  over_http "$site" refused "$site, http: a token in a body" plain_http /opendatasoft/whoami \
    -d "access_token=$(demo access_token token)"
  over_tls "$site" known_as "$site, https: a bearer token over HTTP/1.1" OAuthUser authorization /rfc6750/whoami \
    --http1.1 -H "Authorization: Bearer $(demo access_token token)"
  over_tls "$site" refused "$site, https: no credential" guest /rfc6750/whoami
done

platform=socrata
shown 'http' ends over_http overwriting
shown 'http, by RFC 7239' ends over_http rfc7239
shown "http with the client's own X-Forwarded-Proto" ends with 'X-Forwarded-Proto: https' over_http overwriting
shown "http with the client's own X-Forwarded-Proto, by RFC 7239" ends with 'X-Forwarded-Proto: https' \
  over_http rfc7239
shown "http with the client's own Forwarded" ends with 'Forwarded: proto=https' over_http both
shown "http with the client's Connection naming the header" ends with 'Connection: X-Forwarded-Proto' \
  over_http overwriting
# What contradicts nginx's own word, since it was not told to overwrite it too: refused, and nothing more.
shown "http with the client's Forwarded where nginx sets the other" lives with 'Forwarded: proto=https' \
  over_http overwriting
shown 'an nginx that appends, http' lives over_http appending
shown 'an nginx that appends, https' lives over_tls appending
shown "an nginx that appends, http with the client's https" lives with 'X-Forwarded-Proto: https' over_http appending
shown 'an nginx that says nothing, http' lives over_http silent
shown 'an nginx that says nothing, https' lives over_tls silent
shown "a stranger's https over plain http" ends with 'X-Forwarded-Proto: https' as_stranger
as_stranger_over_tls known_as "a stranger's http over TLS is not believed" OAuthUser authorization /socrata/whoami \
  -H 'X-Forwarded-Proto: http' -H "Authorization: OAuth $(demo access_token token)"
over_tls overwriting known_as 'nor does it end the token' OAuthUser authorization /socrata/whoami \
  -H "Authorization: OAuth $(demo access_token token)"
