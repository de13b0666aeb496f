"""The one settings file. Everything that differs between machines comes from the environment.

docs/configuration.md lists every variable; `.env` beside manage.py is read when it is there.
"""

import re
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from agentfactory_cs import addresses, embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()

# -- Where we run ----------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default=None) or embedded.secret_key(VAR_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BEHIND_HTTPS = env.bool("BEHIND_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_HTTPS
SECURE_SSL_REDIRECT = BEHIND_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_HTTPS else 0
if BEHIND_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- Apps ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "agentfactory_cs.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_linear_migrations",
    "axes",
    "csp",
    "django_celery_beat",
    "import_export",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    # The ground, lowest first; then the five areas.
    "agentfactory_cs",
    "agentfactory_cs.rest",
    "agentfactory_cs.console",
    "agentfactory_cs.events",
    "agentfactory_cs.customers",
    "agentfactory_cs.messaging",
    "playbooks",
    "onboarding",
    "support",
    "health",
    "churn",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "agentfactory_cs.rest.idempotency.IdempotencyMiddleware",
    "agentfactory_cs.customers.viewer.ViewersTimeZone",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "agentfactory_cs.urls"
WSGI_APPLICATION = "agentfactory_cs.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# -- PostgreSQL and Redis/Valkey -----------------------------------------------------------
# Unset, they are the embedded servers' sockets; manage.py, wsgi.py and celery.py start those.
DATABASE_URL = env("DATABASE_URL", default=None) or embedded.database_url(VAR_DIR)
REDIS_URL = env("REDIS_URL", default=None) or embedded.redis_url(VAR_DIR)

DATABASES = {"default": addresses.database(DATABASE_URL) | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "agentfactory_cs",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Background work (docs/operations.md) ----------------------------------------------------
CELERY_BROKER_URL = addresses.broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task may run 50 minutes; a task that was not acknowledged comes back after two hours. The
# second must stay above the first, or slow work is done twice at the same time.
CELERY_TASK_TIME_LIMIT = 50 * 60
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 2 * 60 * 60}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 500
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"

# -- People and language ---------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
LOCALE_PATHS = [BASE_DIR / "locale"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Ten wrong passwords lock this user name from this address for a quarter of an hour.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True

# -- Mail ------------------------------------------------------------------------------------
# smtp://, smtp+tls:// or smtp+ssl://user:password@host:port; unset, every mail is a file under VAR_DIR.
EMAIL_BACKEND = "agentfactory_cs.messaging.files.MailFiles"
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_TIMEOUT = 20  # seconds
if env("EMAIL_URL", default=""):
    globals().update(addresses.mail(env("EMAIL_URL")))
# Or a provider by django-anymail's name of it (postmark, mailgun, …), with django-anymail's settings as JSON.
MAIL_PROVIDER = env("MAIL_PROVIDER", default="")
ANYMAIL = env.json("ANYMAIL", default={})
if MAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
# The "user:password" a provider's tracking webhooks must come with; without it they are refused.
if env("MAIL_WEBHOOK_SECRET", default=""):
    ANYMAIL["WEBHOOK_SECRET"] = env("MAIL_WEBHOOK_SECRET")
# How many workers send mail to customers at the same time.
MAIL_WORKERS = env.int("MAIL_WORKERS", default=2)
# How the site is reached from outside: the links in mails and posts begin with it.
SLACK_HOSTS = env.list("SLACK_HOSTS", default=["hooks.slack.com", "hooks.slack-gov.com"])
SITE_ADDRESS = addresses.site(env("SITE_ADDRESS", default=""), env("HOST", default=""), env("PORT", default=""))

# -- Outgoing webhooks -------------------------------------------------------------------------
# Addresses in our own network are refused unless this is set; then http on this machine is allowed as well.
WEBHOOK_ALLOW_PRIVATE = env.bool("WEBHOOK_ALLOW_PRIVATE", default=False)
# How long what was sent, with its answer, is kept.
WEBHOOK_DELIVERY_DAYS = env.int("WEBHOOK_DELIVERY_DAYS", default=90)

# -- Files -----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "media"
# Files that come with tickets: larger ones are refused.
ATTACHMENT_MAX_MB = env.int("ATTACHMENT_MAX_MB", default=15)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# -- What the browser may load: nothing from outside. Alpine.js (in the admin theme) evaluates
# expressions, and the theme sets colours by inline style.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
    }
}
X_FRAME_OPTIONS = "SAMEORIGIN"

# -- The console (docs/concepts.md): the theme, filled through the registries ------------------
UNFOLD = {
    "SITE_TITLE": "AgentFactory CS",
    "SITE_HEADER": "AgentFactory CS",
    "SITE_SYMBOL": "monitor_heart",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("console/icon.svg")}],
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "agentfactory_cs.console.dashboard.fill",
    "STYLES": [lambda request: static("console/console.css")],
    "SCRIPTS": [lambda request: static("console/console.js"), lambda request: static("console/charts.js")],
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "agentfactory_cs.console.navigation.sidebar",
    },
    "COMMAND": {"search_callback": "agentfactory_cs.customers.console.search.find"},
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.0% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        },
    },
}

# -- REST ------------------------------------------------------------------------------------
# What every resource shares is named here, so that no app has to import it.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "agentfactory_cs.rest.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["agentfactory_cs.rest.permissions.ScopeOrStaffPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["agentfactory_cs.rest.throttling.PrincipalThrottle"],
    "DEFAULT_PAGINATION_CLASS": "agentfactory_cs.rest.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["agentfactory_cs.rest.filters.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "agentfactory_cs.rest.schema.AutoSchema",
    "DEFAULT_PARSER_CLASSES": ["agentfactory_cs.rest.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
}
DRF_STANDARDIZED_ERRORS = {"EXCEPTION_HANDLER_CLASS": "agentfactory_cs.rest.errors.Handler"}
# Requests of one key (or signed-in person): a number a sec, min or hour; empty for no limit.
API_RATE = env("API_RATE", default="1200/min")
if not re.fullmatch(r"(\d+/(sec|min|hour))?", API_RATE):
    raise ImproperlyConfigured(f"API_RATE must look like 1200/min (or /sec, /hour), not {API_RATE!r}.")
# 5 000 usage rows with their features are 2 to 4 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
SPECTACULAR_SETTINGS = {
    "TITLE": "AgentFactory CS",
    "DESCRIPTION": "Customers, their usage and what is done for them. docs/api.md tells how to begin.",
    "VERSION": "1",
    "SERVE_PUBLIC": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "AlertKindEnum": "health.models.alert.AlertKind",
        "ArticleKindEnum": "support.models.knowledge.ArticleKind",
        "ArticleStateEnum": "support.models.knowledge.ArticleState",
        "BacktestStateEnum": "health.models.backtest.BacktestState",
        "ChurnReasonEnum": "agentfactory_cs.customers.models.customer.ChurnReason",
        "EmailStateEnum": "agentfactory_cs.messaging.models.outbox.EmailState",
        "OnboardingStateEnum": "onboarding.models.onboarding.OnboardingState",
        "PlatformDeliveryStateEnum": "onboarding.models.platform.PlatformDeliveryState",
        "PlaybookStateEnum": "playbooks.models.playbook.PlaybookState",
        "PlaybookRunStateEnum": "playbooks.models.run.RunState",
        "PlaybookRunStepStateEnum": "playbooks.models.run.StepState",
        "ProvisioningStateEnum": "onboarding.models.platform.ProvisioningState",
        "PublicationStateEnum": "playbooks.models.playbook.PlaybookVersionState",
        "WebhookDeliveryStateEnum": "agentfactory_cs.events.models.webhook.WebhookDeliveryState",
        "SuppressionReasonEnum": "agentfactory_cs.messaging.models.outbox.SuppressionReason",
        "SurveyKindEnum": "agentfactory_cs.messaging.models.surveys.SurveyKind",
        "SurveyRequestStateEnum": "agentfactory_cs.messaging.models.survey_requests.SurveyRequestState",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# -- Logs ------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # httpx would write down every address it calls, and Slack's are secrets.
    "loggers": {"axes": {"level": "WARNING"}, "httpx": {"level": "WARNING"}, "flufl.bounce": {"level": "WARNING"}},
}

# -- Customers -------------------------------------------------------------------------------
# How long the ids of imported usage rows are remembered, so that a repeat counts once.
USAGE_RECEIPT_DAYS = env.int("USAGE_RECEIPT_DAYS", default=400)

# Where mails to customers lead: the product itself, and its documentation.
PLATFORM_ADDRESS = env("PLATFORM_ADDRESS", default="https://app.agentfactory.com").rstrip("/")
DOCUMENTATION_ADDRESS = env("DOCUMENTATION_ADDRESS", default="https://docs.agentfactory.com").rstrip("/")

# -- Health ----------------------------------------------------------------------------------
# How many workers share the daily scoring.
HEALTH_SCORING_WORKERS = env.int("HEALTH_SCORING_WORKERS", default=2)

# -- Onboarding (docs/onboarding.md) -----------------------------------------------------------
# The platform's API, which ends in /api/v1; without address and key, accounts are set up by people.
AGENTFACTORY_API_URL = env("AGENTFACTORY_API_URL", default="").rstrip("/")
AGENTFACTORY_API_KEY = env("AGENTFACTORY_API_KEY", default="")
# What the platform signs its webhooks with; without it they are refused.
AGENTFACTORY_WEBHOOK_SECRET = env("AGENTFACTORY_WEBHOOK_SECRET", default="")
# What is installed for a customer of a tier, as free=starter-kit,pro=pro-kit.
AGENTFACTORY_BLUEPRINTS = env.dict("AGENTFACTORY_BLUEPRINTS", default={})
AGENTFACTORY_KNOWLEDGE_BLUEPRINTS = env.dict("AGENTFACTORY_KNOWLEDGE_BLUEPRINTS", default={})
AGENTFACTORY_AGENT_MODEL = env("AGENTFACTORY_AGENT_MODEL", default="gpt-4o-mini")
# What the platform allows us.
AGENTFACTORY_CALLS_PER_MINUTE = env.int("AGENTFACTORY_CALLS_PER_MINUTE", default=60)
AGENTFACTORY_CALLS_PER_HOUR = env.int("AGENTFACTORY_CALLS_PER_HOUR", default=1000)
# How long the platform's webhooks are kept; those that fit no customer too.
PLATFORM_DELIVERY_DAYS = env.int("PLATFORM_DELIVERY_DAYS", default=90)

# -- Mail that comes in to support (docs/support.md) --------------------------------------------
# Where customers write to; unset, it is the sender address of the company settings.
SUPPORT_ADDRESS = env("SUPPORT_ADDRESS", default="").strip().lower()
# A mailbox to fetch from: imaps://, imap+tls:// or imap://user:password@host:port/FOLDER.
IMAP = addresses.mailbox(env("IMAP_URL", default=""))
# Where mail goes once it is stored; unset, it is marked as seen where it is.
IMAP_DONE_FOLDER = env("IMAP_DONE_FOLDER", default="")
# More ordinary mails an hour from one sender are held until somebody lets them in.
INBOUND_MAILS_PER_HOUR = env.int("INBOUND_MAILS_PER_HOUR", default=20)
INBOUND_MAX_MB = env.int("INBOUND_MAX_MB", default=25)
# How long mail is kept as it came; what was made of it stays.
INBOUND_MAIL_DAYS = env.int("INBOUND_MAIL_DAYS", default=90)
