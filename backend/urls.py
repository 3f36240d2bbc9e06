"""Sign-in, sign-out, and the way to everybody's own start page."""

from django.urls import URLPattern, URLResolver, include, path

from backend.web import sign_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("", sign_in.home, name="home"),
    path("sign-in/", sign_in.sign_in_page, name="sign-in"),
    path("s/<str:token>/", sign_in.sign_in_link, name="sign-in-link"),
    path("api/", include("backend.api.urls")),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
]
