// Prints the key that the vendor's core for Node takes for the service "logs", or "none".
import { getAuthenticatorFromEnvironment } from 'ibm-cloud-sdk-core';

try {
  console.log(getAuthenticatorFromEnvironment('logs').apikey ?? 'none');
} catch {
  console.log('none');
}
