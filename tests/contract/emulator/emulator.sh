# shellcheck shell=sh disable=SC2154
# Sourced by the scripts beside it, which set $here to this folder: the vendor's packages, and one
# emulator for the time of the script.
#
#   . emulator.sh; vendor_node; find_emulator BUILD_DIR; start_emulator [OPTION…]
#
# Afterwards $work is a folder of the script's own and field NAME tells what the ready line says
# (https, http, ca, imds). The emulator ends with the script.

find_emulator() { # BUILD_DIR
  emulator=$(find "$1" -name ibmcloud-emulator -type f -perm -u+x | head -n 1)
  [ -n "$emulator" ] || { echo "Bail out! no ibmcloud-emulator below $1"; exit 1; }
}

# Says, in TAP, that nothing can be judged here and why. tests/run.sh --ci counts it as a failure.
cannot() {
  echo "1..0 # SKIP $*"
  exit 0
}

# cache_folder NAME FILE…: a folder outside the tree, one for each content of the files; sets $cache.
cache_folder() {
  name=$1
  shift
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/$name-$(cat "$@" | cksum | tr -d ' ')
  mkdir -p "$cache"
}

# vendor_LANGUAGE: the vendor's packages for it, at the versions pinned here, in $cache.
vendor_node() {
  command -v node >/dev/null || cannot "node is not installed"
  cache_folder emulator-node "$here/package-lock.json"
  [ ! -e "$cache/done" ] || return 0
  cp "$here/package.json" "$here/package-lock.json" "$cache/"
  (cd "$cache" && npm ci --no-audit --no-fund --silent) || cannot "the vendor's Node packages cannot be had"
  touch "$cache/done"
}

vendor_python() {
  command -v python3 >/dev/null || cannot "python3 is not installed"
  version=$(mktemp)
  python3 -V >"$version"
  cache_folder emulator-python "$here/requirements.txt" "$version"
  rm -f "$version"
  [ ! -e "$cache/done" ] || return 0
  rm -rf "$cache/venv"
  python3 -m venv "$cache/venv" >/dev/null || cannot "python3 has no venv (python3-venv)"
  "$cache/venv/bin/pip" --quiet --disable-pip-version-check install -r "$here/requirements.txt" ||
    cannot "the vendor's Python packages cannot be had"
  touch "$cache/done"
}

vendor_java() {
  for program in javac keytool mvn; do
    command -v $program >/dev/null || cannot "$program is not installed"
  done
  cache_folder emulator-java "$here/pom.xml"
  [ ! -e "$cache/done" ] || return 0
  mvn --quiet --batch-mode --file "$here/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DoutputDirectory="$cache/lib" >"$cache/log" 2>&1 || cannot "the vendor's Java packages cannot be had"
  touch "$cache/done"
}

# shellcheck disable=SC2317 # called by the trap
end_emulator() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
  rm -rf "$work"
}

start_emulator() {
  work=$(mktemp -d)
  pid=
  trap end_emulator EXIT
  trap 'exit 1' INT TERM
  mkdir "$work/emulator"
  "$emulator" --dir "$work/emulator" --ready-file "$work/ready" "$@" >/dev/null &
  pid=$!
  tries=0
  until [ -s "$work/ready" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 200 ] || ! kill -0 "$pid" 2>/dev/null; then
      echo "Bail out! the emulator does not start"
      exit 1
    fi
    sleep 0.05
  done
}

field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/ready"; }
