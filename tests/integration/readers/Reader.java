import com.ibm.cloud.sdk.core.security.Authenticator;
import com.ibm.cloud.sdk.core.security.ConfigBasedAuthenticatorFactory;
import com.ibm.cloud.sdk.core.security.IamAuthenticator;

/** Prints the key that the vendor's core for Java takes for the service "logs", or "none". */
public class Reader {
  public static void main(String[] arguments) {
    Authenticator a = ConfigBasedAuthenticatorFactory.getAuthenticator("logs");
    System.out.println(a instanceof IamAuthenticator ? ((IamAuthenticator) a).getApiKey() : "none");
  }
}
