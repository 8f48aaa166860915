#!/usr/bin/env bash
# Brings the deployment up, trains and indexes in the trainer's container, sees both served, and takes it all down.
# Needs a Docker engine with Compose, and nothing else on this machine but bash and curl.
set -euo pipefail
cd "$(dirname "$0")/.."
compose() { if docker compose version >/dev/null 2>&1; then docker compose -p iiae-try "$@"; else docker-compose -p iiae-try "$@"; fi; }
say() { printf '\n== %s\n' "$*"; }
until_answers() { for _ in $(seq 120); do curl -fsS "$@" 2>/dev/null && return; sleep 1; done; echo "no answer: $*" >&2; compose logs; return 1; }
metric() { curl -fsS "$url/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
expect() { [[ $2 == $3 ]] || { echo "expected $1 to be $3, found $2" >&2; exit 1; }; echo "$1: $2"; }

IIAE_DATA=$(mktemp -d); export IIAE_DATA IIAE_PUBLISH=${IIAE_PUBLISH:-8765}
url=http://127.0.0.1:$IIAE_PUBLISH
photos=service/web/samples/mnist-cdcb
cp -r service/web/samples "$IIAE_DATA/photos" && chmod -R a+rX "$IIAE_DATA"
trap 'compose down --volumes --remove-orphans >/dev/null 2>&1; rm -rf "$IIAE_DATA"' EXIT

say "images"
compose --profile trainer build
docker images --format '{{.Repository}}  {{.Size}}' | grep '^iiae-'

say "up"
compose up -d
until_answers "$url/health/ready"; echo

say "the trainer publishes a checkpoint; the running service takes it up"
compose run --rm trainer train facades --reader synthetic --data /tmp --name tiny --image-size 32 --width 0.125 --steps 20 --every 10
until_answers "$url/models/tiny" | head -c 200; echo
curl -fsS -F image=@"$photos/7-cd.png" -F model=tiny -F samples=2 "$url/translate" | head -c 120; echo

say "the trainer indexes a folder; the running service searches it"
compose run --rm trainer index /data/photos --gallery samples
hits=$(curl -fsS -F sketch=@docs/umbrella.png -F gallery=samples -F k=3 "$url/sbir/search"); echo "$hits"
expect "hits" "$(grep -o '"id"' <<<"$hits" | wc -l)" 3
shown=$(grep -o '/galleries/samples/photos/[0-9]*' <<<"$hits" | head -1)
curl -fsS -o /dev/null -w "a hit's picture: %{http_code} %{content_type}\n" "$url$shown"

say "an embedding computed once is found in Redis by a service that was started since"
embed() { curl -fsS -F image=@"$photos/7-cd.png" -F model=mnist-cdcb "$url/embed"; }
first=$(embed)
compose restart service
until_answers "$url/health/ready"; echo
expect "the same code" "$(embed | md5sum)" "$(printf %s "$first" | md5sum)"
expect "hits in Redis" "$(metric iiae_cache_redis_hits)" 1.0

say "Redis is killed: slower, not broken"
compose kill redis
expect "status without Redis" "$(curl -s -o /dev/null -w '%{http_code}' -F image=@"$photos/0-cb.png" -F model=mnist-cdcb "$url/embed")" 200
compose up -d redis

say "who runs, and where it may write"
compose exec -T service sh -c 'id -un; touch /opt/iiae/x 2>&1 || true'

say "down"
compose stop -t 15 service
echo "the service's exit status: $(docker inspect -f '{{.State.ExitCode}}' "$(compose ps -aq service 2>/dev/null || compose ps -q service)")"
