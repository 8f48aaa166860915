#!/usr/bin/env bash
# Run the deployment once, end to end, on a port and a Compose project of its own, then remove it.
#
# It calls every operation, trains a model and indexes a folder while requests run, and kills Redis and the
# service. It also backs up and restores a gallery. The exit status is 0 only if everything works as
# docs/deploy.md says.
# Requires a Docker engine with Compose, bash and curl. BASE_IMAGE, REDIS_IMAGE and TORCH_INDEX choose other
# images and another index, as for Compose.
set -euo pipefail
cd "$(dirname "$0")/.."

compose_command=(docker-compose)
docker compose version >/dev/null 2>&1 && compose_command=(docker compose)
compose() { "${compose_command[@]}" -p iiae-try "$@"; }

work=$(mktemp -d)
export IIAE_DATA=$work/data IIAE_PUBLISH=${IIAE_PUBLISH:-8765} COMPOSE_HTTP_TIMEOUT=600
# A busy machine must not fail the run: give Redis time to answer. All else is as shipped.
export IIAE_REDIS_TIMEOUT_MS=2000
unset IIAE_API_KEYS IIAE_ADMIN_KEYS IIAE_STATE IIAE_THREADS OMP_NUM_THREADS
base=${BASE_IMAGE:-$(sed -n 's/^ARG BASE=//p' docker/Dockerfile)}
url=http://127.0.0.1:$IIAE_PUBLISH
samples=service/web/samples
umbrella=docs/umbrella.png
mkdir "$IIAE_DATA" && cp -r $samples "$IIAE_DATA/photos" && chmod -R a+rX "$work"
trap 'touch "$work/stop"; compose down --volumes --remove-orphans >/dev/null 2>&1; rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; compose logs --tail 40 service >&2; exit 1; }
expect() { [[ $2 == "$3" ]] || fail "expected $1 to be $3, found $2"; echo "$1: $2"; }

# container SERVICE: its container's id. state SERVICE FIELD: a field of its state.
project=label=com.docker.compose.project=iiae-try
container() {
  docker ps -aq --filter $project --filter label=com.docker.compose.oneoff=False \
    --filter label=com.docker.compose.service="$1"
}
state() { docker inspect -f "{{.State.$2}}" "$(container "$1")"; }
healthy() { [[ $(state "$1" Health.Status) == healthy ]]; }
ended() { [[ $(state "$1" Status) == exited ]]; }
restarts() { docker inspect -f '{{.RestartCount}}' "$(container "$1")"; }
restarted() { [[ $(state "$1" Running) == true && $(restarts "$1") == 1 ]]; }

status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
answers() { curl -fsS "$url$1" | grep -q "${2:-}"; }
metric() { curl -fsS "$url/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
megabytes() { awk '{ printf "%d MB\n", $1 / 1e6 }' <<<"$(metric process_resident_memory_bytes)"; }

# until_true SECONDS COMMAND...: retry a command every second until it succeeds, and print how long that took.
until_true() {
  local limit=$1 began=$SECONDS; shift
  until "$@" >/dev/null 2>&1; do
    [[ $((SECONDS - began)) -lt $limit ]] || fail "not within $limit s: $*"
    sleep 1
  done
  echo "after $((SECONDS - began)) s: $*"
}

# call 'METHOD /path/{template}' [curl arguments]: send a request and print one line about the answer.
# The body goes to $work/answer. The variables name, photo_id and model_id fill the parameters of the path.
call() {
  local operation=$1 method=${1%% *} path=${1#* } line; shift
  path=${path//\{name\}/${name:-}}; path=${path//\{photo_id\}/${photo_id:-}}
  path=${path//\{model_id\}/${model_id:-}}
  echo "${operation%%\?*}" >>"$work/called"
  line=$(curl -sS -X "$method" -o "$work/answer" \
    -w '%{http_code} %{content_type} %{size_download} bytes' "$url$path" "$@")
  printf '%-48s %s\n' "$operation" "$line"
  [[ $line == 2* ]] || fail "$operation: $(head -c 500 "$work/answer")"
}

# Translate and search in turn until $work/stop exists, in the background. The statuses go to $work/statuses.
keep_requesting() {
  rm -f "$work/stop"; : >"$work/statuses"
  until [[ -e $work/stop ]]; do
    status -F image=@$samples/facades/two-floors.webp -F model=tiny "$url/translate" || true; echo
    status -F sketch=@$umbrella -F gallery=things -F k=3 "$url/sbir/search" || true; echo
  done >>"$work/statuses"
}
expect_only_200() {
  touch "$work/stop"; wait "$requesting"
  expect "statuses of $(wc -l <"$work/statuses") requests" "$(sort -u "$work/statuses" | xargs)" 200
}

# Send SIGKILL from outside, as the kernel would. Docker does not restart a container after `docker kill`.
kill9() {
  docker run --rm --user 0 --pid host --entrypoint python iiae-trainer \
    -c 'import os, sys; os.kill(int(sys.argv[1]), 9)' "$(state "$1" Pid)"
}

say "images"
compose --profile trainer build >"$work/build.log" 2>&1 || { tail -40 "$work/build.log"; exit 1; }
for image in "$base" iiae-service iiae-trainer; do
  printf '%-24s %s MB\n' "${image%@*}" $(($(docker image inspect -f '{{.Size}}' "$image") / 1000000))
done
for image in iiae-service iiae-trainer; do
  echo "$image: $(docker run --rm -i --entrypoint python $image - <docker/imports.py)"
done

say "docker compose up"
compose up -d 2>"$work/up.log" || fail "$(cat "$work/up.log")"
until_true 180 healthy service
call 'GET /health/live'
call 'GET /health/ready'
call 'GET /models'; grep -o '"id":"[^"]*"' "$work/answer" | xargs
until_true 900 ended demo
expect "exit status of demo" "$(state demo ExitCode)" 0
call 'GET /galleries'; cat "$work/answer"; echo
call 'POST /sbir/search' -F sketch=@$umbrella -F k=2; cat "$work/answer"; echo
grep -q '"label":"umbrella"' "$work/answer" || fail "no umbrella among the hits"

say "every other operation, once"
model_id=sketchy name=tried
call 'GET /models/{model_id}'
call 'POST /models/reload'
call 'POST /translate' -F image=@$samples/facades/two-floors.webp -F model=facades -F samples=2
call 'POST /analogy' -F model=mnist-cdcb -F image=@$samples/mnist-cdcb/7-cd.webp -F reference=@$samples/mnist-cdcb/2-cd.webp \
  -H 'Accept: image/png'
call 'POST /preview' -F image=@$umbrella
call 'POST /embed' -F image=@$samples/mnist-cdcb/7-cd.webp -F model=mnist-cdcb
call 'POST /galleries' -H 'Content-Type: application/json' -d '{"name": "tried", "model": "sketchy"}'
call 'POST /galleries/{name}/photos' -F image=@$umbrella -F image=@$samples/facades/two-floors.webp \
  -F label=thing -F 'metadata={"tried": true}'
photo_id=$(grep -o '"id":[0-9]*' "$work/answer" | head -1 | cut -d: -f2)
call 'GET /galleries/{name}'
call 'GET /galleries/{name}/photos'
call 'GET /galleries/{name}/photos/{photo_id}'
call 'GET /galleries/{name}/photos/{photo_id}/similar'
call 'PATCH /galleries/{name}/photos/{photo_id}' -H 'Content-Type: application/json' -d '{"label": "umbrella"}'
call 'GET /galleries/{name}/labels'; cat "$work/answer"; echo
call 'POST /retrieve' -F image=@$umbrella -F gallery=tried
call 'POST /embed' -F image=@$umbrella -F model=sketchy -F source=sketch -F kind=search
vector=$(grep -o '"values":\[[^]]*\]' "$work/answer" | cut -d: -f2)
call 'POST /search/vector' -H 'Content-Type: application/json' -d "{\"gallery\": \"tried\", \"vector\": $vector}"
call 'PUT /galleries/{name}/default'
# Compose fixes the default model, and the service's image cannot write Parquet.
expect "PUT /models/{model_id}/default" "$(status -X PUT "$url/models/$model_id/default")" 409
expect "GET /galleries/{name}/export" "$(status "$url/galleries/$name/export")" 501
printf '%s\n' 'PUT /models/{model_id}/default' 'GET /galleries/{name}/export' >>"$work/called"
call 'GET /metrics'
expect "readiness" "$(curl -fsS "$url/health/ready")" '{"status":"ready","degraded":[]}'

say "host names: Prometheus's, and that of a web page that was rebound to this machine"
expect "status for iiae" "$(status -H 'Host: iiae:8000' "$url/metrics")" 200
expect "status for evil.example" "$(status -H 'Host: evil.example' "$url/models")" 403

say "back up a gallery in use, delete it and restore it"
retrieve() { curl -fsS -F image=@$umbrella -F gallery=tried "$url/retrieve"; }
compose exec -T service python - tried <docker/backup.py >"$work/tried.tar"
before=$(retrieve)
call 'DELETE /galleries/{name}'
expect "status of the deleted gallery" "$(status "$url/galleries/tried")" 404
compose exec -T service sh -c \
  'cd galleries && mkdir .restored && tar -x -C .restored && mv .restored/* . && rmdir .restored' \
  <"$work/tried.tar"
expect "hits after the restore" "$(retrieve)" "$before"
call 'DELETE /galleries/{name}/photos/{photo_id}'
call 'DELETE /galleries/{name}/photos?label=thing'

name=things  # large enough to look at its reindex, and to cancel it
call 'POST /galleries/{name}/reindex' -H 'Content-Type: application/json' \
  -d '{"model": "sketchy", "anew": true}'
call 'GET /galleries/{name}/reindex'
call 'DELETE /galleries/{name}/reindex'
compose exec -T service python -c '
import json, urllib.request
paths = json.load(urllib.request.urlopen("http://127.0.0.1:8000/openapi.json"))["paths"]
print(*(f"{method.upper()} {path}" for path, item in paths.items() for method in item), sep="\n")
' | sort >"$work/operations"
expect "operations not called" "$(sort -u "$work/called" | comm -13 - "$work/operations" | xargs)" ""
echo "operations called: $(wc -l <"$work/operations")"

say "train two versions of a model and index a folder while requests run"
train() {
  compose run --rm -T trainer train facades --reader synthetic --data /tmp --name tiny \
    --image-size 32 --width 0.125 --steps "$1" --every "$1" 2>/dev/null
}
version() { curl -fsS "$url/models/tiny" | grep -o '"version":"[^"]*"'; }
new_version() { [[ $(version) != "$first" ]]; }
train 20
until_true 60 answers /models/tiny
first=$(version)
keep_requesting & requesting=$!
train 30
until_true 60 new_version
compose run --rm -T trainer index /data/photos --gallery samples 2>/dev/null
hits=$(curl -fsS -F sketch=@$umbrella -F gallery=samples -F k=3 "$url/sbir/search")
expect "hits in the new gallery" "$(grep -o '"id"' <<<"$hits" | wc -l)" 3
picture=$(grep -o '/galleries/samples/photos/[^"]*' <<<"$hits" | head -1)
expect "status of a hit's picture" "$(status "$url$picture")" 200
expect_only_200

say "seconds of five new searches, alone and beside a loop that keeps one core busy"
search() { # search NUMBER: search with a copy of the sketch that no cache knows, and print the seconds
  cp $umbrella "$work/sketch.png" && echo "$1" >>"$work/sketch.png"
  curl -fsS -o /dev/null -w '%{time_total} ' -F sketch=@"$work/sketch.png" "$url/sbir/search"
}
echo "alone: $(for n in 1 2 3 4 5; do search "$n"; done)"
timeout 60 sh -c 'while :; do :; done' & busy=$!
echo "beside a busy core: $(for n in 6 7 8 9 10; do search "$n"; done)"
kill $busy; wait $busy 2>/dev/null || true

say "kill Redis with SIGKILL: it restarts, and no request fails"
keep_requesting & requesting=$!
kill9 redis
until_true 120 restarted redis
sleep 3
expect_only_200
recovered() { search "$RANDOM" && answers /health/ready '"degraded":\[\]'; }  # a new sketch: Redis is asked
until_true 180 recovered

say "kill the service with SIGKILL: it restarts, and finds its embeddings in Redis"
# This picture must be new since Redis restarted: the service does not write older embeddings to Redis again.
embed() { curl -fsS -F image=@$samples/mnist-cdcb/0-cb.webp -F model=mnist-cdcb "$url/embed" | md5sum; }
embedding=$(embed); sleep 1
kill9 service
until_true 120 restarted service
until_true 180 answers /health/ready
expect "embedding after the restart" "$(embed)" "$embedding"
expect "Redis hits" "$(metric iiae_cache_redis_hits_total)" 1.0
until_true 180 healthy service

say "memory before and after 32 uploads of 40-megapixel JPEGs, 8 at a time, and after a rest"
compose exec -T service python -c '
import sys, numpy as np, PIL.Image
small = np.random.default_rng(0).integers(0, 256, (500, 800, 3), np.uint8)
PIL.Image.fromarray(small).resize((8000, 5000)).save(sys.stdout.buffer, "JPEG", quality=75)
' >"$work/large.jpg"
echo "size of one: $(($(wc -c <"$work/large.jpg") / 1000)) kB; resident before: $(megabytes)"
upload() { # upload NUMBER: embed a copy of large.jpg that no cache knows, and print the status
  local copy=$work/large-$1.jpg
  cp "$work/large.jpg" "$copy" && echo "$1" >>"$copy"
  echo "$(status -F image=@"$copy" -F model=facades "$url/embed")"
  rm "$copy"
}
export work url; export -f status upload
seq 32 | xargs -P 8 -I{} bash -c 'upload {}' | sort | uniq -c
echo "resident after: $(megabytes)"
sleep 40
echo "resident after 40 s of rest: $(megabytes)"

say "the container's limits, its user, its read-only file system, and tools that it must not have"
limits='processes: {{.HostConfig.PidsLimit}}, memory: {{.HostConfig.Memory}} bytes'
docker inspect -f "$limits" "$(container service)"
compose exec -T service sh -c \
  'id -un; touch /opt/iiae/x 2>&1
   for tool in gcc cc make pip curl; do command -v $tool || echo "no $tool"; done'

say "docker compose down"
compose stop -t 15 service 2>/dev/null
echo "exit status of the service: $(state service ExitCode)"
compose down --volumes --remove-orphans >/dev/null 2>&1
expect "containers left" "$(docker ps -aq --filter $project | wc -l)" 0
expect "volumes left" "$(docker volume ls -q --filter $project | wc -l)" 0
