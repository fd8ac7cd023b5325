#!/usr/bin/env bash
# Installs the Debian packages that are missing: what is needed to build, to run (that and the shells to look with), or to test.
# Quiet where nothing is to do. Needs root or sudo only where something is missing.
set -euo pipefail

build_packages=(build-essential cmake ninja-build pkg-config lemon libsqlite3-dev librdkafka-dev libcivetweb-dev libjansson-dev
                libwslay-dev libxxhash-dev uthash-dev zlib1g-dev)
run_packages=("${build_packages[@]}" sqlite3 curl jq)
test_packages=("${run_packages[@]}" libcmocka-dev python3 chromium haproxy git)
node_least=18

die() { echo "install-packages: $*" >&2; exit 1; }

usage() { echo "usage: tools/install-packages.sh [--for build|run|test] [--list|--missing]"; }

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

node_is_enough() {
  command -v npm >/dev/null && command -v node >/dev/null &&
    [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge "$node_least" ]
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@" 2>/dev/null || sudo "$@"; fi
}

# Runs apt-get, silent unless it fails; then its last error is the reason.
apt() {
  local log
  log=$(mktemp)
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1 </dev/null; then
    reason=$(grep -E '^(E|Err|W):' "$log" | tail -n 1)
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

purpose=run show=none
while [ $# -gt 0 ]; do
  case $1 in
    --for) [ $# -ge 2 ] || die "--for needs build, run or test"; purpose=$2; shift 2 ;;
    --list | --missing) show=${1#--}; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
case $purpose in
  build) wanted=("${build_packages[@]}") ;;
  run) wanted=("${run_packages[@]}") ;;
  test) wanted=("${test_packages[@]}") ;;
  *) die "--for takes build, run or test, not '$purpose'" ;;
esac
node_is_enough || wanted+=(nodejs npm)
if [ $show = list ]; then
  printf '%s\n' "${wanted[@]}"
  exit 0
fi

command -v dpkg-query >/dev/null || die "this is not Debian: install what stands for these packages yourself: ${wanted[*]}"
missing=()
for package in "${wanted[@]}"; do installed "$package" || missing+=("$package"); done
if [ $show = missing ]; then
  [ ${#missing[@]} -eq 0 ] || printf '%s\n' "${missing[@]}"
  exit 0
fi
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || die "there is no apt-get to install these with: ${missing[*]}"
[ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "these packages are missing, and installing them needs root or sudo: ${missing[*]}"
echo "install-packages: ${#missing[@]} to install: ${missing[*]}"
reason=""
# The lists may be fresh enough: they are fetched only when the packages are not found without.
apt install --no-install-recommends "${missing[@]}" && exit 0
# An unreachable mirror is only a warning to apt-get update, unless it is told otherwise.
apt update -o APT::Update::Error-Mode=any || die "the package lists cannot be fetched, is there a network? (${reason:-apt-get update failed})"
apt install --no-install-recommends "${missing[@]}" || die "apt-get could not install ${missing[*]} (${reason:-no reason given})"
