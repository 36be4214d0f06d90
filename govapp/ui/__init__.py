"""What every page shares: layout, error pages, security headers, static files, health probes.

``config.include("govapp.ui")`` needs ``govapp.security``. Pages add themselves to the top bar
with ``config.add_nav_item("account" | "admin", label, route_name, permission)``.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.events import BeforeRender
from pyramid.tweens import INGRESS

from govapp.ui import frame, last_resort, static

FILTERS = ("relative", "remaining", "exact", "iso", "plural", "count", "printable")


def includeme(config: Configurator) -> None:
    """Add the shared parts."""
    config.include("govapp.security")
    config.include("pyramid_jinja2")
    config.registry.settings.update(
        {
            "jinja2.undefined": "strict",
            "jinja2.trim_blocks": "true",
            "jinja2.lstrip_blocks": "true",
            "jinja2.filters": "\n".join(f"{name} = govapp.filters:{name}" for name in FILTERS),
        }
    )
    config.add_directive("add_nav_item", frame.add_nav_item)
    config.add_subscriber(frame.add_globals, BeforeRender)
    config.add_static_view("static", static.ROOT, cache_max_age=static.MAX_AGE_SECONDS)
    config.add_cache_buster(static.ROOT, static.HashBuster())
    config.add_tween("govapp.ui.edge.edge_tween_factory", under=INGRESS)
    config.action("govapp.last_resort", lambda: last_resort.install(config.registry), order=9001)
    config.add_route("healthz", "/healthz")
    config.add_route("readyz", "/readyz")
    config.scan("govapp.ui")
