#!/bin/sh
# com.ibm.cloud:sdk-core for Java: IamAuthenticator.requestToken() does not throw when IAM refuses the key. It returns a
# token object whose access token is null; the exception is inside it. getToken() of the same class throws.
#
# Why it matters: code that proves a key by requestToken() and waits for an exception takes a dead key for a good one.
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
import com.ibm.cloud.sdk.core.security.IamToken;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;

public class Try {
  public static void main(String[] args) throws Exception {
    HttpServer iam = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    iam.createContext("/", x -> {
      x.getRequestBody().readAllBytes();
      byte[] body = "{\"errorCode\":\"BXNIM0415E\",\"errorMessage\":\"Provided API key could not be found.\"}".getBytes();
      x.getResponseHeaders().set("Content-Type", "application/json");
      x.sendResponseHeaders(400, body.length);
      x.getResponseBody().write(body);
      x.close();
    });
    iam.start();
    IamAuthenticator a = new IamAuthenticator.Builder().apikey("a-key").url("http://127.0.0.1:" + iam.getAddress().getPort()).build();
    IamToken token = a.requestToken();
    System.out.println("requestToken(): returned, access token " + token.getAccessToken() + ", inside it: " + token.getException());
    boolean threw = false;
    try {
      a.getToken();
    } catch (RuntimeException e) {
      threw = true;
      System.out.println("getToken(): threw " + e);
    }
    System.exit(token.getAccessToken() == null && token.getException() != null && threw ? 0 : 1);
  }
}
JAVA
echo "com.ibm.cloud:sdk-core $version"
if java -cp "$dir/lib/*" "$dir/Try.java" 2>"$dir/log"; then
  echo "as found: the refusal came back as a return value"
else
  cat "$dir/log"
  echo "CHANGED: see above"
  exit 1
fi
