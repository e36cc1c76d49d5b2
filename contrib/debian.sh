# shellcheck shell=bash
# Installs what a script needs, by Debian package name: Debian 12, 13 and sid. Sourced by contrib/quickstart.sh and tests/run.sh.
#
#   need PACKAGE… [COMMAND=PACKAGE…]
#
# A plain word is a package that must be installed; A|B is the first of them that this release has (no release has all, as names
# bear versions). COMMAND=PACKAGE is content with the command, wherever it came from. Nothing is said or done when nothing is
# missing. What is missing is named first, then installed in one go: as root, or by way of sudo. A name that this release does
# not have is told, and the others are installed all the same. Where there is no apt, or no way to become root, the names are
# printed and the script goes on; what cannot work then says so itself.

need_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

need_is_there() {
  local name
  case $1 in
    *=*) command -v "${1%%=*}" >/dev/null ;;
    *)
      for name in ${1//|/ }; do
        need_installed "$name" && return 0
      done
      return 1
      ;;
  esac
}

# The name under which apt here knows an item; fails when there is none.
need_known() {
  local name
  for name in ${1//|/ }; do
    if apt-cache show --no-all-versions "$name" >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
  return 1
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

# need_install LOG ITEM…: fails when any of them could not be had.
need_install() {
  local log=$1 item name known=() unknown=()
  shift
  need_apt update >"$log" 2>&1 || return 1
  for item in "$@"; do
    if name=$(need_known "$item"); then
      known+=("$name")
    else
      unknown+=("$item")
    fi
  done
  if [ ${#known[@]} -gt 0 ]; then
    need_apt install -y --no-install-recommends "${known[@]}" >"$log" 2>&1 || return 1
  fi
  [ ${#unknown[@]} -gt 0 ] || return 0
  echo "apt has no such package here ($(. /etc/os-release; echo "${PRETTY_NAME-unknown system}")): ${unknown[*]}" >"$log"
  return 1
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
  if need_install "$log" "${missing[@]}"; then
    rm -f "$log"
    return 0
  fi
  tail -n 20 "$log" >&2
  rm -f "$log"
  echo "could not install all of them; by hand, as root: apt-get install ${missing[*]}" >&2
  return 1
}
