"""Twilio's calls. The signature comes first; a receiver is thin.

It is checked against the configured public address, never against what a request says of itself:
TLS ends at the proxy (MSG-20). Without a token everything is refused.
"""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator

from backend import clock
from backend.access import access
from backend.rules.roles import Access
from reminders.services import receipts, replies

View = Callable[..., HttpResponse]

NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
# Twilio answers these itself, as long as they stand alone (M 1.7).
ANSWERED_BY_TWILIO = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"])


def is_signed(request: HttpRequest) -> bool:
    """Whether the request carries the signature of the current token, or of the one before (rotation)."""
    signature = request.headers.get("X-Twilio-Signature", "")
    url = settings.PUBLIC_BASE_URL + request.get_full_path()
    tokens = [token for token in (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_OLD) if token]
    if not signature or not tokens:
        return False
    return any(RequestValidator(token).validate(url, request.POST, signature) for token in tokens)


def signed(view: View) -> View:
    """Refuse what is not signed, before anything of it is read. Each service below commits for itself."""

    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not is_signed(request):
            return HttpResponse(status=403)
        return view(request, *args, **kwargs)

    return access(Access.SIGNED_HOOK)(csrf_exempt(transaction.non_atomic_requests(guarded)))


@signed
def twilio_status(request: HttpRequest, token: str) -> HttpResponse:
    """POST /hooks/twilio/status/{token}"""
    known = receipts.receive_status(
        token=token,
        sid=request.POST.get("MessageSid", ""),
        status=request.POST.get("MessageStatus", ""),
        error_code=request.POST.get("ErrorCode", ""),
        now=clock.now(),
    )
    return HttpResponse(status=204 if known else 404)


@signed
def twilio_sms(request: HttpRequest) -> HttpResponse:
    """POST /hooks/twilio/sms"""
    sid, sender = request.POST.get("MessageSid", ""), request.POST.get("From", "")
    if not sid or not sender:
        return HttpResponse(status=400)
    body = request.POST.get("Body", "")
    replies.receive_text(
        sid=sid,
        sender=sender,
        addressed_to=(request.POST.get("To", ""), request.POST.get("MessagingServiceSid", "")),
        body=body,
        now=clock.now(),
        provider_confirms=request.POST.get("OptOutType") == "STOP" or body.strip().upper() in ANSWERED_BY_TWILIO,
    )
    return HttpResponse(NO_ANSWER, content_type="text/xml")
