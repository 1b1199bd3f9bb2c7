"""The application: which path is served by what, and who may ask for it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from qfloor.web.gateway import clips, pictures, told
from qfloor.web.gateway.core import Gateway
from qfloor.web.gateway.guard import Access, Endpoint, guarded, not_routed
from qfloor.web.gateway.pages import pages
from qfloor.web.gateway.settings import Settings

_ROUTES: tuple[tuple[str, str, Endpoint, Access], ...] = (
    ("POST", "/v1/route", told.route, "key"),
    ("POST", "/v1/images/generations", pictures.generate_images, "key"),
    ("POST", "/v1/videos", clips.create_video, "key"),
    ("GET", "/v1/videos", clips.list_videos, "key"),
    ("GET", "/v1/videos/{video_id}", clips.get_video, "key"),
    ("DELETE", "/v1/videos/{video_id}", clips.delete_video, "key"),
    ("GET", "/v1/videos/{video_id}/content", clips.get_video_content, "key"),
    ("GET", "/v1/models", told.list_models, "key"),
    ("GET", "/v1/models/{model_id:path}", told.get_model, "key"),
    ("GET", "/v1/health/models", told.health_of_models, "key"),
    ("GET", "/v1/media/{name}", told.media, "open"),
    ("GET", "/openapi.json", told.openapi, "open"),
    ("GET", "/metrics", told.prometheus, "page"),
    ("GET", "/healthz", told.healthz, "open"),
    ("GET", "/readyz", told.readyz, "open"),
    ("GET", "/", pages.dashboard, "page"),
    ("GET", "/decisions/{request_id}", pages.one_decision, "page"),
)


def make_app(settings: Settings) -> Starlette:
    """Build the application; what cannot be served is said before the first request.

    Raises
    ------
    QfloorError
        When settings, keys, policy or database cannot be served.
    """
    gateway = Gateway(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await gateway.start()
        try:
            yield
        finally:
            await gateway.stop()

    app = Starlette(
        routes=[
            Route(path, guarded(gateway, serve.__name__, serve, access), methods=[method])
            for method, path, serve, access in _ROUTES
        ],
        exception_handlers={HTTPException: not_routed},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # it would lead to where a header says, by plain HTTP
    app.state.gateway = gateway
    return app
