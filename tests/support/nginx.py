"""A real nginx for the tests, from the system's packages, without root and with TLS.

``python -m tests.support.nginx`` says in one line which nginx would be used, or what to install.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.process import LOCAL, LONG_SECONDS, Program, running, wait_until

# Where systems keep it, off the PATH of people who are not root.
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/nginx/sbin")
MISSING = (
    "nginx is missing: install it (Debian: apt-get install nginx-light), or name its program in"
    " GOVAPP_NGINX"
)
OPENSSL_MISSING = "openssl is missing: install it (Debian: apt-get install openssl)"
CERTIFICATE = "fullchain.pem"
# What Debian's own /etc/nginx/nginx.conf has around the files of conf.d, as far as it matters.
FRAME = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/govapp.conf;
}}
"""


class NginxUnavailable(Exception):
    """Raised when there is no nginx to test with; the message says what to install."""


def find_nginx() -> str:
    """Return the path of nginx: what ``GOVAPP_NGINX`` names, else on ``PATH`` or near it.

    (``NGINX`` means something else to nginx itself.) Raises NginxUnavailable.
    """
    places = os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS])
    found = shutil.which(os.environ.get("GOVAPP_NGINX") or "nginx", path=places)
    if found is None:
        raise NginxUnavailable(MISSING)
    return found


def find_openssl() -> str:
    """Return the path of openssl, which makes the certificate. Raises NginxUnavailable."""
    found = shutil.which("openssl")
    if found is None:
        raise NginxUnavailable(OPENSSL_MISSING)
    return found


class Nginx:
    """A running nginx, and the folder that holds everything it writes."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self.folder = folder

    @property
    def trust(self) -> ssl.SSLContext:
        """What believes its certificate, and no other."""
        return ssl.create_default_context(cafile=str(self.folder / CERTIFICATE))

    def log(self, name: str) -> str:
        """Return one of its logs, empty if there is none yet."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def logs(self) -> dict[str, str]:
        """Return all its logs, by their names."""
        return {path.name: path.read_text() for path in self.folder.glob("*.log")}


@contextmanager
def nginx(host: str, configuration: Callable[[Path], str], port: int) -> Iterator[Nginx]:
    """Yield an nginx that serves ``host`` with ``configuration(folder)`` and listens on ``port``.

    Its folder holds a new certificate for ``host`` and the key, ``fullchain.pem`` and
    ``privkey.pem``. Raises NginxUnavailable.
    """
    program = find_nginx()
    # Another user has to get there.
    folder = Path(tempfile.mkdtemp(prefix="govapp-nginx-", dir="/tmp"))
    try:
        _make_certificate(folder, host)
        (folder / "govapp.conf").write_text(configuration(folder))
        (folder / "nginx.conf").write_text(FRAME.format(folder=folder))
        command = [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
        with running(command, log=folder / "said", **_unprivileged(folder)) as process:
            wait_until(lambda: not process.is_running or _listens(port), f"nginx on port {port}")
            made = Nginx(process, folder)
            assert process.is_running, process.said + made.log("error.log")
            yield made
    finally:
        shutil.rmtree(folder)


def _make_certificate(folder: Path, host: str) -> None:
    """Make a self-signed certificate for one name, good for a day."""
    subprocess.run(
        [find_openssl(), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}",
         "-keyout", folder / "privkey.pem", "-out", folder / CERTIFICATE],
        check=True,
        capture_output=True,
    )  # fmt: skip


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return the arguments of subprocess that give up root, and hand the folder over."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in [folder, *folder.iterdir()]:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOCAL, port), LONG_SECONDS).close()
    except OSError:
        return False
    return True


def _report() -> int:
    """Print in one line which nginx would be used, or what to install."""
    try:
        print(f"nginx: {find_nginx()}, {find_openssl()}")
    except NginxUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_report())
