"""Years of texts in minutes: ``manage.py simulate``. See ``run``."""
