// A sender on the vendor's Java SDK: each line on standard input is a log to send; answers with a line each.
import com.ibm.cloud.sdk.core.http.RequestBuilder;
import com.ibm.cloud.sdk.core.security.ConfigBasedAuthenticatorFactory;
import com.ibm.cloud.sdk.core.service.BaseService;
import com.ibm.cloud.sdk.core.util.ResponseConverterUtils;
import java.io.BufferedReader;
import java.io.InputStreamReader;

public class Consumer extends BaseService {
  Consumer() {
    super("logs", ConfigBasedAuthenticatorFactory.getAuthenticator("logs"));
    setServiceUrl(System.getenv("LOGS_URL"));
  }

  int send(String text) {
    RequestBuilder builder = RequestBuilder.post(RequestBuilder.resolveRequestUrl(getServiceUrl(), "/logs/v1/singles"));
    builder.bodyContent("[{\"applicationName\":\"java\",\"subsystemName\":\"consumer\",\"severity\":3,\"text\":\"" + text + "\"}]",
        "application/json");
    return createServiceCall(builder.build(), ResponseConverterUtils.getVoid()).execute().getStatusCode();
  }

  public static void main(String[] args) throws Exception {
    Consumer consumer = new Consumer();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null;) {
      try {
        System.out.println(consumer.send(line));
      } catch (RuntimeException e) { // whatever the SDK throws, the log is lost
        System.out.println(e.toString().replace('\n', ' '));
      }
    }
    System.exit(0); // the client's threads would keep it
  }
}
