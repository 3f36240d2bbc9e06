"""The product's settings with django-celery-beat beside it. Only ``bench dispatch`` uses them."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_celery_beat"]
