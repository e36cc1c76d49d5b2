# shellcheck shell=bash
# Prometheus' programs: those that are installed, or Debian's packages unpacked into the cache folder, once. Installing them would
# start them as services of this machine. Sourced; prometheus_get sets $prometheus, $promtool and $node_exporter, or fails.
prometheus_unpack() {
  local cache=$1 deb
  mkdir -p "$cache/deb" && cd "$cache/deb" && apt-get download prometheus prometheus-node-exporter || return 1
  for deb in *.deb; do
    dpkg-deb -x "$deb" "$cache" || return 1
  done
  touch "$cache/done"
}

prometheus_get() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/prometheus
  if ! command -v prometheus promtool prometheus-node-exporter >/dev/null; then
    mkdir -p "$cache"
    (
      flock 9
      [ -e "$cache/done" ] || (prometheus_unpack "$cache") >"$cache/log" 2>&1 || { tail -n 3 "$cache/log" >&2; exit 1; }
    ) 9>"$cache/lock" || return 1
    PATH=$cache/usr/bin:$PATH
  fi
  prometheus=$(command -v prometheus) && promtool=$(command -v promtool) && node_exporter=$(command -v prometheus-node-exporter)
}
