"""The OpenAPI document as an address, and its page."""

from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response

from backend.rules.roles import Access


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document. It costs a second and never changes while the process lives."""
    return SchemaGenerator().get_schema(request=None, public=True)


# Neither reads a row: they answer while the database is away.
needs_no_database = method_decorator(transaction.non_atomic_requests, name="dispatch")


@needs_no_database
class SchemaView(SpectacularAPIView):
    """GET /api/schema/ - the OpenAPI document, as YAML or (Accept: application/json) as JSON."""

    access = Access.PUBLIC
    authentication_classes = []
    http_method_names = ["get", "head"]

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())


@needs_no_database
class DocsView(SpectacularSwaggerView):
    """GET /api/docs/ - the document as a page to read and try, from this server's own files."""

    access = Access.PUBLIC
    authentication_classes = []
    http_method_names = ["get", "head"]
    url_name = "api-schema"
