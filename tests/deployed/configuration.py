"""The files that the README recommends, with other names, ports and paths, and nothing else."""

from __future__ import annotations

import re

from tests.support.process import ROOT
from tests.support.settings import SECRET

HOST = "sessions.govapp.test"
ORIGIN = f"https://{HOST}"


def production_ini(path, port, *, second_port=None, use="call:govapp:main"):
    """Write the repository's ``production.ini`` for this port; return ``path``.

    With a ``second_port`` it has the section ``[server:second]`` of the README's "More than one
    process". ``use`` names the application by its place in the code, because "egg:govapp" would
    need an installed distribution.
    """
    text = substituted(
        (ROOT / "production.ini").read_text(),
        ("sessions.example.org", HOST),
        ("use = egg:govapp\n", f"use = {use}\n"),
        ("listen = 127.0.0.1:6543\n", f"listen = 127.0.0.1:{port}\n"),
    )
    if second_port is not None:
        text += substituted(_second_server(), ("127.0.0.1:6544", f"127.0.0.1:{second_port}"))
    path.write_text(text)
    return path


def environment(database_url):
    """Return what production takes from the environment."""
    return {"GOVAPP_DATABASE_URL": database_url, "GOVAPP_SECRETS": SECRET}


def nginx_conf(folder, *, http_port, https_port, app_ports):
    """Return ``docs/deployment/nginx.conf`` with these ports, logging into ``folder``.

    Where it listens on IPv6 too, which not every machine has, it gets a second IPv4 address.
    """
    servers = "\n".join(f"    server 127.0.0.1:{port};" for port in app_ports)
    return substituted(
        (ROOT / "docs/deployment/nginx.conf").read_text(),
        ("sessions.example.org", HOST),
        ("    server 127.0.0.1:6543;", servers),
        ("listen 80", f"listen 127.0.0.1:{http_port}"),
        ("listen [::]:80", f"listen 127.0.0.2:{http_port}"),
        ("listen 443", f"listen 127.0.0.1:{https_port}"),
        ("listen [::]:443", f"listen 127.0.0.2:{https_port}"),
        ("/var/log/nginx/", f"{folder}/"),
        (f"/etc/letsencrypt/live/{HOST}/", f"{folder}/"),
    )


def substituted(text, *pairs):
    """Return the text with the first of each pair replaced by the second, wherever it stands."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in the file that is recommended"
        text = text.replace(old, new)
    return text


def _second_server():
    readme = (ROOT / "README.md").read_text()
    (block,) = re.findall(r"```ini\n(\[server:second\]\n.*?)```", readme, re.DOTALL)
    return "\n" + block
