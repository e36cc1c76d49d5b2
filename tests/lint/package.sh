#!/usr/bin/env bash
# The Debian packages: package.sh. Makes them twice, the second time of a copy of the tree in another folder
# and at another time (same bytes), and once more under another umask (same modes), asks lintian, then installs, upgrades, looks, removes and purges them. That
# needs root, and is done on a throw-away layer over this machine's file system, so that the machine stays as it was; where no such
# layer can be made (a container without mounts), on the file system itself. Then the same files as .rpm, made by rpmbuild and
# looked at by rpmlint. Exit 77: not root.
set -u
self=$(realpath "$0")
failed() { echo "FAILED: $*"; exit 1; }

# packages_of SOURCE BUILD OUT GENERATOR: neither the tests nor the time nor the umask change what is packed.
packages_of() {
  { cmake -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=Release -DROTATOR_HARDENING=ON -DROTATOR_TESTS=OFF &&
    cmake --build "$2" -j "$(nproc)" && (cd "$2" && cpack -G "$4" -B "$3"); } >"$dir/log" 2>&1 ||
    { tail -n 40 "$dir/log"; failed "cpack -G $4"; }
}

make_packages() {
  local top copy=$dir/another/folder/of/that/tree
  top=$(cd "$(dirname "$self")/../.." && pwd)
  unset SOURCE_DATE_EPOCH
  export CCACHE_DISABLE=1 # what it hands out has the names of files as another folder saw them
  packages_of "$top" "$dir/build" "$dir/1" DEB
  mkdir -p "$copy"
  (cd "$top" && tar -c --exclude=./build --exclude='./build-*' --exclude=./.git --exclude=node_modules .) | tar -x -m -C "$copy"
  (TZ=Asia/Tokyo packages_of "$copy" "$copy-built" "$dir/2" DEB) || exit 1
  for deb in rotator rotator-libsecret; do
    cmp "$dir/1/${deb}"_*.deb "$dir/2/${deb}"_*.deb || failed "two packages of one tree differ: $deb"
  done
  # (cpack gives the members of the .deb the modes of its temporary files; what is in them is what counts)
  (umask 077 && packages_of "$copy" "$copy-built" "$dir/3" DEB) || exit 1
  for deb in rotator rotator-libsecret; do
    diff <(dpkg-deb -c "$dir/1/${deb}"_*.deb) <(dpkg-deb -c "$dir/3/${deb}"_*.deb) || failed "the umask decides what others can read"
  done
  (umask 077 && packages_of "$copy" "$copy-built" "$dir/rpm" RPM) || exit 1
}

# Every file that is there now, but for what dpkg keeps for itself.
files_now() {
  find /etc /usr /var/lib -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -name __pycache__ -o -path '/etc/*-' \) -prune \
    -o -print 2>/dev/null | sort
}

# The version before, in which all was one package.
old_package() {
  local dir=$1/old
  dpkg-deb -R "$1"/rotator_*.deb "$dir"
  dpkg-deb -x "$1"/rotator-libsecret_*.deb "$dir"
  rm -rf "$dir/usr/share/doc/rotator-libsecret" "$dir/DEBIAN/md5sums" "$dir/DEBIAN/preinst"
  sed -i 's/^Version: .*/Version: 0.1.0-1/' "$dir/DEBIAN/control"
  dpkg-deb -b --root-owner-group "$dir" "$1/old.deb" >/dev/null
}

look_at_files() {
  local f
  /usr/bin/rotator --version || failed "rotator --version"
  id rotator || failed "no user"
  for f in /usr/lib/systemd/system/rotator.service /usr/lib/systemd/system/rotator.timer \
    /usr/lib/systemd/system/agent-restart@.path /usr/share/man/man1/rotator.1.gz /usr/share/man/man5/rotator.yaml.5.gz \
    /usr/share/man/man8/rotator-as-service.8.gz /usr/share/bash-completion/completions/rotator \
    /usr/share/rotator/rotator.schema.json /usr/share/doc/rotator/runbook.md /usr/share/doc/rotator/examples/rotator.yaml \
    /etc/rotator/rotator.yaml.example; do
    [ -s "$f" ] || failed "$f is not there"
  done
  [ "$(stat -c '%U %a' /var/lib/rotator /etc/rotator/keys /usr/libexec/rotator | tr '\n' ' ')" = \
    "rotator 700 rotator 755 root 755 " ] ||
    failed "folders: $(stat -c '%n %U %a' /var/lib/rotator /etc/rotator/keys /usr/libexec/rotator)"
  [ -d /etc/rotator/targets.d ] || failed "no targets.d"
  if command -v systemd-analyze >/dev/null; then
    f=$(systemd-analyze verify --man=no /usr/lib/systemd/system/rotator.service /usr/lib/systemd/system/rotator.timer 2>&1)
    [ -z "$f" ] || failed "$f"
  fi
}

# In the layer, as root.
install_and_remove() {
  local dir=$1 deb more
  umask 077
  deb=$(ls "$dir"/rotator_*.deb) more=$(ls "$dir"/rotator-libsecret_*.deb)
  old_package "$dir"
  files_now >"$dir/before"
  dpkg -i "$deb" || failed "dpkg -i"
  [ ! -e /usr/libexec/rotator/rotator-libsecret ] || failed "the keyring's program is in the package for servers"
  look_at_files
  dpkg -i "$more" || failed "dpkg -i rotator-libsecret"
  if [ -n "$(type -P runuser)" ]; then
    runuser -u nobody -- /usr/libexec/rotator/rotator-libsecret </dev/null >/dev/null 2>&1
    [ $? -lt 126 ] || failed "another user cannot run rotator-libsecret"
  fi
  # What holds keys outlives the package; without it, nothing does.
  touch /etc/rotator/keys/agent.env
  dpkg -i "$deb" || failed "installing over itself"
  dpkg -r rotator-libsecret rotator || failed "dpkg -r"
  [ ! -e /usr/bin/rotator ] || failed "still there after removal"
  dpkg -P rotator rotator-libsecret || failed "dpkg -P"
  [ -e /etc/rotator/keys/agent.env ] || failed "a key file was removed"
  rm /etc/rotator/keys/agent.env
  # From the version before: with and without what was split off. And a dpkg that was interrupted.
  dpkg -i "$dir/old.deb" || failed "installing the version before"
  [ -x /usr/libexec/rotator/rotator-libsecret ] || failed "the version before is not what it was"
  dpkg -i "$deb" "$more" || failed "upgrading"
  [ -x /usr/libexec/rotator/rotator-libsecret ] || failed "lost in the upgrade"
  dpkg -P rotator-libsecret rotator || failed "purging after an upgrade"
  dpkg --unpack "$deb" || failed "unpacking"
  dpkg --configure -a || failed "going on after an interruption"
  look_at_files
  dpkg -P rotator || failed "purging what is installed"
  # Over a program that somebody put there by hand.
  echo by-hand >/usr/bin/rotator
  dpkg -i "$deb" || failed "installing over a program of that name"
  [ "$(cat /usr/bin/rotator.before-package)" = by-hand ] || failed "somebody's program is lost"
  /usr/bin/rotator --version || failed "the program of the package is not there"
  dpkg -P rotator || failed "purging"
  rm /usr/bin/rotator.before-package
  files_now >"$dir/after"
  diff "$dir/before" "$dir/after" || failed "left behind"
  if id rotator 2>/dev/null; then
    failed "the user was left behind"
  fi
}

# What rpmlint holds against them, but for what only a distribution can give (a signature, a packager) or wants otherwise (bz2).
look_at_rpms() {
  local found
  found=$(rpmlint "$dir"/rpm/*.rpm 2>&1 | grep '^rotator.*: [EW]: ' |
    grep -v -e no-signature -e no-packager-tag -e 'manpage-not-compressed bz2' -e no-url-tag -e invalid-license \
      -e requires-on-release -e only-non-binary-in-usr-lib -e dangerous-command-in -e no-manual-page-for-binary)
  [ -z "$found" ] || { echo "$found"; failed "rpmlint"; }
  for rpm in "$dir"/rpm/*.rpm; do
    rpm -qp --dump "$rpm" | awk '$5 ~ /^004/ && $5 !~ /755$/ {print "mode of " $1 ": " $5; bad = 1} END {exit bad}' || failed "$rpm"
  done
  [ "$(rpm -qp --requires "$dir"/rpm/rotator-[0-9]*.rpm | grep -c 'glib\|libsecret')" = 0 ] || failed "rotator wants GLib"
}

if [ "${1-}" = --inside ]; then
  install_and_remove "$2"
  exit
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make_packages
for deb in "$dir"/1/*.deb; do
  dpkg-deb --info "$deb"
  dpkg-deb --contents "$deb"
done
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs,maintainer-script-calls-systemctl \
  --tag-display-limit 0 --allow-root "$dir"/1/*.deb || failed "lintian"
look_at_rpms

root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || { echo "SKIP: installing needs root"; exit 77; }
  root=(sudo -n)
fi
if dpkg-query -W -f='${db:Status-Status}' rotator 2>/dev/null | grep -qx installed; then
  echo "SKIP: rotator is installed here"
  exit 77
fi
mkdir "$dir/layer"
# (the layer's own files are in memory, and gone with the name space)
layer="mount -t tmpfs tmpfs '$dir/layer' && cd '$dir/layer' && mkdir u w m out && mount -t overlay overlay -o lowerdir=/,upperdir=u,workdir=w m"
if "${root[@]}" unshare -m sh -c "$layer" 2>/dev/null; then
  "${root[@]}" unshare -m sh -c "$layer && mount --rbind /proc m/proc && mount --rbind /dev m/dev && mkdir -p m/mnt/package && cp '$dir'/1/*.deb '$self' m/mnt/package/ &&
    exec chroot m bash /mnt/package/package.sh --inside /mnt/package" || exit 1
else
  trap '"${root[@]}" dpkg -P rotator-libsecret rotator >/dev/null 2>&1; rm -rf "$dir"' EXIT
  "${root[@]}" "$self" --inside "$dir/1" || exit 1
fi
echo "installed, upgraded, looked at, removed: nothing left"
