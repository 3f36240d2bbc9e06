from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("recovery.api.urls")),
    path("", include("recovery.web.urls")),
    path("", include("recovery.web.visit_urls")),
]
