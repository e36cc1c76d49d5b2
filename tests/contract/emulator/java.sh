#!/bin/sh
# Drives the emulator with the vendor's own Java SDK core, over HTTPS. java.sh BUILD_DIR prints TAP.
# The jars come by Maven and live in a folder outside the tree, one for each pom.xml.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "${1:?usage: java.sh BUILD_DIR}"
vendor_java
start_emulator --imds-port 0
keytool -importcert -noprompt -alias emulator -file "$(field ca)" -keystore "$work/trust.p12" \
  -storetype PKCS12 -storepass emulator >/dev/null 2>&1
javac -d "$work" -cp "$cache/lib/*" "$here/Conformance.java"
java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djavax.net.ssl.trustStore="$work/trust.p12" \
  -Djavax.net.ssl.trustStorePassword=emulator -cp "$work:$cache/lib/*" \
  Conformance "$(field https)" "$(field http)" "$(field imds)"
