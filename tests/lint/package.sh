#!/usr/bin/env bash
# The Debian package of a built tree: package.sh BUILD. Makes it twice (same bytes), asks lintian, then installs, looks, removes
# and purges it. That needs root, and is done on a throw-away layer over this machine's file system, so that the machine stays
# as it was; where no such layer can be made (a container without mounts), on the file system itself. Exit 77: not root.
set -u
self=$(realpath "$0")
failed() { echo "FAILED: $*"; exit 1; }

make_package() {
  local build=$1 dir=$2 source i
  source=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt")
  export SOURCE_DATE_EPOCH=1767225600
  for i in 1 2; do
    mkdir "$dir/$i"
    { cmake -S "$source" -B "$build" && cmake --build "$build" &&
      cpack -G DEB --config "$build/CPackConfig.cmake" -B "$dir/$i"; } >"$dir/log" 2>&1 || { cat "$dir/log"; failed "cpack"; }
  done
  cmp "$dir"/1/*.deb "$dir"/2/*.deb || failed "two packages of one tree differ"
}

# Every file that is there now, but for what dpkg keeps for itself.
files_now() {
  find /etc /usr /var/lib -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -name __pycache__ -o -path '/etc/*-' \) -prune \
    -o -print 2>/dev/null | sort
}

# In the layer, as root.
install_and_remove() {
  local deb=$1 dir=$2 f
  files_now >"$dir/before"
  dpkg -i "$deb" || failed "dpkg -i"
  /usr/bin/rotator --version || failed "rotator --version"
  id rotator || failed "no user"
  for f in /usr/lib/systemd/system/rotator.service /usr/lib/systemd/system/rotator.timer \
    /usr/lib/systemd/system/agent-restart@.path /usr/share/man/man1/rotator.1.gz /usr/share/man/man5/rotator.yaml.5.gz \
    /usr/share/bash-completion/completions/rotator /usr/share/rotator/rotator.schema.json \
    /usr/share/doc/rotator/runbook.md /usr/share/doc/rotator/examples/rotator.yaml; do
    [ -s "$f" ] || failed "$f is not there"
  done
  [ "$(stat -c '%U %a' /var/lib/rotator /etc/rotator/keys | tr '\n' ' ')" = "rotator 700 rotator 755 " ] ||
    failed "folders: $(stat -c '%n %U %a' /var/lib/rotator /etc/rotator/keys)"
  if command -v systemd-analyze >/dev/null; then
    f=$(systemd-analyze verify --man=no /usr/lib/systemd/system/rotator.service /usr/lib/systemd/system/rotator.timer 2>&1)
    [ -z "$f" ] || failed "$f"
  fi
  # What holds keys outlives the package; without it, nothing does.
  touch /etc/rotator/keys/agent.env
  dpkg -i "$deb" || failed "installing over itself"
  dpkg -r rotator || failed "dpkg -r"
  [ ! -e /usr/bin/rotator ] || failed "still there after removal"
  dpkg -P rotator || failed "dpkg -P"
  [ -e /etc/rotator/keys/agent.env ] || failed "a key file was removed"
  rm /etc/rotator/keys/agent.env
  dpkg -i "$deb" || failed "installing a second time"
  dpkg -P rotator || failed "purging what is installed"
  files_now >"$dir/after"
  diff "$dir/before" "$dir/after" || failed "left behind"
  if id rotator 2>/dev/null; then
    failed "the user was left behind"
  fi
}

if [ "$1" = --inside ]; then
  install_and_remove "$2" "$3"
  exit
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make_package "$(realpath "$1")" "$dir"
deb=$(ls "$dir"/1/*.deb)
dpkg-deb --info "$deb"
dpkg-deb --contents "$deb"
lintian --fail-on error --tag-display-limit 0 --allow-root "$deb" || failed "lintian"

root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || { echo "SKIP: installing needs root"; exit 77; }
  root=(sudo -n)
fi
if dpkg-query -W rotator >/dev/null 2>&1; then
  echo "SKIP: rotator is installed here"
  exit 77
fi
mkdir "$dir/layer"
# (the layer's own files are in memory, and gone with the name space)
layer="mount -t tmpfs tmpfs '$dir/layer' && cd '$dir/layer' && mkdir u w m out && mount -t overlay overlay -o lowerdir=/,upperdir=u,workdir=w m"
if "${root[@]}" unshare -m sh -c "$layer" 2>/dev/null; then
  "${root[@]}" unshare -m sh -c "$layer && mount --rbind /proc m/proc && mount --rbind /dev m/dev && mkdir -p m/mnt/package && cp '$deb' '$self' m/mnt/package/ &&
    exec chroot m bash /mnt/package/package.sh --inside '/mnt/package/$(basename "$deb")' /mnt/package" || exit 1
else
  "${root[@]}" "$self" --inside "$deb" "$dir" || exit 1
fi
echo "installed, looked at, removed: nothing left"
