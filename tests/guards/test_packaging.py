"""What is installed: all packages and files, pinned, and nothing older than its known flaws."""

import configparser
import re
from importlib import import_module

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from setuptools import find_packages

from tests.guards.source import PACKAGE, ROOT

# Versions below these have flaws that concern us (S-138).
FLOORS = {"pyramid": "2.0.2", "webob": "1.8.8", "waitress": "3.0.1"}


@pytest.fixture(scope="module")
def setup_cfg():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def requirements(setup_cfg):
    extras = setup_cfg["options.extras_require"]
    texts = [setup_cfg["options"]["install_requires"], *extras.values()]
    # Comments stand on lines of their own in an ini, which configparser leaves out.
    return [Requirement(line) for text in texts for line in lines(text)]


def pins():
    text = (ROOT / "constraints.txt").read_text("utf-8")
    found = [Requirement(line) for line in lines(text) if not line.startswith("#")]
    assert all(re.fullmatch(r"==[^=*,]+", str(pin.specifier)) for pin in found)
    return found


def test_every_package_is_shipped(setup_cfg):
    shipped = set(lines(setup_cfg["options"]["packages"]))

    found = set(find_packages(str(ROOT), include=["govapp", "govapp.*"]))
    assert shipped == found | {"govapp.migrations", "govapp.migrations.versions"}
    assert lines(setup_cfg["options"]["package_dir"]) == ["govapp.migrations = alembic"]


def test_every_file_beside_the_modules_is_shipped(setup_cfg):
    patterns = lines(setup_cfg["options.package_data"]["*"])
    folders = {pattern.split("/")[0] for pattern in patterns if "/" in pattern}
    beside = [
        path.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]

    assert [str(p) for p in beside if not folders & set(p.parts) and p.name not in patterns] == []


def test_what_is_named_to_be_shipped_is_there(setup_cfg):
    assert (PACKAGE / "py.typed").is_file()
    assert (ROOT / setup_cfg["metadata"]["license_files"]).is_file()
    described = setup_cfg["metadata"]["long_description"].removeprefix("file:").strip()
    assert (ROOT / described).is_file()


def test_every_entry_point_leads_somewhere(setup_cfg):
    for group in setup_cfg["options.entry_points"].values():
        for line in lines(group):
            module, _, function = line.partition("=")[2].strip().partition(":")
            assert callable(getattr(import_module(module), function))


@pytest.mark.standard("S-138")
def test_everything_required_is_pinned_within_its_range(setup_cfg):
    pinned = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins()}

    for required in requirements(setup_cfg):
        version = pinned[canonicalize_name(required.name)]
        assert required.specifier.contains(version), f"{required} is pinned to {version}"


def test_everything_required_has_a_lower_bound(setup_cfg):
    unbounded = [
        required.name
        for required in requirements(setup_cfg)
        if not any(spec.operator in {">=", "==", "~=", "<"} for spec in required.specifier)
    ]

    assert unbounded == []


@pytest.mark.standard("S-138")
@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_versions_with_known_flaws_are_not_installed(setup_cfg, name, floor):
    (pin,) = [next(iter(p.specifier)).version for p in pins() if canonicalize_name(p.name) == name]

    assert Version(pin) >= Version(floor)
    for required in requirements(setup_cfg):
        if canonicalize_name(required.name) == name:
            too_old = Version(floor).release
            before = ".".join(map(str, (*too_old[:-1], too_old[-1] - 1)))
            assert not required.specifier.contains(before)


def test_the_version_of_python_is_said_the_same_everywhere(setup_cfg):
    assert setup_cfg["options"]["python_requires"] == ">=3.11"
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'target-version = "py311"' in pyproject
    assert 'python_version = "3.11"' in pyproject
