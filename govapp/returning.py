"""Where to go back to: a page of this application that answers GET."""

from __future__ import annotations

from pyramid.interfaces import IRoutesMapper
from pyramid.registry import Registry
from pyramid.request import Request

from govapp.paths import local_path

HOME = "/"


def page_to_return_to(request: Request, path: str | None) -> str:
    """Return the path if it is a page of ours, else the nearest one above it, else ``/``.

    After a form was refused the address is the form's, which answers only POST: its page is
    above it (``…/sessions/{id}/revocation`` belongs to ``…/sessions/{id}``).
    """
    candidate = local_path(path) or HOME
    while candidate != HOME:
        if _answers_get(request, candidate):
            return candidate
        candidate = candidate.partition("?")[0].rstrip("/").rpartition("/")[0] or HOME
    return HOME


def _answers_get(request: Request, path: str) -> bool:
    mapper = request.registry.getUtility(IRoutesMapper)
    try:
        route = mapper(Request.blank(path))["route"]
    except (UnicodeDecodeError, ValueError):
        return False
    return route is not None and route.name in _pages(request.registry)


def _pages(registry: Registry) -> frozenset[str]:
    """Return the names of routes that have a view for GET, found once."""
    pages: frozenset[str] | None = registry.get("govapp.pages")
    if pages is None:
        views = [found["introspectable"] for found in registry.introspector.get_category("views")]
        pages = registry["govapp.pages"] = frozenset(
            view["route_name"]
            for view in views
            if view["route_name"]
            and (view["request_methods"] is None or "GET" in view["request_methods"])
        )
    return pages
