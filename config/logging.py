"""Logs: one line of JSON an event, ids only. A processor drops every key it does not know (SEC-35)."""

import logging
import logging.config
import sys
from typing import Any

import structlog

KNOWN_KEYS = frozenset(
    {"event", "level", "timestamp", "logger", "error", "count", "seconds"}
    | {"program_id", "patient_id", "message_id", "flag_id", "dose_id"}
    | {"tick", "runner", "child", "pid", "state", "why", "code"}
    | {"status", "route", "method", "request_id"}
)


def drop_unknown(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep the keys of the list above: whatever else is there may be personal."""
    return {key: value for key, value in event.items() if key in KNOWN_KEYS}


def bare_record(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """An exception is named by its class and its cause's: its text and its frames may hold a number or a name."""
    info = event.pop("exc_info", None)
    record = event.pop("_record", None)
    if record is not None and record.exc_info and not info:
        info = record.exc_info
    if info is True:  # structlog's way to say: the one being handled
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        cause = f" from {type(error.__cause__).__name__}" if error.__cause__ else ""
        event["error"] = type(error).__name__ + cause
    event.pop("_from_structlog", None)
    return event


def configure(options: dict[str, Any]) -> None:
    """Called by Django with the setting LOGGING."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [bare_record, drop_unknown, structlog.processors.JSONRenderer()],
                }
            },
            "handlers": {"stderr": {"class": "config.log_queue.NeverWaits", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": options.get("level", "INFO")},
            "loggers": {
                # They write numbers, addresses and bodies at INFO (MSG-3).
                "twilio": {"level": "WARNING"},
                "aiohttp": {"level": "WARNING"},
                # Its lines hold paths, and a path may hold a token; backend.middleware logs the route instead.
                "django.request": {"level": "CRITICAL"},
                "django.security": {"level": "WARNING"},
                "celery": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
