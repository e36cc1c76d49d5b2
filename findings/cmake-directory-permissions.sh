#!/usr/bin/env bash
# CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS (and `cmake --install --default-directory-permissions`) is documented as the
# permissions of directories that an installation makes. They are handed to mkdir(2), so the umask is still taken off: under
# umask 077, as root has it on hardened hosts, u=rwx,g=rx,o=rx gives 0700. What is installed is closed to every other user, and
# packages made by cpack carry it on. install(DIRECTORY DESTINATION … DIRECTORY_PERMISSIONS …) does set the mode.
#
# Debian packages: cmake 3.25 (Debian 12) or 3.31 (13). Exit status 1 when this changes.
set -u
command -v cmake >/dev/null || apt-get install -y --no-install-recommends cmake make >/dev/null 2>&1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 2
umask 077
cat >CMakeLists.txt <<'C'
cmake_minimum_required(VERSION 3.25)
project(x NONE)
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
install(FILES CMakeLists.txt DESTINATION implicit)
install(DIRECTORY DESTINATION explicit DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
C
cmake -S . -B b >/dev/null && cmake --install b --prefix "$dir/out" --default-directory-permissions u=rwx,g=rx,o=rx >/dev/null || exit 2
cmake --version | head -n 1
echo "umask 077, default directory permissions 0755: $(stat -c %a out/implicit); install(DIRECTORY): $(stat -c %a out/explicit)"
[ "$(stat -c %a out/implicit) $(stat -c %a out/explicit)" = "700 755" ]
