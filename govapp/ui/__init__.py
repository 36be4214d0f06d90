"""What every page shares: layout and static files; and what a whole application needs around it.

``config.include("govapp.ui")`` needs ``govapp.security``. Pages add themselves to the top bar
with ``config.add_nav_item("account" | "admin", label, route_name, permission)``. Only govapp's
own pages get its security headers.

``config.include("govapp.ui.whole_application")`` is for an application that is govapp and nothing
else: error pages for everything, security headers on everything, the check of host, scheme and
method, the last resort, and health probes. A host application keeps its own.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.events import BeforeRender
from pyramid.tweens import INGRESS

from govapp.ui import frame, last_resort, static

FILTERS = ("relative", "remaining", "exact", "iso", "plural", "count", "printable")


def includeme(config: Configurator) -> None:
    """Add the shared parts of pages."""
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
    config.add_static_view(
        "static", static.ROOT, cache_max_age=static.MAX_AGE_SECONDS, request_method="GET"
    )
    config.add_cache_buster(static.ROOT, static.HashBuster())


def whole_application(config: Configurator) -> None:
    """Add what stands around the pages of an application that is govapp alone."""
    config.include("govapp.ui")
    config.add_tween("govapp.ui.edge.edge_tween_factory", under=INGRESS)
    # After everything else: it wraps whichever execution policy the application has.
    config.action("govapp.last_resort", lambda: last_resort.install(config.registry), order=9001)
    config.add_route("healthz", "/healthz")
    config.add_route("readyz", "/readyz")
    config.scan("govapp.ui.error_views")
    config.scan("govapp.ui.health")
