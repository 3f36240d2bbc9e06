"""The OpenAPI document: what each operation takes, gives and refuses.

Request body and query come from the view's ``Input`` and ``Query``; every refusal that can
happen is documented as ``application/problem+json``. The committed ``openapi.yaml`` is this
document; a test compares them.
"""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from backend.api.problems import CONTENT_TYPE
from backend.api.serializers import StrictSerializer, WordField

WITH_BODY = frozenset({"PUT", "POST", "PATCH"})

# By whether the method is PUT, and status.
ANSWERS = {
    (False, "200"): "Done.",
    (True, "201"): "Stored.",
    (True, "200"): "Stored before with the same content: the first answer again.",
}
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
_ONLY_WHERE_SAID = {
    "422": "Something is still missing: the code says what for, such as `/problems/checklist-incomplete`."
}
"""Refusals that few views know: they name them in ``also_refuses``."""


class FieldProblemSerializer(serializers.Serializer):
    field = serializers.CharField(allow_blank=True, help_text="Path of the field; empty when it is about the whole.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """A refusal (RFC 9457). It never repeats what was sent."""

    type = serializers.RegexField(r"^/problems/[a-z-]+$", help_text="`/problems/<code>`; stable.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What was wrong and what to do.")
    errors = FieldProblemSerializer(many=True, required=False)  # type: ignore[assignment]


class WordFieldScheme(OpenApiSerializerFieldExtension):
    """A list of words is one component, by the name that it has in the code."""

    target_class = WordField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        field: WordField = self.target
        component = ResolvedComponent(
            name=field.component,
            type=ResolvedComponent.SCHEMA,
            schema={"type": "string", "enum": list(field.choices)},
            object=field.component,
        )
        auto_schema.registry.register_on_missing(component)
        if auto_schema.registry[component].schema != component.schema:
            # The second list would be described as the first: answers would not be what the document says.
            raise ValueError(f"two lists of words are called {field.component}: give one of them a name")
        return component.ref


class AutoSchema(SpectacularSchema):
    """Reads ``Input`` and ``Query`` from the view, and the words from the method's docstring."""

    def get_summary(self) -> str | None:
        return self._doc()[0] or None

    def get_description(self) -> str:  # type: ignore[override]
        return self._doc()[1]

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "Query", None)
        return [query] if query is not None and query().fields else []

    def get_request_serializer(self) -> Any:
        given = getattr(self.view, "Input", None)
        return given if given is not None and given().fields else None

    def get_serializer_name(self, serializer: serializers.Serializer, direction: str) -> str:
        """``CravingView.Input`` becomes ``Craving``, and ``CravingRequest`` where it is asked for."""
        parts = [part.removesuffix("View") for part in type(serializer).__qualname__.split(".")]
        return "".join(part for part in parts if part != "Input")

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        if not type(serializer).__doc__:
            schema.pop("description", None)  # the base class's words are about us, not about the body
        return schema

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction=direction)
        for status, answer in answers.items():
            if not answer.get("description"):
                answer["description"] = ANSWERS[self.method == "PUT", status]
        for status, words in REFUSALS.items():
            if status in answers or (status in _ONLY_WITH_BODY and self.method not in WITH_BODY):
                continue
            answers[status] = self._refusal(status, words)
        for status in getattr(self.view, "also_refuses", ()):
            answers[status] = self._refusal(status, _ONLY_WHERE_SAID[status])
        return answers

    def _refusal(self, status: str, words: str) -> dict[str, Any]:
        refusal = OpenApiResponse(ProblemSerializer, description=words)
        component = ResolvedComponent(
            name=f"Refused{status}",
            type="responses",
            schema=self._get_response_for_code(refusal, status, media_types=[CONTENT_TYPE]),
            object=status,
        )
        self.registry.register_on_missing(component)
        return component.ref

    def _doc(self) -> tuple[str, str]:
        """The first paragraph and the rest of the method's docstring, on one line each paragraph."""
        text = getattr(self.view, self.method.lower()).__doc__ or ""
        parts = [" ".join(part.split()) for part in text.strip().split("\n\n")]
        return parts[0].removesuffix("."), "\n\n".join(parts[1:])
