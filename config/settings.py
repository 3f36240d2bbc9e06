"""Every setting, from the environment. ``.env.example`` names each; ``config.checks`` refuses bad ones.

Only ``HOLDFAST_MODE`` and the secrets have no default that serves: a process without
them says which one is missing and stops.
"""

import base64
import binascii
import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"))


def _required(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. .env.example says what it is and how to make one.")
    return value


def _key(name: str, text: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != 32:
        raise ImproperlyConfigured(f"{name} must be 32 bytes in base64. .env.example says how to make one.")
    return secret


def _number(name: str, default: float, *, least: float = 0.0) -> float:
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number of seconds.") from None
    if not least <= value < 1e9:
        raise ImproperlyConfigured(f"{name} must be at least {least}.")
    return value


# --- What kind of place this is -----------------------------------------------------------
MODE = os.environ.get("HOLDFAST_MODE", "").strip() or "demo"
if MODE not in ("demo", "test", "staging", "production"):
    raise ImproperlyConfigured("HOLDFAST_MODE must be demo, test, staging or production.")
PRODUCTION = MODE == "production"
DEBUG = False
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var")
PORT = int(_number("PORT", 8000, least=1))
PUBLIC_BASE_URL = (os.environ.get("PUBLIC_BASE_URL") or f"http://localhost:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_BASE_URL])

# --- Secrets ---------------------------------------------------------------------------------
SECRET_KEY = _required("SECRET_KEY")
# "kid:base64,kid:base64": the first seals, the others still open (rotation).
MASTER_KEYS: dict[str, bytes] = {}
for _pair in _required("MASTER_KEYS").split(","):
    _kid, _, _text = _pair.strip().partition(":")
    if not _kid or not _kid.isalnum() or not _text:
        raise ImproperlyConfigured("MASTER_KEYS must be kid:base64 pairs, separated by commas.")
    MASTER_KEYS[_kid] = _key("MASTER_KEYS", _text)
INDEX_KEY = _key("INDEX_KEY", _required("INDEX_KEY"))

# --- Database: two roles, two URLs (contract 6) ------------------------------------------------
# manage.py sets HOLDFAST_DB_ROLE=owner for the commands that migrate; everything else serves.
DB_ROLE = os.environ.get("HOLDFAST_DB_ROLE", "serving")
_url_name = "DATABASE_OWNER_URL" if DB_ROLE == "owner" else "DATABASE_URL"
_required(_url_name)
try:
    _database = env.db_url(_url_name)
except Exception:
    raise ImproperlyConfigured(
        f"{_url_name} is not a database URL such as postgres://user:password@host:5432/name"
    ) from None
if _database.get("ENGINE") != "django.db.backends.postgresql":
    raise ImproperlyConfigured(f"{_url_name} must be a postgres:// URL: PostgreSQL 15 or later is the only database.")
DB_POOL_SIZE = int(_number("DB_POOL_SIZE", 0))
_database["CONN_MAX_AGE"] = 0
_database["ATOMIC_REQUESTS"] = True
_database.setdefault("OPTIONS", {})
_database["OPTIONS"]["application_name"] = "holdfast"
if DB_POOL_SIZE:
    # For the web only: the sweep holds its own connection, workers fork.
    _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DB_POOL_SIZE, "timeout": 10}
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- The app -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_htmx",
    "csp",
    "pgtrigger",
    "pghistory",
    "backend",
    "recovery",
    "reminders",
    "config",
]
AUTH_USER_MODEL = "backend.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backend.middleware.BoundsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "backend.middleware.ScopeMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "backend.web.context.shell",
            ],
        },
    }
]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
APPEND_SLASH = False

# --- Limits at the border ------------------------------------------------------------------------
MAX_BODY_BYTES = 256 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
CLOCK_SKEW_SECONDS = _number("CLOCK_SKEW_SECONDS", 120)
MAX_CLOCK_SKEW_SECONDS = _number("MAX_CLOCK_SKEW_SECONDS", 2, least=0.1)
# A test cannot set the machine's clock; it says by how many seconds it is to be wrong.
CLOCK_ERROR_SECONDS = float(os.environ.get("HOLDFAST_CLOCK_ERROR", "0")) if MODE == "test" else 0.0

# --- Sessions, cookies, headers --------------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "holdfast"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PUBLIC_BASE_URL.startswith("https://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SESSION_COOKIE_AGE = 12 * 3600  # SEC: 12 h absolute for staff
STAFF_IDLE_SECONDS = _number("STAFF_IDLE_SECONDS", 15 * 60, least=1)
PATIENT_SESSION_SECONDS = _number("PATIENT_SESSION_SECONDS", 30 * 86400, least=60)
SIGN_IN_LINK_SECONDS = _number("SIGN_IN_LINK_SECONDS", 24 * 3600, least=60)
SECURE_CONTENT_TYPE_NOSNIFF = True
# same-origin, not no-referrer: that makes browsers send "Origin: null" with every form.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = False  # the proxy in front does this; PUBLIC_BASE_URL says which scheme people see
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/api/docs/"],
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

# --- API --------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["backend.api.auth.ActorAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],  # backend.middleware.ScopeMiddleware decides by the route's rule
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["backend.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "backend.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "backend.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Holdfast",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums"],
}
DRF_STANDARDIZED_ERRORS = {
    "ALLOWED_ERROR_STATUS_CODES": ["400", "401", "403", "404", "405", "406", "409", "413", "415", "429"]
}

# --- Messages -----------------------------------------------------------------------------------------
SMS_PROVIDER = os.environ.get("SMS_PROVIDER") or "outbox"
TWILIO_ACCOUNT_SID = os.environ.get("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = os.environ.get("TWILIO_AUTH_TOKEN", "")
TWILIO_AUTH_TOKEN_OLD = os.environ.get("TWILIO_AUTH_TOKEN_OLD", "")
TWILIO_MESSAGING_SERVICE_SID = os.environ.get("TWILIO_MESSAGING_SERVICE_SID", "")
TWILIO_BASE_URL = os.environ.get("TWILIO_BASE_URL", "")  # a fake on loopback; refused in production
# The second switch: real credentials alone send nothing outside production (issue of the demo).
ALLOW_REAL_SENDING = env.bool("ALLOW_REAL_SENDING", default=False)
# Channels beside texts: "off", "outbox" (a page instead of a phone) or the real one. Demonstrations show them all.
_unreal = "outbox" if SMS_PROVIDER == "outbox" else "off"
PUSH_PROVIDER = os.environ.get("PUSH_PROVIDER") or _unreal
VAPID_PRIVATE_KEY = os.environ.get("VAPID_PRIVATE_KEY", "")
VAPID_SUBJECT = os.environ.get("VAPID_SUBJECT", "")
WEB_PUSH_BASE_URL = os.environ.get("WEB_PUSH_BASE_URL", "")  # a fake on loopback; refused in production
APP_PROVIDER = os.environ.get("APP_PROVIDER") or _unreal
FCM_CREDENTIALS_FILE = os.environ.get("FCM_CREDENTIALS_FILE", "")
FCM_BASE_URL = os.environ.get("FCM_BASE_URL", "")
MAIL_PROVIDER = os.environ.get("MAIL_PROVIDER") or _unreal
MAIL_FROM = os.environ.get("MAIL_FROM", "")
SMTP_HOST = os.environ.get("SMTP_HOST", "")
SMTP_PORT = int(_number("SMTP_PORT", 587, least=1))
SMTP_SECURITY = os.environ.get("SMTP_SECURITY") or "starttls"
SMTP_USER = os.environ.get("SMTP_USER", "")
SMTP_PASSWORD = os.environ.get("SMTP_PASSWORD", "")
SEND_TIMEOUT_SECONDS = _number("SEND_TIMEOUT_SECONDS", 10, least=0.01)
SEND_CONNECTIONS = int(_number("SEND_CONNECTIONS", 50, least=1))
DISPATCH_BATCH = int(_number("DISPATCH_BATCH", 1000, least=1))

# --- Intervals: all of them, so that the fault rig runs the same code at 1/100 time ----------------------
LEASE_SECONDS = _number("LEASE_SECONDS", 120, least=0.05)
SWEEP_SECONDS = _number("SWEEP_SECONDS", 5, least=0.01)
DISPATCH_SECONDS = _number("DISPATCH_SECONDS", 5, least=0.01)
RECONCILE_SECONDS = _number("RECONCILE_SECONDS", 30, least=0.01)
RECONCILE_LOOK_SECONDS = _number("RECONCILE_LOOK_SECONDS", 60, least=0.01)
PLAN_SECONDS = _number("PLAN_SECONDS", 60, least=0.01)
CLOSE_SECONDS = _number("CLOSE_SECONDS", 60, least=0.01)
COVER_SECONDS = _number("COVER_SECONDS", 60, least=0.01)
FLAGS_SECONDS = _number("FLAGS_SECONDS", 60, least=0.01)
QUESTIONS_SECONDS = _number("QUESTIONS_SECONDS", 900, least=0.01)
EXTEND_SECONDS = _number("EXTEND_SECONDS", 3600, least=0.01)
SEAL_SECONDS = _number("SEAL_SECONDS", 3, least=0.01)
BROKER_VISIBILITY_SECONDS = _number("BROKER_VISIBILITY_SECONDS", 300, least=1)
ZONES_SECONDS = _number("ZONES_SECONDS", 86400, least=0.01)
WATCH_SECONDS = _number("WATCH_SECONDS", 60, least=0.01)
EXTEND_AHEAD_HOURS = 72
AUDIT_ANCHOR_FILE = os.environ.get("AUDIT_ANCHOR_FILE", "")

# --- Watching: who is told when this stops, and who may read the figures ---------------------------------
WATCH_PING_URL = os.environ.get("WATCH_PING_URL", "")
WATCH_PARTS = env.list("WATCH_PARTS", default=["web", "worker", "sweep"])
WATCH_WEB_URL = (os.environ.get("WATCH_WEB_URL") or f"http://127.0.0.1:{PORT}").rstrip("/")
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

# --- Celery -------------------------------------------------------------------------------------------
REDIS_URL = os.environ.get("REDIS_URL", "")
WORKER_CONCURRENCY = int(_number("WORKER_CONCURRENCY", 2, least=1))

# --- Time: tests and demonstrations may shift the clock; production may not (config.checks) ---------------
CLOCK_OFFSET_FILE = os.environ.get("CLOCK_OFFSET_FILE", "")

# --- Trial data for replays; no default ---------------------------------------------------------------
TRIAL_DATA_DIR = os.environ.get("TRIAL_DATA_DIR", "")

LOG_LEVEL = os.environ.get("LOG_LEVEL") or "INFO"
LOGGING_CONFIG = "config.logging.configure"
LOGGING = {"level": LOG_LEVEL}
SILENCED_SYSTEM_CHECKS: list[str] = []
