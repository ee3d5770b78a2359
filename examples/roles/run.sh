#!/usr/bin/env bash
# A document with roles and labels, on machines of this host and without root. Every step is checked; the first that is not as it should be ends the
# run with 1. `npm run example` runs it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
PATH=$(cd "$here/../../bin" && pwd):$PATH

# A home and a state directory of its own, so that neither sees yours.
work=$(mktemp -d)
export HOME=$work/home GOBS_STATE=$work/state
unset GOBS_SOCKET GOBS_CONNECT_FILE GOBS_LISTEN XDG_STATE_HOME XDG_RUNTIME_DIR
mkdir "$HOME"
cd "$work"
cp "$here/fleet.yaml" fleet.yaml

# ---------------------------------------------------------------------------------------------- what the steps are made of

step() { printf '\n== %s\n' "$*"; }

fail() {
  printf 'roles: line %s: %s\n' "${BASH_LINENO[0]}" "$*" >&2
  exit 1
}

# expect STATUS COMMAND…: shows the command, runs it, and wants that exit status.
expect() {
  local wanted=$1 status=0
  shift
  printf '$ %s\n' "$*"
  "$@" || status=$?
  [ "$status" = "$wanted" ] || fail "exit $status, expected $wanted: $*"
}

is() { [ "$1" = "$2" ] || fail "\"$1\", expected \"$2\""; }

# Statements for the REPL; what they give is printed.
ask() { timeout 120 gobs repl 2>>"$work/notes" <<<"$1"; }

# The root of a machine, by its name.
root_of() { printf '%s/machines/%s/root' "$GOBS_STATE" "$(ask "(await E(machine('$1')).status()).id")"; }

clean_up() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ]; then tail -n 20 "$work"/state/boss.log "$work"/notes >&2 2>/dev/null || true; fi
  gobs down --all --timeout 30s >/dev/null 2>&1 || true
  cd /
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT

# ---------------------------------------------------------------------------------------------- the steps

step 'Mistakes are found without a boss'
expect 0 gobs validate fleet.yaml
sed 's/port: 8080/port: "8080"/' fleet.yaml >wrong.yaml
expect 1 gobs validate wrong.yaml

step 'One machine, chosen by its labels'
gobs up </dev/null >/dev/null 2>&1
expect 2 gobs plan fleet.yaml --on 'role=web,!canary'
expect 0 gobs apply fleet.yaml --on 'role=web,!canary'
is "$(ask '(await E(boss).machines()).map(({ name }) => name).join()')" web1
web1=$(root_of web1)
is "$(cat "$web1/srv/www/index.html")" hello
is "$(cat "$web1/etc/web.conf")" $'listen 80\nhome ${HOME}'

step 'The others, with other arguments'
expect 0 gobs apply fleet.yaml
is "$(cat "$(root_of web2)/etc/web.conf")" $'listen 8080\nhome ${HOME}'
is "$(cat "$(root_of db1)/etc/motd")" 'kept by gobs'
is "$(gobs machine list --on '!canary,role in (web|db)' --json | tr , '\n' | grep -c '"name"')" 2

step 'An argument is changed: one file of one machine'
sed 's/title: hello }/title: welcome }/' fleet.yaml >next.yaml
is "$(gobs plan next.yaml || true)" '~ update web1
    ~ page (file)
        content: "hello\n" → "welcome\n"
1 to update, 2 unchanged'
expect 0 gobs apply next.yaml
is "$(cat "$web1/srv/www/index.html")" welcome

step 'Somebody takes a resource away in the REPL: that is not undone unseen'
ask "await E(machine('db1')).setDesired({ resources: [] })" >/dev/null
expect 2 gobs plan next.yaml
expect 3 gobs apply next.yaml
is "$(ask "(await E(machine('db1')).desired()).resources.length")" 0
expect 0 gobs apply next.yaml --overwrite
expect 0 gobs plan next.yaml

step 'Down, with all that runs on this host'
expect 0 gobs down --all

printf '\nroles: all as it should be\n'
