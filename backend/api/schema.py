"""The OpenAPI document: what each operation takes, gives and refuses.

Request body and query come from the view's ``Input`` and ``Query``; every refusal that can
happen is documented as ``application/problem+json``. The committed ``openapi.yaml`` is this
document; a test compares them.
"""

from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.utils import OpenApiResponse
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.problems import CONTENT_TYPE
from backend.api.serializers import StrictSerializer
from backend.rules.roles import Access

WITH_BODY = frozenset({"PUT", "POST", "PATCH"})

REFUSALS = {
    "400": "The request cannot be used: `/problems/invalid-input` (`errors` says which field), "
    "`/problems/malformed-body`, `/problems/body-too-large`, or a refusal of the domain such as "
    "`/problems/in-the-future`.",
    "401": "Nobody is signed in: `/problems/sign-in-needed`.",
    "403": "The account has no role for this: `/problems/not-allowed`; or the CSRF token is missing: "
    "`/problems/csrf-failed`.",
    "404": "There is nothing here, or nothing that this account may see: `/problems/not-found`.",
    "405": "The address does not know this method: `/problems/method-not-allowed`.",
    "409": "The same id came with other content: `/problems/id-reused`; or the record has moved on: "
    "`/problems/conflict`.",
    "415": "The body is not `application/json`: `/problems/unsupported-media-type`.",
}
_ONLY_WITH_BODY = frozenset({"409", "415"})


class FieldProblemSerializer(serializers.Serializer):
    field = serializers.CharField(allow_blank=True, help_text="Path of the field; empty when it is about the whole.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """A refusal (RFC 9457). It never repeats what was sent."""

    type = serializers.CharField(help_text="`/problems/<code>`; stable.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What was wrong and what to do.")
    errors = FieldProblemSerializer(many=True, required=False)


class AutoSchema(SpectacularSchema):
    """Reads ``Input`` and ``Query`` from the view, and the words from the method's docstring."""

    def get_summary(self) -> str | None:
        return self._doc()[0] or None

    def get_description(self) -> str:
        return self._doc()[1]

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "Query", None)
        return [query] if query is not None and query().fields else []

    def get_request_serializer(self) -> Any:
        given = getattr(self.view, "Input", None)
        return given if given is not None and given().fields else None

    def get_serializer_name(self, serializer: serializers.Serializer, direction: str) -> str:
        """``CravingView.Input`` becomes ``CravingInput``."""
        owner, _, name = type(serializer).__qualname__.rpartition(".")
        return owner.rpartition(".")[2].removesuffix("View") + name

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction=direction)
        for status, words in REFUSALS.items():
            if status in answers or (status in _ONLY_WITH_BODY and self.method not in WITH_BODY):
                continue
            refusal = OpenApiResponse(ProblemSerializer, description=words)
            answers[status] = self._get_response_for_code(refusal, status, media_types=[CONTENT_TYPE])
        return answers

    def _doc(self) -> tuple[str, str]:
        """The first paragraph and the rest of the method's docstring, on one line each paragraph."""
        text = getattr(self.view, self.method.lower()).__doc__ or ""
        parts = [" ".join(part.split()) for part in text.strip().split("\n\n")]
        return parts[0].removesuffix("."), "\n\n".join(parts[1:])


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document. It costs a second and never changes while the process lives."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-any-return]


class SchemaView(SpectacularAPIView):
    """GET /api/schema/ - the OpenAPI document, as YAML or (Accept: application/json) as JSON."""

    access = Access.PUBLIC
    authentication_classes = []
    http_method_names = ["get", "head"]

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())


class DocsView(SpectacularSwaggerView):
    """GET /api/docs/ - the document as a page to read and try, from this server's own files."""

    access = Access.PUBLIC
    authentication_classes = []
    http_method_names = ["get", "head"]
    url_name = "api-schema"
