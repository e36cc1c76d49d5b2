// The vendor's own Java SDK core, unmodified, against the emulator: its authenticators, request builder, errors, gzip,
// retries and its reading of dates. (The service classes are not in the registry at a version of today; what they add to
// the core, paths and models, is judged by the other SDKs.) Arguments: the service URL, the control URL, the metadata URL.
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.ibm.cloud.sdk.core.http.RequestBuilder;
import com.ibm.cloud.sdk.core.http.Response;
import com.ibm.cloud.sdk.core.security.Authenticator;
import com.ibm.cloud.sdk.core.security.BearerTokenAuthenticator;
import com.ibm.cloud.sdk.core.security.IamAssumeAuthenticator;
import com.ibm.cloud.sdk.core.security.IamAuthenticator;
import com.ibm.cloud.sdk.core.security.VpcInstanceAuthenticator;
import com.ibm.cloud.sdk.core.service.BaseService;
import com.ibm.cloud.sdk.core.service.exception.ServiceResponseException;
import com.ibm.cloud.sdk.core.util.DateUtils;
import com.ibm.cloud.sdk.core.util.ResponseConverterUtils;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;

public class Conformance {
  static String url, control, imds;
  static int count, failed;
  static final String ACCOUNT = "e".repeat(32);
  static final String SENDER = "ServiceId-55555555-2222-4333-8333-333333333333";

  interface Body {
    void run() throws Exception;
  }

  static void check(String name, Body body) {
    count++;
    try {
      body.run();
      System.out.println("ok " + count + " - java: " + name);
    } catch (Throwable e) { // a test may fail in any way
      failed++;
      System.out.println("not ok " + count + " - java: " + name + "\n  # " + e);
      for (StackTraceElement at : e.getStackTrace())
        System.out.println("  #   " + at);
    }
  }

  static void expect(boolean truth, Object seen) {
    if (!truth)
      throw new AssertionError(String.valueOf(seen));
  }

  /** A service as the vendor's generator writes them, for any path. */
  static class Service extends BaseService {
    Service(Authenticator authenticator) {
      super("iam_identity", authenticator);
      setServiceUrl(url);
    }

    Response<JsonObject> call(RequestBuilder builder, JsonObject body) {
      if (body != null)
        builder.bodyJson(body);
      builder.header("Accept", "application/json");
      return this.<JsonObject>createServiceCall(builder.build(),
          ResponseConverterUtils.getValue(new com.google.gson.reflect.TypeToken<JsonObject>() {}.getType())).execute();
    }

    int callVoid(RequestBuilder builder) {
      return createServiceCall(builder.build(), ResponseConverterUtils.getVoid()).execute().getStatusCode();
    }

    RequestBuilder path(String method, String path) {
      okhttp3.HttpUrl to = RequestBuilder.resolveRequestUrl(getServiceUrl(), path);
      switch (method) {
        case "POST": return RequestBuilder.post(to);
        case "PUT": return RequestBuilder.put(to);
        case "DELETE": return RequestBuilder.delete(to);
        default: return RequestBuilder.get(to);
      }
    }

    JsonObject makeKey(String description) {
      JsonObject body = new JsonObject();
      body.addProperty("name", "key");
      body.addProperty("iam_id", "iam-" + SENDER);
      if (description != null)
        body.addProperty("description", description);
      return call(path("POST", "/v1/apikeys"), body).getResult();
    }

    int deleteKey(String id) {
      return callVoid(path("DELETE", "/v1/apikeys/" + id));
    }
  }

  static JsonObject control(String path, String body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(control + "/_control/" + path));
    HttpRequest built = body == null ? request.build() : request.POST(HttpRequest.BodyPublishers.ofString(body)).build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(built, HttpResponse.BodyHandlers.ofString());
    expect(answer.statusCode() == 200, answer.body());
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  static IamAuthenticator iam(String key) {
    return new IamAuthenticator.Builder().apikey(key).url(url).build();
  }

  static ServiceResponseException refused(int status, Runnable call) {
    try {
      call.run();
    } catch (ServiceResponseException e) {
      expect(e.getStatusCode() == status, e.getStatusCode() + " " + e.getMessage());
      return e;
    }
    throw new AssertionError("the call was expected to be refused");
  }

  /** The body of the refusal. requestToken() would not throw: it returns a token that holds the exception. */
  static String tokenRefused(String key) {
    try {
      iam(key).getToken();
    } catch (RuntimeException e) {
      ServiceResponseException cause = (ServiceResponseException) (e.getCause() == null ? e : e.getCause());
      expect(cause.getStatusCode() == 400, cause);
      return cause.getResponseBody();
    }
    throw new AssertionError("the exchange was expected to be refused");
  }

  public static void main(String[] args) throws Exception {
    url = args[0];
    control = args[1];
    imds = args[2];
    control("reset", "{}");
    JsonObject seeded = control("seed", "{'accounts':[{'id':'ACCOUNT'}],'service_ids':[{'name':'manager','apikeys':[{'name':'m'}]},{'id':'SENDER','name':'sender'}],'profiles':[{'name':'prof'}]}"
        .replace('\'', '"').replace("ACCOUNT", ACCOUNT).replace("SENDER", SENDER));
    JsonObject manager = seeded.getAsJsonArray("service_ids").get(0).getAsJsonObject();
    String key = manager.getAsJsonArray("apikeys").get(0).getAsJsonObject().get("apikey").getAsString();
    control("seed", "{\"roles\":[{\"identity\":\"" + manager.get("id").getAsString() + "\",\"role\":\"Administrator\"}]}");
    Service service = new Service(iam(key));

    check("a key is made, read and deleted with the core's own request builder", () -> {
      JsonObject made = service.makeKey("text");
      String id = made.get("id").getAsString();
      Response<JsonObject> read = service.call(service.path("GET", "/v1/apikeys/" + id), null);
      expect(read.getResult().get("apikey").getAsString().isEmpty(), read.getResult());
      expect(read.getHeaders().values("ETag").get(0).equals(read.getResult().get("entity_tag").getAsString()), read.getHeaders());
      expect(service.deleteKey(id) == 204, id);
      ServiceResponseException e = refused(404, () -> service.deleteKey(id));
      expect(e.getMessage().equals("Unable to find object"), e.getMessage());
      expect(e.getResponseBody().contains("\"not_found\""), e.getResponseBody());
    });

    check("the dates of the identity API are dates to the core", () -> {
      JsonObject made = service.makeKey(null);
      long created = DateUtils.parseAsDateTime(made.get("created_at").getAsString()).getTime();
      expect(Math.abs(System.currentTimeMillis() - created) < 120000, made.get("created_at"));
      service.deleteKey(made.get("id").getAsString());
    });

    check("a disabled and a dead key are 400 at the token endpoint", () -> {
      JsonObject made = service.makeKey(null);
      String value = made.get("apikey").getAsString(), id = made.get("id").getAsString();
      expect(iam(value).requestToken().getAccessToken().split("[.]").length == 3, value.length());
      expect(service.callVoid(service.path("POST", "/v1/apikeys/" + id + "/disable")) == 204, id);
      expect(tokenRefused(value).contains("BXNIM0462E"), "code");
      service.deleteKey(id);
      expect(tokenRefused(value).contains("BXNIM0415E"), "code");
    });

    check("one token serves many calls", () -> {
      Service fresh = new Service(iam(key));
      String since = control("requests", null).get("last").getAsString();
      for (int i = 0; i < 3; i++)
        fresh.call(fresh.path("GET", "/v1/serviceid_groups"), null);
      int exchanges = 0;
      JsonArray seen = control("requests?since=" + since, null).getAsJsonArray("requests");
      for (int i = 0; i < seen.size(); i++)
        exchanges += seen.get(i).getAsJsonObject().get("path").getAsString().equals("/identity/token") ? 1 : 0;
      expect(exchanges == 1 && seen.size() == 4, seen);
    });

    check("compressed bodies are understood", () -> {
      Service zipped = new Service(iam(key));
      zipped.configureClient(new com.ibm.cloud.sdk.core.http.HttpConfigOptions.Builder().enableGzipCompression(true).build());
      String text = "long text ".repeat(100);
      JsonObject made = zipped.makeKey(text);
      expect(made.get("description").getAsString().equals(text), made);
      service.deleteKey(made.get("id").getAsString());
    });

    check("retries of the core get over a 429 with Retry-After and a 503", () -> {
      Service patient = new Service(iam(key));
      patient.enableRetries(3, 1);
      control("faults", "[{'match':{'path':'/v1/serviceid_groups','times':1},'effect':{'status':429,'headers':{'Retry-After':'0'}}},{'match':{'path':'/v1/serviceid_groups','after':1,'times':1},'effect':{'status':503}}]".replace('\'', '"'));
      expect(patient.call(patient.path("GET", "/v1/serviceid_groups"), null).getStatusCode() == 200, "status");
      JsonArray rules = control("faults", null).getAsJsonArray("rules");
      for (int i = 0; i < 2; i++)
        expect(rules.get(i).getAsJsonObject().get("fired").getAsInt() == 1, rules);
    });

    check("a group of service IDs lives, and lists without group_id show the default group alone", () -> {
      JsonObject body = new JsonObject();
      body.addProperty("account_id", ACCOUNT);
      body.addProperty("name", "apart");
      Response<JsonObject> made = service.call(service.path("POST", "/v1/serviceid_groups"), body);
      expect(made.getStatusCode() == 201, made.getStatusCode());
      String group = made.getResult().get("id").getAsString();
      body.addProperty("group_id", group);
      JsonObject serviceId = service.call(service.path("POST", "/v1/serviceids/"), body).getResult();
      for (Map.Entry<String, Integer> want : Map.of("", 0, group, 1).entrySet()) {
        RequestBuilder list = service.path("GET", "/v1/serviceids/").query("account_id", ACCOUNT, "name", "apart");
        if (!want.getKey().isEmpty())
          list.query("group_id", want.getKey());
        JsonObject found = service.call(list, null).getResult();
        expect(found.getAsJsonArray("serviceids").size() == want.getValue(), found);
      }
      expect(service.callVoid(service.path("DELETE", "/v1/serviceids/" + serviceId.get("id").getAsString())) == 204, serviceId);
      expect(service.callVoid(service.path("DELETE", "/v1/serviceid_groups/" + group)) == 204, group);
    });

    check("the authenticators of the core reach a profile", () -> {
      JsonObject profile = seeded.getAsJsonArray("profiles").get(0).getAsJsonObject();
      String id = profile.get("id").getAsString();
      String[] tokens = {
          new IamAssumeAuthenticator.Builder().apikey(key).iamProfileId(id).url(url).build().requestToken().getAccessToken(),
          new VpcInstanceAuthenticator.Builder().iamProfileId(id).url(imds).build().requestToken().getAccessToken()};
      for (String token : tokens) {
        Service bearer = new Service(new BearerTokenAuthenticator(token));
        JsonObject seen = bearer.call(bearer.path("GET", "/v1/profiles/" + id), null).getResult();
        expect(seen.get("iam_id").getAsString().equals("iam-" + id), seen);
      }
    });

    System.out.println("1.." + count);
    System.exit(failed == 0 ? 0 : 1);
  }
}
