"""What the layout asks of a request. Lazy: a page that shows no frame asks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.events import BeforeRender
from pyramid.request import Request
from pyramid.response import Response

from govapp.ui.headers import secure
from govapp.ui.static import ROOT


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place in the top bar, for those who hold the permission (None: whoever is signed in)."""

    group: str
    label: str
    route_name: str
    permission: str | None


@dataclass(frozen=True, slots=True)
class NavLink:
    """A place in the top bar of one page."""

    label: str
    href: str
    current: bool


def add_nav_item(
    config: Configurator, group: str, label: str, route_name: str, permission: str | None = None
) -> None:
    """Add a place to the top bar."""
    items: list[NavItem] = config.registry.setdefault("govapp.nav", [])
    items.append(NavItem(group, label, route_name, permission))


class Frame:
    """The layout's view of a request."""

    def __init__(self, request: Request) -> None:
        self._request = request

    @property
    def viewer(self) -> Any:
        """Who is signed in, or None."""
        return self._request.identity

    @cached_property
    def nav(self) -> dict[str, list[NavLink]]:
        """The places that this person may see, by group."""
        links: dict[str, list[NavLink]] = {"account": [], "admin": []}
        for item in self._request.registry.get("govapp.nav", []):
            if item.permission is None or self.viewer.holds(item.permission):
                links[item.group].append(self._link(item))
        return links

    def _link(self, item: NavItem) -> NavLink:
        href = self._request.route_path(item.route_name)
        path = self._request.path
        # The overview's path is the beginning of every other admin page's.
        deeper = path.startswith(href + "/") and item.route_name != "admin"
        return NavLink(item.label, href, current=path == href or deeper)

    @property
    def sign_out_href(self) -> str | None:
        """Where to sign out; None in a host application that does it elsewhere."""
        try:
            path: str = self._request.route_path("sign-out")
        except KeyError:
            return None
        return path


def add_globals(event: BeforeRender) -> None:
    """Give templates the frame and the functions that they call."""
    request = event.get("request")
    if request is None:
        return

    if event["renderer_info"].package.__name__.startswith("govapp"):
        request.add_response_callback(_secure)

    def csrf_field() -> Markup:
        return Markup('<input type="hidden" name="csrf_token" value="{}">').format(
            get_csrf_token(request)
        )

    event.update(
        frame=Frame(request),
        csrf_field=csrf_field,
        flash_messages=lambda: _flash_messages(request),
        static=lambda name: request.static_path(ROOT + name),
        route=request.route_path,
        now=request.now,
    )


def _flash_messages(request: Request) -> list[Any]:
    """Take the messages out to show them; HEAD shows nothing, so it takes nothing."""
    if request.method == "HEAD":
        return []
    messages: list[Any] = request.session.pop_flash()
    return messages


def _secure(request: Request, response: Response) -> None:
    """Our pages carry our headers in a host application too."""
    secure(response, https=request.scheme == "https")
