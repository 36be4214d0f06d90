"""My sessions: where I am signed in, ending what is not mine, and my password.

``config.include("govapp.account")`` needs ``govapp.security`` and ``govapp.ui``. The subject of
every action is the requester: no parameter, header or field can name another (invariant 14).
``/account/password`` is there only over govapp's own users; a host that called
``config.set_user_finder`` keeps passwords itself.
"""

from __future__ import annotations

from pyramid.config import Configurator

from govapp import resources


def includeme(config: Configurator) -> None:
    """Add the routes and views."""
    config.include("govapp.ui")
    config.include("govapp.freshness")
    config.add_nav_item("account", "My sessions", "account")
    config.add_route("account", "/account/sessions", factory=resources.Site)
    config.add_route("account.revocations", "/account/sessions/revocations", factory=resources.Site)
    config.add_route(
        "account.revocation",
        "/account/sessions/{id:[0-9a-f]{32}}/revocation",
        factory=resources.own_session,
    )
    config.scan("govapp.account.views")
    if config.registry.get("govapp.user_finder") is None:
        config.add_nav_item("account", "Password", "account.password")
        config.add_route("account.password", "/account/password", factory=resources.Site)
        config.scan("govapp.account.password")
