"""What API views share. A view parses, makes one call, answers."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches
from rest_framework.views import APIView

from backend.access import Actor
from backend.api.serializers import StrictSerializer
from backend.rules.roles import Access


class AlwaysJSON(BaseContentNegotiation):
    """Answers in JSON whatever was asked for (RFC 9110 12.4.1 allows it): there is nothing else to give."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        return next((p for p in parsers if media_type_matches(p.media_type, request.content_type)), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class NoParameters(StrictSerializer):
    """A query string that must be empty."""


class NoFields(StrictSerializer):
    """A body without fields: ``{}`` or nothing."""


class ApiView(APIView):
    """A view that names its access rule and knows every parameter that it takes.

    ``Query`` lists the parameters of the query string; one that it does not know is refused,
    as is one that comes twice. ``Input`` lists the fields of the body.
    """

    access: ClassVar[Access]
    http_method_names = ["get", "head", "put", "post"]
    content_negotiation_class = AlwaysJSON
    Query: ClassVar[type[StrictSerializer]] = NoParameters
    Input: ClassVar[type[StrictSerializer]] = NoFields

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)  # before the query: it has none that this method could take
        self.query = self._checked_query(request)

    @property
    def actor(self) -> Actor:
        return self.request._request.actor  # type: ignore[attr-defined]

    def data(self) -> dict[str, Any]:
        """The fields of the body. Raises ValidationError."""
        given = self.Input(data=self.request.data)
        given.is_valid(raise_exception=True)
        return given.validated_data

    def _checked_query(self, request: Request) -> dict[str, Any]:
        params = request.query_params
        if any(len(values) > 1 for _, values in params.lists()):
            raise serializers.ValidationError("A parameter comes twice.", "repeated")
        given = self.Query(data=params.dict())
        given.is_valid(raise_exception=True)
        return given.validated_data
