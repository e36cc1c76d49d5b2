#!/bin/sh
# Drives the emulator with the vendor's own Java SDK core, over HTTPS. java.sh BUILD_DIR prints TAP.
# The jars come by Maven and live in a folder outside the tree, one for each pom.xml.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "${1:?usage: java.sh BUILD_DIR}"
for program in javac keytool mvn; do
  command -v $program >/dev/null || cannot "$program is not installed"
done

cache_folder emulator-java "$here/pom.xml"
if [ ! -e "$cache/done" ]; then
  mvn --quiet --batch-mode --file "$here/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DoutputDirectory="$cache/lib" >"$cache/log" 2>&1 || cannot "the vendor's Java packages cannot be had"
  touch "$cache/done"
fi

start_emulator --imds-port 0
keytool -importcert -noprompt -alias emulator -file "$(field ca)" -keystore "$work/trust.p12" \
  -storetype PKCS12 -storepass emulator >/dev/null 2>&1
javac -d "$work" -cp "$cache/lib/*" "$here/Conformance.java"
java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djavax.net.ssl.trustStore="$work/trust.p12" \
  -Djavax.net.ssl.trustStorePassword=emulator -cp "$work:$cache/lib/*" \
  Conformance "$(field https)" "$(field http)" "$(field imds)"
