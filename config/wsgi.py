"""The web process. A bad setting or a powerful database role stops it here, in one line."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.start import refuse_a_bad_start  # noqa: E402  (needs the apps)

refuse_a_bad_start()
