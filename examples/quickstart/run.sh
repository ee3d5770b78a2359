#!/usr/bin/env bash
# A small fleet, from nothing to nothing, on this host and without root. Every step is checked; the first that is not as it
# should be ends the run with 1. `npm run example` runs it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
PATH=$(cd "$here/../../bin" && pwd):$PATH

# A home and a state directory of its own, so that neither sees yours.
work=$(mktemp -d)
export HOME=$work/home GOBS_STATE=$work/state
unset GOBS_SOCKET GOBS_CONNECT_FILE GOBS_LISTEN XDG_STATE_HOME XDG_RUNTIME_DIR
mkdir "$HOME"
cd "$work"

# ---------------------------------------------------------------------------------------------- what the steps are made of

step() { printf '\n== %s\n' "$*"; }

fail() {
  printf 'quickstart: line %s: %s\n' "${BASH_LINENO[0]}" "$*" >&2
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

# Statements for the REPL; what they give is printed.
ask() { timeout 120 gobs repl 2>>"$work/notes" <<<"$1"; }

is() { [ "$1" = "$2" ] || fail "\"$1\", expected \"$2\""; }

# A process that nobody has waited for yet is dead too.
runs() { [ -r "/proc/$1/stat" ] && ! grep -q ') Z ' "/proc/$1/stat"; }

# The process numbers of hobs, by machine id.
hob_of() { cat "$GOBS_STATE"/machines/$1/hob.pid | sed 's/.*"pid":\([0-9]*\).*/\1/'; }

# In the foreground of a shell's job; its first line says that it serves.
start_boss() {
  gobs boss --json --hob-interval 1s >"$work/ready" 2>>"$work/boss.log" &
  boss=$!
  read -r _ <"$work/ready" || fail "the boss did not start: $(tail -n 1 "$work/boss.log")"
}
mkfifo "$work/ready"

# The hob looks every second. A look may have been under way; the next one has seen what was done before this was called.
wait_for_two_looks() {
  ask '{ const web1 = await machine("web1"); let { revision } = await E(web1).status();
         ({ revision } = await E(web1).nextStatus(revision)); await E(web1).nextStatus(revision); };'
}

clean_up() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ]; then
    # Of a run that failed: what was said, and an end to what it started, with the boss's help or without.
    tail -n 20 "$work"/boss.log "$work"/notes "$work"/state/machines/*/hob.log >&2 2>/dev/null || true
    gobs down --all --timeout 30s >&2 || kill -9 "$boss" $(hob_of '*') 2>/dev/null || true
  fi
  cd /
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT

# ---------------------------------------------------------------------------------------------- the steps

step 'A boss, and two machines that a document asks for'
start_boss
expect 2 gobs plan "$here/fleet.yaml"
expect 0 gobs apply "$here/fleet.yaml"
expect 0 gobs machine list
id=$(ask '(await E(machine("web1")).status()).id')
root=$GOBS_STATE/machines/$id/root
is "$(cat "$root/etc/motd")" hello
is "$(stat -c %a "$root/etc/motd" "$root/var/log/app" | xargs)" '644 750'

step 'Applied again, nothing changes'
before=$(stat -c '%i %y' "$root/etc/motd")
expect 0 gobs apply "$here/fleet.yaml"
is "$(stat -c '%i %y' "$root/etc/motd")" "$before"

step 'A file is changed by hand: that is drift, and with policy "report" it is left'
echo 'by hand' >"$root/etc/motd"
expect 2 gobs drift
wait_for_two_looks
is "$(cat "$root/etc/motd")" 'by hand'

step 'With policy "correct" it is put back, now and later'
sed 's/policy: report/policy: correct/' "$here/fleet.yaml" >correct.yaml
expect 0 gobs apply correct.yaml
is "$(cat "$root/etc/motd")" hello
echo 'by hand again' >"$root/etc/motd"
wait_for_two_looks
is "$(cat "$root/etc/motd")" hello
expect 0 gobs drift

step 'A read-only locator, used by somebody who has nothing else'
(umask 077 && gobs share web1 --as observer >web1.locator)
as_somebody_else() (
  export HOME=/nonexistent GOBS_STATE=/nonexistent GOBS_CONNECT_FILE=web1.locator
  expect 0 gobs machine show
  expect 0 gobs drift --cached
  expect 1 gobs repl <<<'await E(shared).destroy()'
)
as_somebody_else

step 'kill -9 the boss: the hob goes on, and everything is there again'
hob=$(hob_of "$id")
kill -9 "$boss"
{ wait "$boss" || true; } 2>/dev/null
expect 1 gobs machine list
echo 'while the boss is away' >"$root/etc/motd"
runs "$hob" || fail 'the hob ended with the boss'
start_boss
expect 0 gobs apply correct.yaml # waits until the machines are there again
wait_for_two_looks
is "$(cat "$root/etc/motd")" hello
runs "$hob" || fail 'the hob was replaced'
gobs machine show web1 | grep 'its hob corrected motd (content)' || fail 'nobody was told what was corrected'
as_somebody_else

step 'A machine that left the document goes only if that is asked for'
sed '/web2/,$d' correct.yaml >one.yaml
expect 0 gobs plan one.yaml
expect 0 gobs apply one.yaml --prune --yes
is "$(ask '(await E(boss).machines()).map(({ name }) => name).join()')" web1
is "$(ls "$GOBS_STATE/machines")" "$id"

step 'Down, with all that runs on this host'
expect 0 gobs down --all
wait "$boss" || fail 'the boss ended with an error'
if runs "$hob"; then fail 'a hob is still there'; fi

printf '\nquickstart: all as it should be\n'
