"""govapp: session governance for web applications on Pyramid.

:func:`main` is the application; each part can be included on its own in another one, as the
docstrings of ``govapp.sessions``, ``govapp.security``, ``govapp.account`` and ``govapp.admin``
say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import Router
from pyramid.security import NO_PERMISSION_REQUIRED

from govapp import startup
from govapp.resources import Site

# Nobody holds it: a view that names no permission is closed.
CLOSED = "closed"


def main(global_config: Mapping[str, str], **ini: Any) -> Router:
    """Return the WSGI application. Raises SettingsError listing all that is wrong."""
    return configure(startup.checked(global_config, ini)).make_wsgi_app()


def configure(settings: Mapping[str, Any]) -> Configurator:
    """Return the application's configuration, closed by default, to be made or extended."""
    config = Configurator(settings=dict(settings), root_factory=Site)
    config.set_default_permission(CLOSED)
    # Our storage policy checks the origin, on http too; Pyramid's check would add nothing.
    config.set_default_csrf_options(require_csrf=True, check_origin=False)
    config.include("govapp.db")
    config.include("govapp.sessions")
    config.include("govapp.security")
    config.include("govapp.ui.whole_application")
    config.include("govapp.signin")
    config.include("govapp.account")
    config.include("govapp.admin")
    config.add_route("home", "/")
    config.add_view(
        _home, route_name="home", request_method="GET", permission=NO_PERMISSION_REQUIRED
    )
    return config


def _home(request: Request) -> Response:
    return HTTPSeeOther(request.route_path("account"))
