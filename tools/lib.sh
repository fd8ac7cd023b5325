# Shared by tools/run and tools/test; sourced, not run. Stages with progress, colours, and one clear sentence on failure.
# The caller sets `program` (for messages) and `work` (a folder for logs).

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

bold="" dim="" red="" plain=""
on_terminal() { [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; }
if on_terminal && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'
fi

die() {
  echo "${red}$program: $*${plain}" >&2
  exit 1
}

# Waits for a process while a spinner turns (on a terminal), and returns its status.
spin() {
  local pid=$1 title=$2 marks='|/-\' i=0
  if on_terminal; then
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r%s %s %s(%d s)%s ' "${marks:i++%4:1}" "$title" "$dim" $((SECONDS - stage_began)) "$plain"
      sleep 0.1
    done
    printf '\r\e[K'
  fi
  wait "$pid"
}

# stage TITLE COMMAND…: runs it with its output in $work/stage.log; on failure shows the end of that and exits.
stage() {
  local title=$1
  shift
  stage_began=$SECONDS
  on_terminal || echo "$title …"
  set -m # a process group of its own, so that stage_stop reaches the compilers too
  "$@" >"$work/stage.log" 2>&1 </dev/null &
  stage_pid=$!
  set +m
  if ! spin "$stage_pid" "$title"; then
    stage_pid=""
    tail -n "${STAGE_LOG_LINES:-15}" "$work/stage.log" >&2
    die "$title: failed (see above)"
  fi
  stage_pid=""
  local took=$((SECONDS - stage_began))
  if on_terminal || [ $took -gt 1 ]; then echo "${dim}$title: done, $took s${plain}"; fi
}

# Ends the stage that is running, if one is; for the caller's exit trap.
stage_stop() {
  [ -z "${stage_pid:-}" ] || kill -TERM -- "-$stage_pid" 2>/dev/null || true
}

# The page: npm ci where the lock file is newer than what is installed, a build where a source is newer than the page.
build_ui() {
  [ -f "$top/ui/package.json" ] || return 0
  cd "$top/ui"
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --no-audit --no-fund --loglevel=error || { echo "npm ci failed: is there a network?"; return 1; }
    touch node_modules/.package-lock.json
  fi
  if [ ! -e dist/index.html ] || [ -n "$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer dist/index.html -print -quit)" ]; then
    npm run build
  fi
}

# configure_and_build PRESET [cmake options…] -- [targets…]
configure_and_build() {
  local preset=$1 options=() targets=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
  [ $# -eq 0 ] || shift
  [ $# -eq 0 ] || targets=(--target "$@")
  cd "$top"
  cmake --preset "$preset" "${options[@]}" && cmake --build --preset "$preset" -j"$(nproc)" "${targets[@]}"
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port_from() {
  local port=$1
  while port_taken "$port"; do port=$((port + 1)); done
  echo "$port"
}
