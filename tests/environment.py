"""Loaded before anything else (``-p tests.environment``): settings that a test run needs to import the code.

Servers are started by the first test that needs a database, not here: the folder
``tests/rules`` runs in seconds, without any.
"""

import base64
import os

os.environ["HOLDFAST_MODE"] = "test"
os.environ["SECRET_KEY"] = "tests-only"
os.environ["MASTER_KEYS"] = "t1:" + base64.b64encode(b"master key of the tests, 32 byte").decode()
os.environ["INDEX_KEY"] = base64.b64encode(b"index key of the tests, 32 bytes").decode()
os.environ["DATABASE_URL"] = "postgres://nobody@127.0.0.1:1/none"
os.environ["DATABASE_OWNER_URL"] = "postgres://nobody@127.0.0.1:1/none"
os.environ["REDIS_URL"] = ""
os.environ["SMS_PROVIDER"] = "outbox"
for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "ALLOW_REAL_SENDING", "CLOCK_OFFSET_FILE", "PUBLIC_BASE_URL"):
    os.environ.pop(name, None)
