"""Prints the key that the vendor's core for Python takes for the service "logs", or "none"."""
from ibm_cloud_sdk_core.get_authenticator import get_authenticator_from_environment

try:
    authenticator = get_authenticator_from_environment("logs")
except Exception:  # whatever it raises, it has no key
    authenticator = None
print(authenticator.token_manager.apikey if authenticator else "none")
