"""The last resort, outside every tween and callback: a plain page, whatever broke.

Exceptions in the commit, in response callbacks or in an exception view itself would otherwise
reach the WSGI server raw (S-093).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pyramid.interfaces import IExecutionPolicy
from pyramid.registry import Registry
from pyramid.response import Response
from pyramid.router import default_execution_policy

from govapp.ui.headers import secure

log = logging.getLogger(__name__)
ExecutionPolicy = Callable[[dict[str, Any], Any], Response]

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Something went wrong · govapp</title></head>
<body><main><h1>Something went wrong</h1>
<p>The page could not be made.</p>
<p>Go back and look whether what you did was done, before you try again.</p></main></body>
</html>
"""


def install(registry: Registry) -> None:
    """Wrap the application's execution policy, pyramid_retry's for example."""
    inner = registry.queryUtility(IExecutionPolicy) or default_execution_policy
    registry.registerUtility(wrap(inner, registry), IExecutionPolicy)


def wrap(inner: ExecutionPolicy, registry: Registry) -> ExecutionPolicy:
    """Return a policy that answers where ``inner`` raises."""

    def last_resort(environ: dict[str, Any], router: Any) -> Response:
        try:
            return inner(environ, router)
        except Exception:
            log.exception("an error got past every error page")
            https = registry["govapp.settings"].is_https
            return secure(Response(PAGE, status=500, charset="utf-8"), https=https)

    return last_resort
