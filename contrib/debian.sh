# shellcheck shell=bash
# Installs what a script needs, by Debian package name. Sourced by contrib/quickstart.sh and tests/run.sh.
#
#   need PACKAGE… [COMMAND=PACKAGE…]
#
# A plain word is a package that must be installed. COMMAND=PACKAGE is content with the command, wherever it came from.
# Nothing is said or done when nothing is missing. What is missing is named first, then installed in one go: as root, or by
# way of sudo. Where there is no apt, or no way to become root, the names are printed and the script goes on; what cannot
# work then says so itself.

need_is_there() {
  case $1 in
    *=*) command -v "${1%%=*}" >/dev/null ;;
    *) [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
  esac
}

need_apt() {
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || return 1
    root=(sudo -n)
    [ -t 0 ] && root=(sudo)
  fi
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -qq "$@" </dev/null
}

need() {
  local item missing=() log
  for item in "$@"; do
    need_is_there "$item" || missing+=("${item##*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "needed, by their Debian names: ${missing[*]} (no apt-get here: install their counterparts)" >&2
    return 0
  fi
  echo "installing the Debian packages that are missing: ${missing[*]}"
  log=$(mktemp)
  if need_apt update >"$log" 2>&1 && need_apt install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 20 "$log" >&2
  rm -f "$log"
  echo "could not install them; as root: apt-get install ${missing[*]}" >&2
  return 1
}
