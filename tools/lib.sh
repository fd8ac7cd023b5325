# Shared by tools/run and tools/test; sourced, not run. Stages with progress, colours, and one clear sentence on failure.
# The caller sets `program` (for messages) and `work` (a folder for logs).

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What is built to run: the server with the extension that its shell loads, and what the demo needs beside it.
programs=(viewserver vs_functions viewserver-broker mockgen)

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

# try_stage TITLE COMMAND…: runs it with its output in $work/stage.log, and says how long it took.
try_stage() {
  local title=$1
  shift
  stage_began=$SECONDS
  on_terminal || echo "$title …"
  set -m # a process group of its own, so that stage_stop reaches the compilers too
  "$@" >"$work/stage.log" 2>&1 </dev/null &
  stage_pid=$!
  set +m
  local status=0
  spin "$stage_pid" "$title" || status=$?
  stage_pid=""
  local took=$((SECONDS - stage_began))
  if [ $status = 0 ] && { on_terminal || [ $took -gt 1 ]; }; then echo "${dim}$title: done, $took s${plain}"; fi
  return $status
}

# stage TITLE COMMAND…: the same; on failure exits with the reason (a last line "because: …"), else the end of the log.
stage() {
  try_stage "$@" && return
  local last
  last=$(tail -n 1 "$work/stage.log")
  [[ $last != "because: "* ]] || die "$1: ${last#because: }"
  tail -n 15 "$work/stage.log" >&2
  die "$1: failed (see above)"
}

# The packages for build, run or test; the installer's own sentence where it cannot.
install_packages() {
  local missing
  missing=$("$top/tools/install-packages.sh" --for "$1" --missing) || exit 1
  [ -n "$missing" ] || return 0
  # A password is asked for here, where there is a terminal, not under the spinner.
  if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null && ! sudo -n true 2>/dev/null; then sudo -v || die "installing packages needs root or sudo"; fi
  try_stage "install $(wc -l <<<"$missing") packages" "$top/tools/install-packages.sh" --for "$1" ||
    die "$(tail -n 1 "$work/stage.log" | sed 's/^install-packages: //')"
}

# Ends the stage that is running, if one is; for the caller's exit trap.
stage_stop() {
  [ -z "${stage_pid:-}" ] || kill -TERM -- "-$stage_pid" 2>/dev/null || true
}

npm_failed() {
  local why
  why=$(sed -n 's/^npm \(ERR!\|error\) \(.*reason: .*\|code .*\)/\2/p' "$work/npm.log" | tail -n 1)
  echo "because: npm could not fetch the page's packages, is there a network? (${why:-npm ci failed})"
  return 1
}

# The page: npm ci where the lock file is newer than what is installed, a build where a source is newer than the page.
build_ui() {
  [ -f "$top/ui/package.json" ] || return 0
  cd "$top/ui"
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=2000 --no-audit --no-fund --loglevel=error 2>&1 | tee "$work/npm.log" || npm_failed || return 1
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
