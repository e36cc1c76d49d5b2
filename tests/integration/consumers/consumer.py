"""A sender on the vendor's Python SDK: each line on standard input is a log to send; answers with a line each."""
import json
import os
import sys

from ibm_cloud_sdk_core import BaseService
from ibm_cloud_sdk_core.get_authenticator import get_authenticator_from_environment

service = BaseService(service_url=os.environ["LOGS_URL"], authenticator=get_authenticator_from_environment("logs"))
for line in sys.stdin:
    record = [{"applicationName": "python", "subsystemName": "consumer", "severity": 3, "text": line.strip()}]
    try:
        response = service.send(service.prepare_request(
            "POST", "/logs/v1/singles", headers={"Content-Type": "application/json"}, data=json.dumps(record)))
        print(response.get_status_code(), flush=True)
    except Exception as e:  # whatever the SDK raises, the log is lost
        print(f"{type(e).__name__}: {e}".replace("\n", " "), flush=True)
