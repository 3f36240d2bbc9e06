"""Every questionnaire, by its key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from recovery.rules.instruments.alcohol import AUDIT_C, CAGE
from recovery.rules.instruments.cssrs import CSSRS
from recovery.rules.instruments.daily import DAILY
from recovery.rules.instruments.definition import Filler, Instrument, InstrumentKey
from recovery.rules.instruments.month import MONTH
from recovery.rules.instruments.paper import BAM, PACS
from recovery.rules.instruments.phq import PHQ2, PHQ9
from recovery.rules.policy import Policy
from recovery.rules.words import Language

INSTRUMENTS: Mapping[InstrumentKey, Instrument] = MappingProxyType(
    {each.key: each for each in (DAILY, PHQ2, PHQ9, MONTH, AUDIT_C, CAGE, CSSRS, PACS, BAM)}
)


def on_phone(instrument: Instrument, *, language: Language, policy: Policy, is_read: bool) -> bool:
    """Whether a patient may be asked this on the phone.

    A form with safety answers needs the medical director's switch, and a program that can say when it is read
    (``is_read``, contract 3). A language without a licensed text is not asked.
    """
    if Filler.PATIENT not in instrument.filled_by or language not in instrument.languages:
        return False
    switches = {InstrumentKey.PHQ9: policy.phq9_on_phone, InstrumentKey.CSSRS: policy.cssrs_on_phone}
    if not switches.get(instrument.key, True):
        return False
    return is_read or not instrument.safety
