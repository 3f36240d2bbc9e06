"""Waking up a mailbox: one neutral line and the address of the start page, in threads of its own.

A mail server has no list to ask and no receipt that means anything. It says what it thinks of one recipient
in one exchange, and until the end of the data nothing has been sent.
"""

import os
import smtplib
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import format_datetime
from urllib.parse import urlsplit

from django.conf import settings

from reminders.providers.base import Outgoing, ProviderError
from reminders.providers.wake import Waker, sid_of
from reminders.rules.devices import NotAllowed, check_mail
from reminders.rules.retry import FailureClass, Outcome, Result, Transport
from reminders.rules.wake_codes import SMTP, classify_wake

AT_ONCE = 4
_OUR_SENDER, _UNWANTED = 530, 554
_REFUSED = Result(Outcome.REJECTED, FailureClass.REFUSED_HERE, code="address")
_NOT_SENT = classify_wake(SMTP, code=None, transport=Transport.REFUSED)


class Mail(Waker):
    """Mails from one address through one server."""

    name = "smtp"
    receipt = ""
    service: str | None = "smtp"

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: str,
        sender: str,
        start_page: str,
        user: str = "",
        password: str = "",
        timeout_s: float = 10,
    ) -> None:
        self._host, self._port, self._security = host, port, security
        self._user, self._password, self._timeout_s = user, password, timeout_s
        self._sender, self._start_page = sender, start_page
        self._threads: ThreadPoolExecutor | None = None
        self._pid = 0

    @classmethod
    def from_settings(cls) -> "Mail":
        """The configured server. Raises ProviderError when it is incomplete."""
        if not (settings.SMTP_HOST and settings.MAIL_FROM):
            raise ProviderError("not-configured", permanent=True)
        return cls(
            host=settings.SMTP_HOST,
            port=settings.SMTP_PORT,
            security=settings.SMTP_SECURITY,
            user=settings.SMTP_USER,
            password=settings.SMTP_PASSWORD,
            sender=settings.MAIL_FROM,
            start_page=settings.PUBLIC_BASE_URL + "/",
            timeout_s=settings.SEND_TIMEOUT_SECONDS,
        )

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False)

    def start_batch(self, batch: Sequence[Outgoing], *, now: datetime) -> Callable[[], list[Result]]:
        if self._threads is None or self._pid != os.getpid():
            self._threads, self._pid = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mail"), os.getpid()
        # One connection for each share of the batch: a greeting costs more than a mail.
        shares = [batch[start::AT_ONCE] for start in range(min(AT_ONCE, len(batch)))]
        jobs = [self._threads.submit(self._send_some, share, now) for share in shares]

        def results() -> list[Result]:
            found: list[Result] = [_NOT_SENT] * len(batch)
            for start, job in enumerate(jobs):
                found[start::AT_ONCE] = job.result()
            return found

        return results

    def _send_some(self, share: Sequence[Outgoing], now: datetime) -> list[Result]:
        try:
            server = self._connected()
        except smtplib.SMTPResponseException as refused:
            return [classify_wake(SMTP, code=refused.smtp_code)] * len(share)
        except (smtplib.SMTPException, OSError):
            return [_NOT_SENT] * len(share)
        found: list[Result] = []
        try:
            for one in share:
                found.append(self._send(server, one, now))
                if found[-1].failure is FailureClass.UNKNOWN:
                    break  # the connection is no more
        finally:
            _quit(server)
        return found + [_NOT_SENT] * (len(share) - len(found))

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_s, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)
        try:
            server.ehlo_or_helo_if_needed()
            if self._security == "starttls":
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _send(self, server: smtplib.SMTP, one: Outgoing, now: datetime) -> Result:
        if one.too_late:
            return _NOT_SENT
        try:
            check_mail(one.to)
        except NotAllowed:
            return _REFUSED
        data = self._written(one, now).as_bytes(policy=LINES)
        try:
            # One step at a time: what is refused before the data was surely not sent.
            code, _ = server.mail(self._sender)
            if code < 400:
                code, _ = server.rcpt(one.to)
            elif code >= 500:
                code = _OUR_SENDER  # whatever it says, it speaks of us and of nobody's mailbox
            if code >= 400:
                server.rset()
                return classify_wake(SMTP, code=code, http_status=_as_status(code))
        except (smtplib.SMTPServerDisconnected, OSError):
            return _NOT_SENT
        try:
            code, _ = server.data(data)
        except smtplib.SMTPDataError as refused:
            return _after_data(refused.smtp_code)
        except (smtplib.SMTPException, OSError):
            return classify_wake(SMTP, code=None, transport=Transport.RESET)
        if code >= 400:
            return _after_data(code)
        return classify_wake(SMTP, code=None, sid=sid_of("ML", one.token))

    def _written(self, one: Outgoing, now: datetime) -> EmailMessage:
        """The mail: its one line is the subject too. Its id is the same for every try, so that servers see a twin."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, one.to, one.body.rstrip(".")
        mail["Date"] = format_datetime(now)
        host = urlsplit(self._start_page).hostname or "localhost"
        mail["Message-ID"] = f"<{one.topic or sid_of('', one.token)}.{one.message_id}@{host}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{one.body}\n\n{one.link or self._start_page}\n")
        return mail


def _after_data(code: int) -> Result:
    """The recipient was known by then: a refusal now is about the mail."""
    code = _UNWANTED if code >= 550 else code
    return classify_wake(SMTP, code=code, http_status=_as_status(code))


def _as_status(code: int) -> int:
    """A code that the table does not have: 4xx may pass by itself, 5xx is for good."""
    return 429 if 400 <= code < 500 else 422


def _quit(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
