"""A number that somebody wrote is the wrong one: opened again by a person who asked the patient (N21)."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend import clock
from backend.api.views import ApiView
from backend.rules.roles import Access
from recovery.selectors.access import patient_for
from reminders.services.numbers import verify


class NumberVerifiedView(ApiView):
    """POST /api/v1/care/patients/{patient_id}/number-verified/"""

    access = Access.CARE_TEAM

    @extend_schema(operation_id="verifyNumber", request=None, responses={204: None})
    def post(self, request: Request, patient_id: int) -> Response:
        """Say that the patient was asked and the number is theirs: texts may go there again.

        What the patient stopped stays stopped. 409 when nobody doubts the number.
        """
        self.data()
        verify(actor=self.actor, patient=patient_for(self.actor, patient_id=patient_id), now=clock.now())
        return Response(status=204)
