#!/usr/bin/env bash
# What a newcomer does, on a machine made to look empty: clones what is committed into an empty folder, with an empty HOME and a
# small PATH, runs the two commands in a terminal of their own, calls, presses Ctrl-C, starts again, and once more with MONGODB_URI.
# Port variables (SIP_PORT, BOT_PORT, …) that are set are passed on. Needs script (util-linux); a call is placed where sipp is installed.
set -euo pipefail

source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
home="$work/home" clone="$work/clone"
mkdir "$home"
sip_port=${SIP_PORT:-5060}
terminal='' database=''

clear_up() {
  [ -n "$terminal" ] && kill "$terminal" 2>/dev/null || true
  [ -n "$database" ] && kill "$database" 2>/dev/null || true
  rm -rf "$work"
}
trap clear_up EXIT

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ -f "$work/screen" ] && tail -n 60 "$work/screen" >&2
  exit 1
}

# How this machine reaches its package registries is not a newcomer's configuration, so that much is passed on.
environment=(HOME="$home" PATH="$(dirname "$(command -v node)"):/usr/local/bin:/usr/bin:/bin" TERM=xterm LANG=C.UTF-8)
while IFS= read -r line; do environment+=("$line"); done < <(env | grep -E '^((https?|no)_proxy|(HTTPS?|NO)_PROXY|[A-Z_]*(CERT|CERTS|CAINFO|CA_BUNDLE|CERT_FILE|CERT_DIR)|PIP_[A-Z_]*|[A-Z_]+_PORT|RTP_PORT_(MIN|MAX))=' || true)
bare() { env -i "${environment[@]}" "$@"; }

# open_terminal COMMAND: runs it in a pseudo-terminal; what is typed goes through the pipe, what is shown into the file.
open_terminal() {
  rm -f "$work/keys"
  mkfifo "$work/keys"
  : >"$work/screen"
  bare script -qfec "$1" /dev/null <"$work/keys" >"$work/screen" 2>&1 &
  terminal=$!
  exec 3>"$work/keys"
}
wait_for() { # wait_for WORDS SECONDS
  local left=$(($2 * 5))
  until grep -qF -- "$1" "$work/screen"; do
    kill -0 "$terminal" 2>/dev/null || fail "it ended before it said: $1"
    [ $((left -= 1)) -gt 0 ] || fail "it did not say within $2 s: $1"
    sleep 0.2
  done
}
shows() { grep -qF -- "$1" "$work/screen" || fail "the screen does not show: $1"; }
press_ctrl_c() {
  printf '\003' >&3
  wait_for 'Stopped. All data is kept.' 40
  exec 3>&-
  wait "$terminal" || true
  terminal=''
}
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

say 'clone into an empty folder'
git clone --quiet "$source_folder" "$clone"
cd "$clone"

say 'npm ci'
bare npm ci --no-progress >"$work/ci.log" 2>&1 || { tail -n 30 "$work/ci.log"; fail 'npm ci'; }

say 'npm start, the first time'
open_terminal 'npm start'
wait_for 'Ctrl-C stops everything' 300
for words in 'NO high availability' '/#/as/' 'Ada Park' 'manager of Help Desk' 'agent alice' 'sip:help-desk@' 'sip:sales@' 'npm run traffic'; do shows "$words"; done
password=$(grep -oE 'user alice +password [a-z0-9-]+' "$work/screen")
[ -n "$password" ] || fail 'no password for alice'

if command -v sipp >/dev/null; then
  say 'a call with sipp'
  (cd "$work" && sipp -sn uac -s help-desk -m 1 -d 3000 -i 127.0.0.1 -nostdin -timeout 30s -timeout_error "127.0.0.1:$sip_port" >"$work/sipp.log" 2>&1) ||
    { tail -n 30 "$work/sipp.log"; fail 'the call'; }
else
  echo 'sipp is not installed: no call is placed.'
fi

say 'Ctrl-C, and start again'
press_ctrl_c
[ ! -e .local/run.json ] || fail 'something is left running'
begun=$(milliseconds)
open_terminal 'npm start'
wait_for 'Ctrl-C stops everything' 120
took=$(($(milliseconds) - begun))
shows 'sip:help-desk@'
shows "$password"
press_ctrl_c
echo "A warm start took $took ms."

say 'with MONGODB_URI, against an empty database'
port=27390
env -i "${environment[@]}" .local/database-venv/bin/python -m secantus --host 127.0.0.1 --port "$port" --storage-path "$work/elsewhere" --log-level WARNING >"$work/database.log" 2>&1 &
database=$!
until (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  kill -0 "$database" 2>/dev/null || { cat "$work/database.log"; fail 'the database'; }
  sleep 0.2
done
environment+=("MONGODB_URI=mongodb://127.0.0.1:$port/response-group?replicaSet=secantus" 'ADMINISTRATORS=11111111-2222-4333-8444-555555555555')
open_terminal "npm start -- --data $work/with-uri"
wait_for 'Ctrl-C stops everything' 120
for words in 'replica set secantus, 1 member' 'none yet: write "help"' '/#/as/11111111-2222-4333-8444-555555555555'; do shows "$words"; done
if grep -qF 'sip:help-desk@' "$work/screen"; then fail 'something was seeded'; fi
press_ctrl_c
[ ! -e "$work/with-uri/database-venv" ] || fail 'Python was used although MONGODB_URI was set'

say 'a newcomer gets there'
