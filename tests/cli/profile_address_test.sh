#!/usr/bin/env bash
# The metadata service at the address and the name that it really has, in a network of the test's own: plain HTTP goes there, and nowhere
# else. Skipped where no such network may be made.
if [ -z "${IN_OWN_NETWORK:-}" ]; then
  command -v python3 >/dev/null && unshare -nm sh -c 'ip link set lo up' 2>/dev/null || { echo "SKIP: no network of its own"; exit 77; }
  exec unshare -nm env IN_OWN_NETWORK=1 bash "$0"
fi
ip link set lo up
ip address add 169.254.169.254/32 dev lo
. "$(dirname "$0")/lib.sh"
profile=Profile-44444444-4444-4444-8444-444444444444
forwarder=

# at_address PORT TO: what comes to 169.254.169.254:PORT goes to 127.0.0.1:TO.
at_address() {
  cat >"$T/forward.py" <<'END'
import asyncio
import sys


async def copy(source, target):
    while data := await source.read(65536):
        target.write(data)
    target.close()


async def serve(reader, writer):
    there = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(copy(reader, there[1]), copy(there[0], writer), return_exceptions=True)


async def main():
    server = await asyncio.start_server(serve, "169.254.169.254", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(main())
END
  python3 "$T/forward.py" "$1" "$2" >"$T/forward.out" 2>"$T/forward.err" &
  forwarder=$!
  for _ in $(seq 400); do
    grep -q ready "$T/forward.out" && return
    sleep 0.05
  done
  fail "nothing listens at 169.254.169.254:$1: $(cat "$T/forward.err")"
}
end_forwarder() {
  [ -z "$forwarder" ] || kill "$forwarder" 2>/dev/null
  forwarder=
}
trap 'end_forwarder; clean_up' EXIT
# name_is ADDRESS: what api.metadata.cloud.ibm.com resolves to.
name_is() {
  printf '127.0.0.1 localhost\n%s api.metadata.cloud.ibm.com\n' "$1" >"$T/hosts"
  mountpoint -q /etc/hosts && umount /etc/hosts
  mount --bind "$T/hosts" /etc/hosts || skip "/etc/hosts cannot be replaced here"
}
managed() {
  # shellcheck disable=SC2154
  { head_of_config | sed "s|^management: .*|management: {profile: {id: $profile, metadata: $1}}|"; target prod; } >"$config"
}
prepare() { # OPTION…: the emulator, with a profile that may rotate
  start_emulator --imds-port 0 "$@"
  imds=$(jq -r .imds "$T/ready")
  # shellcheck disable=SC2154
  seed "{\"profiles\": [{\"id\": \"$profile\", \"account\": \"$account\", \"name\": \"rotator\"}],
    \"roles\": [{\"identity\": \"$profile\", \"role\": \"Operator\", \"service_id\": \"$sender_id\"}]}" >/dev/null
  rm "$T/management.key"
}

# --- http ---
prepare
at_address 80 "${imds##*:}"
managed http
run 0 init prod
run 0 rotate prod
run 0 check prod
out_has "exchange    the management credential is iam-$profile"
passed "plain HTTP to the address"
name_is 169.254.169.254
managed '"http://api.metadata.cloud.ibm.com"'
run 0 check prod
out_has "exchange    the management credential is iam-$profile"
name_is 127.0.0.1 # somebody else's
run 75 check prod
out_has 'metadata service http://api.metadata.cloud.ibm.com does not answer'
passed "and to its name, while that has the address"
# A proxy is not asked, whatever the environment says.
managed http
http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 run 0 check prod
passed "no proxy is asked for it"

# --- https ---
end_forwarder
kill "$emulator_pid"; wait "$emulator_pid" 2>/dev/null
rm -rf "$T/ready" "$T"/state/* "$T"/sinks/*
prepare --imds-tls
at_address 443 "${imds##*:}"
name_is 169.254.169.254
managed https
run 0 init prod
run 0 rotate prod
run 0 check prod
out_has "exchange    the management credential is iam-$profile"
passed "HTTPS to the name"
