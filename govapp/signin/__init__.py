"""Signing in and out, proving it is you again, and setting a first password.

``config.include("govapp.signin")`` needs ``govapp.security`` over govapp's own users, and
``govapp.ui``. Settings: ``govapp.fresh_seconds`` (600) how long a proof serves for changes,
``govapp.link_seconds`` (86400) how long a one-time link works, ``govapp.argon2_memory_kib`` and
``govapp.argon2_iterations``.

Unknown user, wrong password and disabled user look alike, take one hash each, and are counted
before they are answered (:mod:`govapp.throttle`). A page that wants freshness declares its view
``fresh=True``; who is not fresh is sent to ``/confirm`` and presses the button again.
"""

from __future__ import annotations

from pyramid.config import Configurator

from govapp.passwords import Hasher


def includeme(config: Configurator) -> None:
    """Add the routes and views."""
    config.include("govapp.ui")
    settings = config.registry["govapp.settings"]
    config.registry["govapp.hasher"] = Hasher(
        memory_kib=settings.argon2_memory_kib, iterations=settings.argon2_iterations
    )
    config.add_route("sign-in", "/sign-in")
    config.add_route("sign-out", "/sign-out")
    config.add_route("confirm", "/confirm")
    config.add_route("welcome", "/welcome")
    config.add_route("welcome-link", "/welcome/{token}")
    config.scan("govapp.signin")
