#!/usr/bin/env bash
# Does to the deployment what will be done to it, once, on a port of its own, and takes it down again: every operation is
# called, a model is trained and a folder indexed while requests run, Redis and the service are killed, a gallery is backed
# up and put back. Ends with status 0 only if all of it went as docs/deploy.md says.
# Needs a Docker engine with Compose, and nothing else on this machine but bash and curl.
set -euo pipefail
cd "$(dirname "$0")/.."
compose() { if docker compose version >/dev/null 2>&1; then docker compose -p iiae-try "$@"; else docker-compose -p iiae-try "$@"; fi; }

work=$(mktemp -d)
export IIAE_DATA=$work/data IIAE_PUBLISH=${IIAE_PUBLISH:-8765} COMPOSE_HTTP_TIMEOUT=600
# so that a busy machine is no reason to fail: threads that wait for each other, a Redis that has no processor
export IIAE_THREADS=1 OMP_NUM_THREADS=1 IIAE_REDIS_TIMEOUT_MS=2000
unset IIAE_API_KEYS IIAE_ADMIN_KEYS IIAE_STATE
url=http://127.0.0.1:$IIAE_PUBLISH
samples=service/web/samples
mkdir "$IIAE_DATA" && cp -r $samples "$IIAE_DATA/photos" && chmod -R a+rX "$work"
trap 'touch "$work/stop"; compose down --volumes --remove-orphans >/dev/null 2>&1; rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; compose logs --tail 40 service >&2; exit 1; }
expect() { [[ $2 == "$3" ]] || fail "expected $1 to be $3, found $2"; echo "$1: $2"; }
container() { docker ps -aq --filter label=com.docker.compose.project=iiae-try --filter label=com.docker.compose.oneoff=False --filter label=com.docker.compose.service="$1"; }
state() { docker inspect -f "{{.State.$2}}" "$(container "$1")"; }
metric() { curl -fsS "$url/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
megabytes() { awk '{ printf "%d MB\n", $1 / 1e6 }' <<<"$(metric process_resident_memory_bytes)"; }
until_true() { # until_true SECONDS COMMAND...: waits for it, and says how long
  local limit=$1 began=$SECONDS; shift
  until "$@" >/dev/null 2>&1; do [[ $((SECONDS - began)) -lt $limit ]] || fail "not within $limit s: $*"; sleep 1; done
  echo "after $((SECONDS - began)) s: $*"
}
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
healthy() { [[ $(state "$1" Health.Status) == healthy ]]; }
ended() { [[ $(state "$1" Status) == exited ]]; }
answers() { curl -fsS "$url$1" | grep -q "${2:-}"; }

# call 'METHOD /path/{template}' [curl's arguments]: one line about the answer, whose body is then in $work/answer.
# {name}, {photo_id} and {model_id} stand for the variables of those names.
call() {
  local method=${1%% *} path=${1#* }; local operation=$1; shift
  path=${path//\{name\}/${name:-}}; path=${path//\{photo_id\}/${photo_id:-}}; path=${path//\{model_id\}/${model_id:-}}
  echo "$operation" >>"$work/called"
  local line; line=$(curl -sS -X "$method" -o "$work/answer" -w '%{http_code} %{content_type} %{size_download} bytes' "$url$path" "$@")
  printf '%-48s %s\n' "$operation" "$line"
  [[ $line == 2* ]] || fail "$operation: $(head -c 500 "$work/answer")"
}

# In the background until $work/stop is there: one translation and one search after another; their statuses go to $work/statuses.
keep_asking() {
  rm -f "$work/stop"; : >"$work/statuses"
  until [[ -e $work/stop ]]; do
    status -F image=@$samples/facades/two-floors.webp -F model=tiny "$url/translate" >>"$work/statuses" || true; echo >>"$work/statuses"
    status -F sketch=@docs/umbrella.png -F gallery=openmoji -F k=3 "$url/sbir/search" >>"$work/statuses" || true; echo >>"$work/statuses"
  done
}
all_were_answered() { touch "$work/stop"; wait "$asking"; expect "statuses of $(wc -l <"$work/statuses") requests meanwhile" "$(sort -u "$work/statuses" | xargs)" 200; }

# SIGKILL from outside, as the kernel would send it. `docker kill` counts as the operator's wish, after which nothing is restarted.
kill9() {
  docker run --rm --user 0 --pid host --entrypoint python iiae-trainer -c 'import os, sys; os.kill(int(sys.argv[1]), 9)' "$(state "$1" Pid)"
}
restarted() { [[ $(docker inspect -f '{{.RestartCount}} {{.State.Running}}' "$(container "$1")") == '1 true' ]]; }

say "images"
compose --profile trainer build >"$work/build.log" 2>&1 || { tail -40 "$work/build.log"; exit 1; }
for image in debian:bookworm-slim iiae-service iiae-trainer; do
  printf '%-24s %s MB\n' $image $(($(docker image inspect -f '{{.Size}}' $image) / 1000000))
done

say "docker compose up"
compose up -d 2>"$work/up.log" || fail "$(cat "$work/up.log")"
until_true 180 healthy service
call 'GET /health/live'
call 'GET /health/ready'
call 'GET /models'; grep -o '"id":"[^"]*"' "$work/answer" | xargs
until_true 900 ended demo
expect "the demo's exit status" "$(state demo ExitCode)" 0
call 'GET /galleries'; cat "$work/answer"; echo
call 'POST /sbir/search' -F sketch=@docs/umbrella.png -F k=2; cat "$work/answer"; echo
grep -q '"label":"umbrella"' "$work/answer" || fail "no umbrella among the hits"

say "every other operation, once"
model_id=sketchy name=tried
call 'GET /models/{model_id}'
call 'POST /models/reload'
call 'POST /translate' -F image=@$samples/facades/two-floors.webp -F model=facades -F samples=2
call 'POST /analogy' -F image=@$samples/mnist-cdcb/7-cd.webp -F reference=@$samples/mnist-cdcb/2-cd.webp -H 'Accept: image/png'
call 'POST /embed' -F image=@$samples/mnist-cdcb/7-cd.webp -F model=mnist-cdcb
call 'POST /galleries' -H 'Content-Type: application/json' -d '{"name": "tried", "model": "sketchy"}'
call 'POST /galleries/{name}/photos' -F image=@docs/umbrella.png -F image=@$samples/facades/two-floors.webp -F label=thing -F 'metadata={"tried": true}'
photo_id=$(grep -o '"id":[0-9]*' "$work/answer" | head -1 | cut -d: -f2)
call 'GET /galleries/{name}'
call 'GET /galleries/{name}/photos'
call 'GET /galleries/{name}/photos/{photo_id}'
call 'GET /galleries/{name}/photos/{photo_id}/similar'
call 'POST /retrieve' -F image=@docs/umbrella.png -F gallery=tried
call 'GET /metrics'

say "a gallery is backed up while it is in use, deleted and put back"
compose exec -T service python - tried <docker/backup.py >"$work/tried.tar"
before=$(curl -fsS -F image=@docs/umbrella.png -F gallery=tried "$url/retrieve")
call 'DELETE /galleries/{name}'
expect "what is left" "$(status "$url/galleries/tried")" 404
compose exec -T service sh -c 'cd galleries && mkdir .restored && tar -x -C .restored && mv .restored/* . && rmdir .restored' <"$work/tried.tar"
expect "the same hits as before" "$(curl -fsS -F image=@docs/umbrella.png -F gallery=tried "$url/retrieve")" "$before"
call 'DELETE /galleries/{name}/photos/{photo_id}'

if grep -q '/galleries/{name}/reindex' <<<"$(curl -fsS "$url/openapi.json")"; then
  name=openmoji  # which takes long enough to be looked at and given up
  call 'POST /galleries/{name}/reindex' -H 'Content-Type: application/json' -d '{"model": "sketchy", "anew": true}'
  call 'GET /galleries/{name}/reindex'
  call 'DELETE /galleries/{name}/reindex'
fi
compose exec -T service python -c '
import json, urllib.request
paths = json.load(urllib.request.urlopen("http://127.0.0.1:8000/openapi.json"))["paths"]
print(*(f"{method.upper()} {path}" for path, item in paths.items() for method in item), sep="\n")' | sort >"$work/operations"
expect "operations not called" "$(sort -u "$work/called" | comm -13 - "$work/operations" | xargs)" ""
echo "operations called: $(wc -l <"$work/operations")"

say "the trainer publishes two versions of a model and indexes a folder; no request fails meanwhile"
train() { compose run --rm -T trainer train facades --reader synthetic --data /tmp --name tiny --image-size 32 --width 0.125 --steps "$1" --every "$1" 2>/dev/null; }
train 20
until_true 60 answers /models/tiny
version() { curl -fsS "$url/models/tiny" | grep -o '"version":"[^"]*"'; }
first=$(version)
keep_asking & asking=$!
train 30
another_version() { [[ $(version) != "$first" ]]; }
until_true 60 another_version
compose run --rm -T trainer index /data/photos --gallery samples 2>/dev/null
hits=$(curl -fsS -F sketch=@docs/umbrella.png -F gallery=samples -F k=3 "$url/sbir/search")
expect "hits in the gallery that the trainer made" "$(grep -o '"id"' <<<"$hits" | wc -l)" 3
expect "a hit's picture" "$(status "$url$(grep -o '/galleries/samples/photos/[0-9]*' <<<"$hits" | head -1)")" 200
all_were_answered

say "Redis is killed with SIGKILL: it comes back, and no request fails"
keep_asking & asking=$!
kill9 redis
until_true 120 restarted redis
sleep 3
all_were_answered
until_true 180 answers /health/ready '"degraded":\[\]'

say "the service is killed with SIGKILL: it comes back, and finds in Redis what was computed before"
# a picture that was not asked for before Redis was killed: what the process still had then is not written again
embed() { curl -fsS -F image=@$samples/mnist-cdcb/0-cb.webp -F model=mnist-cdcb "$url/embed" | md5sum; }
code=$(embed); sleep 1
kill9 service
until_true 120 restarted service
until_true 180 answers /health/ready
expect "the same code" "$(embed)" "$code"
expect "hits in Redis" "$(metric iiae_cache_redis_hits_total)" 1.0
until_true 180 healthy service

say "memory, before and after 32 uploads of 40-megapixel JPEGs, 8 at a time, and after a rest"
compose exec -T service python -c '
import sys, numpy as np, PIL.Image
small = np.random.default_rng(0).integers(0, 256, (500, 800, 3), np.uint8)
PIL.Image.fromarray(small).resize((8000, 5000)).save(sys.stdout.buffer, "JPEG", quality=75)' >"$work/large.jpg"
echo "one is $(($(wc -c <"$work/large.jpg") / 1000)) kB; resident before: $(megabytes)"
export work url; export -f status
seq 32 | xargs -P 8 -I{} bash -c 'cp "$work/large.jpg" "$work/large-{}.jpg" && echo {} >>"$work/large-{}.jpg" && echo "$(status -F image=@"$work/large-{}.jpg" -F model=facades "$url/embed")"; rm "$work/large-{}.jpg"' | sort | uniq -c
echo "resident after: $(megabytes)"
sleep 40
echo "resident after 40 s of rest: $(megabytes)"

say "who runs, where it may write, and what is not there"
compose exec -T service sh -c 'id -un; touch /opt/iiae/x 2>&1; for tool in gcc cc make pip curl; do command -v $tool || echo "no $tool"; done'

say "down"
compose stop -t 15 service 2>/dev/null
echo "the service's exit status: $(state service ExitCode)"
compose down --volumes --remove-orphans >/dev/null 2>&1
expect "containers left" "$(docker ps -aq --filter label=com.docker.compose.project=iiae-try | wc -l)" 0
expect "volumes left" "$(docker volume ls -q --filter label=com.docker.compose.project=iiae-try | wc -l)" 0
