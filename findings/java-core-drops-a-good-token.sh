#!/bin/sh
# com.ibm.cloud:sdk-core for Java: when 80 % of a token's life are over, a refresh begins in the background. When it is
# refused, its result, a token that holds an exception, takes the place of the good one: every call fails from then on.
#
# Why it matters: with an hour's token, senders stop twelve minutes before anything has expired, and one refusal that would
# have passed is enough to begin it.
set -eu
version=9.26.0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>com.ibm.cloud</groupId><artifactId>sdk-core</artifactId><version>$version</version></dependency>
</dependencies></project>
POM
mvn --quiet --batch-mode --file "$dir/pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory="$dir/lib"
cat >"$dir/Try.java" <<'JAVA'
import com.ibm.cloud.sdk.core.security.IamAuthenticator;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

public class Try {
  static final int LIFE = 100;

  public static void main(String[] args) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    HttpServer iam = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    iam.createContext("/", x -> { // one token of LIFE seconds; the next exchange is refused
      x.getRequestBody().readAllBytes();
      long now = System.currentTimeMillis() / 1000;
      boolean first = asked.incrementAndGet() == 1;
      byte[] body = (first
          ? "{\"access_token\":\"first\",\"token_type\":\"Bearer\",\"expires_in\":" + LIFE + ",\"expiration\":" + (now + LIFE) + "}"
          : "{\"errorCode\":\"BXNIM0415E\",\"errorMessage\":\"Provided API key could not be found.\"}").getBytes();
      x.getResponseHeaders().set("Content-Type", "application/json");
      x.sendResponseHeaders(first ? 200 : 400, body.length);
      x.getResponseBody().write(body);
      x.close();
    });
    iam.start();
    IamAuthenticator a = new IamAuthenticator.Builder().apikey("a-key").url("http://127.0.0.1:" + iam.getAddress().getPort()).build();
    List<String> seen = new ArrayList<>(List.of(a.getToken()));
    long begin = System.nanoTime();
    for (int at : new int[] {70, 82, 85, 87}) {
      Thread.sleep(Math.max(0, at * 1000 - (System.nanoTime() - begin) / 1000000));
      try {
        seen.add(a.getToken());
      } catch (RuntimeException e) {
        seen.add("an exception");
      }
      System.out.println("getToken() with " + (LIFE - (System.nanoTime() - begin) / 1000000000) + " s of the token left: " + seen.get(seen.size() - 1));
    }
    // The call at 82 % begins the refresh; whether it still gets the token is a race.
    seen.remove(2);
    System.exit(seen.equals(List.of("first", "first", "an exception", "an exception")) ? 0 : 1);
  }
}
JAVA
echo "com.ibm.cloud:sdk-core $version"
if java -cp "$dir/lib/*" "$dir/Try.java" 2>"$dir/log"; then
  echo "as found: the good token was lost to a refused refresh"
else
  cat "$dir/log"
  echo "CHANGED: see above"
  exit 1
fi
