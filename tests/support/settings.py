"""The settings of an application under test."""

from __future__ import annotations

SECRET = "a-secret-for-tests-0123456789-abcdefghij"
NO_DATABASE = "sqlite:///nowhere.sqlite"


def settings_for(url: str = NO_DATABASE) -> dict[str, str]:
    """Return the settings of an application over this database, in which a hash costs nothing.

    That production refuses such figures is tested elsewhere.
    """
    return {
        "sqlalchemy.url": url,
        "govapp.env": "development",
        "govapp.base_url": "http://localhost",
        "govapp.secrets": SECRET,
        "govapp.cookie_secure": "false",
        "govapp.argon2_memory_kib": "8",
        "govapp.argon2_iterations": "1",
    }
