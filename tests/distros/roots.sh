# shellcheck shell=bash disable=SC2034
# Root folders of Debian releases, for tests of what only a release, another libc or another systemd shows. Sourced.
#
#   root_lack             says why no root can be made or entered here, and succeeds; fails where they can
#   root_plain SUITE      a minimal root of SUITE (bookworm, trixie, sid), made once by debootstrap; sets root
#   root_with SUITE NAME PACKAGE…   a copy of it with packages; made anew when the list has changed; sets root
#   root_copy SUITE NAME KEY        a copy of it to work in, kept for as long as KEY stays the same; sets root
#   root_run ROOT [--bind FROM TO]… [--share FROM TO]… [--machine NAME]… -- COMMAND…
#                         runs a command in it, with process ids of its own (what it leaves behind is ended); FROM is seen at TO,
#                         with --bind to be read only. With --machine, programs of that machine run like its own, by the qemu
#                         that is in the root (package qemu-user-static), and in it alone: Linux 6.7 has binfmt_misc by user name space
#   root_machine_lack     as root_lack, for --machine
#
# They are kept in ${XDG_CACHE_HOME:-~/.cache}/rotator-tests/roots, with the packages that were fetched; two that want the same one wait for each other. What is fetched comes from where this machine's own apt fetches. All
# but root_lack print what went wrong and fail. Needs root.
root_cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/roots

root_lack() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "making a root needs root"
  elif ! command -v debootstrap >/dev/null; then
    echo "debootstrap is missing"
  elif ! unshare --mount --pid --fork mount -t tmpfs none /mnt 2>/dev/null; then
    echo "a name space of mounts cannot be made here"
  else
    return 1
  fi
}

root_machine_lack() {
  root_lack && return
  unshare --user --map-root-user --mount mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null && return 1
  echo "binfmt_misc cannot be mounted in a user name space (Linux 6.7 or later, not in a container that forbids it)"
}

# Where this machine fetches Debian from; nothing on another distribution (debootstrap then knows a place itself).
root_mirror() {
  apt-get indextargets --format '$(ORIGIN)/$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's|^Debian/Debian ||p' | head -n 1
}

# root_locked NAME COMMAND…: a command under a lock, as several parts may want the same root.
root_locked() {
  local name=$1
  shift
  mkdir -p "$root_cache"
  (
    flock 8
    "$@"
  ) 8>"$root_cache/$name.lock"
}

root_make_plain() {
  local suite=$1 dir=$root_cache/$1 mirror
  [ ! -e "$dir/made" ] || return 0
  mirror=$(root_mirror)
  rm -rf --one-file-system "$dir"
  mkdir -p "$dir"
  echo "making a minimal root of Debian $suite" >&2
  if ! debootstrap --variant=minbase "$suite" "$dir/root" ${mirror:+"$mirror"} >"$dir/log" 2>&1; then
    tail -n 20 "$dir/log" >&2
    return 1
  fi
  # (a mirror that stands still, as snapshots do, is as good for a test)
  echo 'Acquire::Check-Valid-Until "false";' >"$dir/root/etc/apt/apt.conf.d/90rotator-tests"
  touch "$dir/made"
}

root_plain() {
  root_locked "$1" root_make_plain "$1" || return 1
  root=$root_cache/$1/root
}

# Not one whose apt was ended half way, by a run that was ended: dpkg does nothing in it until somebody has mended it.
root_whole() {
  [ -z "$(ls -A "$1/var/lib/dpkg/updates")" ] && [ -z "$(chroot "$1" dpkg --audit 2>&1)" ]
}

root_make_copy() {
  local suite=$1 name=$2 key=$3 dir=$root_cache/$1-$2
  if [ "$(cat "$dir/key" 2>/dev/null)" = "$key" ] && root_whole "$dir/root"; then
    return 0
  fi
  rm -rf --one-file-system "$dir"
  mkdir -p "$dir"
  cp -a --reflink=auto "$root_cache/$suite/root" "$dir/root" && echo "$key" >"$dir/key"
}

root_copy() {
  root_plain "$1" && root_locked "$1-$2" root_make_copy "$1" "$2" "$3" || return 1
  root=$root_cache/$1-$2/root
}

root_fill() {
  local suite=$1 name=$2 key=$3 dir=$root_cache/$1-$2 others
  shift 3
  # (PACKAGE:ARCHITECTURE is of another machine)
  others=$(printf '%s\n' "$@" | sed -n 's/.*://p' | sort -u)
  [ ! -e "$dir/filled" ] || [ "$(cat "$dir/key" 2>/dev/null)" != "$key" ] || return 0
  rm -rf --one-file-system "$dir"
  root_make_copy "$suite" "$name" "$key" || return 1
  echo "adding to a root of Debian $suite: $*" >&2
  if ! root_run "$dir/root" -- env DEBIAN_FRONTEND=noninteractive sh -c \
    'for other in $0; do dpkg --add-architecture "$other"; done
     apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"' "$others" "$@" >"$dir/log" 2>&1 </dev/null; then
    tail -n 20 "$dir/log" >&2
    return 1
  fi
  touch "$dir/filled"
}

root_with() {
  local suite=$1 name=$2 key
  shift 2
  key=$(printf '%s\n' "$@" | sort -u | cksum)
  root_plain "$suite" && root_locked "$suite-$name" root_fill "$suite" "$name" "$key" "$@" || return 1
  root=$root_cache/$suite-$name/root
}

# In a user name space of its own, as soon as user ids are mapped there: tells the kernel what runs programs of other machines.
# It is known in this name space alone, and gone with it.
root_know_machines='
  machines=$1
  shift
  read -r _ <tmp/mapped && mount -t binfmt_misc none proc/sys/fs/binfmt_misc || exit 125
  for machine in $machines; do
    sed "s|:/usr/|:usr/|" "usr/lib/binfmt.d/qemu-$machine.conf" >proc/sys/fs/binfmt_misc/register || exit 125
  done
  exec "$@"'

# In a mount name space of its own: makes the root complete and goes in. Nothing of the machine's /run or services is seen.
root_enter='
  root=$1 archives=$2 know_machines=$3 machines=
  shift 3
  mount --bind "$root" "$root" && cd "$root" || exit 125
  mount -t proc proc proc && mount --rbind /dev dev && mount --rbind /sys sys && mount -t tmpfs -o mode=1777 tmpfs tmp || exit 125
  mount --bind "$archives" var/cache/apt/archives || exit 125
  cp -L /etc/resolv.conf /etc/hosts etc/ 2>/dev/null
  while [ "$1" != -- ]; do
    if [ "$1" = --machine ]; then
      machines="$machines $2"
      shift 2
      continue
    fi
    mkdir -p ".$3" && mount --bind "$2" ".$3" || exit 125
    [ "$1" = --share ] || mount -o remount,bind,ro ".$3" || exit 125
    shift 3
  done
  shift
  set -- chroot . /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
  [ -n "$machines" ] || exec "$@"
  mkfifo tmp/mapped
  unshare --user --mount sh -c "$know_machines" know_machines "$machines" "$@" &
  until [ "$(readlink proc/$!/ns/user)" != "$(readlink proc/self/ns/user)" ]; do
    kill -0 $! || exit 125
    sleep 0.1
  done
  echo 0 0 65536 >proc/$!/uid_map && echo 0 0 65536 >proc/$!/gid_map && echo >tmp/mapped && wait $!'

root_run() {
  local where=$1 archives
  shift
  # (a folder for each: apt waits for no lock on it)
  archives=${where%/root}.archives
  mkdir -p "$archives/partial"
  unshare --mount --pid --fork --kill-child sh -c "$root_enter" root_run "$where" "$archives" "$root_know_machines" "$@"
}
