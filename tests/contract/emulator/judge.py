"""What the judges of the emulator in Python share: a request to its control interface, and tests that print TAP."""
import json
import sys
import traceback
import urllib.request

from ibm_cloud_sdk_core import ApiException

CONTROL = sys.argv[2]
name = ""
count = failed = 0


def named(what):
    global name
    name = what


def control(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{CONTROL}/_control/{path}", data=data)) as answer:
        return json.load(answer)


def check(text):
    """Runs the function at once, as one test of this name."""
    def run(body):
        global count, failed
        count += 1
        try:
            body()
            print(f"ok {count} - {name}: {text}", flush=True)
        except Exception:  # a test may fail in any way
            failed += 1
            print(f"not ok {count} - {name}: {text}")
            print("  # " + traceback.format_exc().replace("\n", "\n  # "), flush=True)
    return run


def refused(status, call, *args, **more):
    try:
        call(*args, **more)
    except ApiException as e:
        assert e.status_code == status, (e.status_code, e.message)
        return e
    raise AssertionError("the call was expected to be refused")


def finish():
    print(f"1..{count}")
    sys.exit(1 if failed else 0)
