#!/usr/bin/env bash
# The image of contrib/container, made by contrib/container/build with podman and then run: run.sh BUILD (with the emulator). As
# the user that it names and no other, without capabilities, on a root that is read only and has no temporary folder, it lives
# through a rotation. Prints TAP. podman is in a root made by tests/distros/roots.sh, the base image is such a root. Where none
# can be made, the answer is "1..0 # SKIP".
set -u
build=$(realpath "$1")
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=contrib/sandbox.sh
. "$top/contrib/sandbox.sh"
# shellcheck source=tests/distros/roots.sh
. "$top/tests/distros/roots.sh"
suite=bookworm
user=64321

if reason=$(root_lack); then
  echo "1..0 # SKIP $reason"
  exit 0
fi
work=$(mktemp -d)
trap 'sandbox_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
n=0 failures=0

# is NAME COMMAND…: one case.
is() {
  local name=$1
  shift
  n=$((n + 1))
  if "$@" >"$work/log" 2>&1; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    sed 's/^/# /' "$work/log"
    failures=$((failures + 1))
  fi
}

# A world that the image's user may use.
world() {
  chmod 755 "$work"
  sandbox_start "$(find "$build" -name ibmcloud-emulator -type f -perm -u+x | head -n 1)" "$work/world" || exit 1
  sandbox_config demo <<'YAML'
grace: 0s
quarantine: 0s
proof: {count: 1, span: 0s, absence_apart: 1s, propagation: 1s}
YAML
  chown -R $user:$user "$sandbox/rotator.yaml" "$sandbox/management.key" "$sandbox/keys" "$sandbox/state" "$sandbox/emulator/ca.pem"
  chmod 755 "$sandbox" "$sandbox/emulator"
}

root_plain $suite || exit 1
base=$root
root_with $suite image podman crun ca-certificates || exit 1
world

# in_podman COMMAND…: in the root with podman, as after a boot, apart from this machine's own containers. It sets up no network,
# and no control groups but an empty tree of version 2, which is what its runtime knows.
in_podman() {
  root_run "$root" --bind "$top" /src --bind "$base" /base --share "$work" "$work" -- \
    sh -c '
      mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm || exit 1
      { umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup; } 2>/dev/null
      printf "[containers]\ncgroups=\"disabled\"\nnetns=\"host\"\n[engine]\ncgroup_manager=\"cgroupfs\"\nevents_logger=\"none\"\n" >/tmp/containers.conf
      export CONTAINERS_CONF=/tmp/containers.conf BUILDAH_ISOLATION=chroot CONTAINER_TOOL=podman
      exec "$@"' sh "$@" </dev/null
}

is "an image of Debian to begin with" in_podman sh -c 'podman image exists localhost/base ||
  tar -C /base --exclude="./var/cache/apt/*" -c . | podman import - localhost/base'
is "the image is built" in_podman /src/contrib/container/build --base=localhost/base --tag=rotator:test

# look SCRIPT: in the image's files, by root and from outside.
look() { in_podman sh -c 'cd "$(podman image mount rotator:test)" && [ -x usr/bin/rotator ] && eval "$0"' "$1"; }
is "it names its user by number" in_podman sh -c \
  'podman image inspect --format "{{.Config.User}}" rotator:test | tee -a /dev/stderr | grep -qx 64321:64321'
is "and the program" in_podman sh -c \
  'podman image inspect --format "{{.Config.Entrypoint}} {{.Config.Cmd}}" rotator:test | tee -a /dev/stderr | grep -qx "\[/usr/bin/rotator\] \[run\]"'
is "no compiler and no lists of packages are in it" look \
  '! ls usr/bin/gcc usr/bin/cmake var/lib/apt/lists/*_Packages 2>/dev/null | grep .'
is "the user owns nothing in it" look '! find . -xdev \( -uid 64321 -o -gid 64321 \) | grep .'
is "what it runs is root's, and nobody else may write there" look \
  '! find usr/bin/rotator usr/libexec/rotator ! -user 0 -o -perm /022 ! -type l | grep .'

# contained OPTION… -- ARGUMENT…: the image, as it is run.
contained() {
  local options=(--rm --network=host --read-only --read-only-tmpfs=false --cap-drop=all --security-opt=no-new-privileges)
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  in_podman podman run "${options[@]}" -v "$sandbox:$sandbox" rotator:test "$@"
}
rotator() { contained -- -c "$sandbox/rotator.yaml" "$@"; }
key() { sed -n 's/^IAM_API_KEY=//p' "$sandbox/keys/demo.env"; }

is "it runs as that user, with no right but a user's" contained --entrypoint=/bin/sh -- -c \
  'id; grep ^Cap /proc/self/status; [ "$(id -u):$(id -g)" = 64321:64321 ] && ! grep "^Cap.*:.*[1-9a-f]" /proc/self/status'
is "on a root that is read only, without a temporary folder" contained --entrypoint=/bin/sh -- -c \
  'for dir in / /tmp /var/tmp /run /etc /usr/bin; do ! touch "$dir/x" 2>/dev/null || exit 1; done'
is "the program starts" contained -- --version
is "check" rotator check
is "init" rotator init demo
first=$(key)
is "a rotation" rotator rotate demo
is "changed the key" test -n "$first" -a "$first" != "$(key)"
is "run, which ends it" rotator run
is "status" rotator status
is "state and key belong to the user alone" test \
  "$(stat -c '%u %a' "$sandbox/keys/demo.env" "$sandbox"/state/*.state | tr '\n' ' ')" = "$user 600 $user 600 "
is "the hook for Kubernetes starts, and says what it lacks" contained --entrypoint=/bin/sh -- -c \
  'out=$(/usr/libexec/rotator/rollout-restart </dev/null 2>&1); s=$?; echo "$s $out"; [ $s -gt 0 ] && [ $s -lt 126 ]'
in_podman podman image prune -f >/dev/null 2>&1
echo "1..$n"
[ $failures = 0 ]
