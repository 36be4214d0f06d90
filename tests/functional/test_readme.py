"""What the README and docs/ say is so: their code runs, their tables equal the code."""

import importlib
import re
import sys
from configparser import ConfigParser
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import sessionmaker
from webtest import TestApp

from govapp import db
from govapp.cli.groups import STANDARD_GROUPS
from govapp.models import Base
from govapp.policy import MEANING, Permission
from govapp.sessions import ending
from govapp.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
GENERATED = re.compile(r"<!-- generated: .*?<!-- end of ", re.DOTALL)
ONLY_SESSIONS = "### Only sessions"
WITH_ACCOUNT = '### Sessions, permissions and "My sessions" over your own users'


def section(text, heading):
    """Return the text below a heading, up to the next one of its rank or above.

    Only the title of a page has one "#": elsewhere that is a comment in a block of code.
    """
    rank = heading.split(" ")[0]
    (_, rest) = text.split(f"\n{heading}\n", 1)
    return re.split(rf"\n#{{2,{len(rank)}}} ", rest)[0]


def table(text):
    """Return the rows of the first table as lists of cells, without head and code marks."""
    lines = re.search(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE).group().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_no_line_that_people_write_is_longer_than_100_characters():
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.*")]:
        if path.suffix != ".png":
            written = GENERATED.sub("", path.read_text("utf-8"))
            lines = written.splitlines()
            assert [line for line in lines if len(line) > 100] == [], path


# ---------------------------------------------------------------- tables


def shown(default):
    return "none" if default in (MISSING, None, ()) else str(default).lower()


def test_the_table_of_settings_equals_the_code():
    rows = table(section(README, "## Settings"))

    assert rows[0][0] == "`sqlalchemy.url`"
    assert [[name, default or "none", doc] for name, default, doc in rows[1:]] == [
        [f"`govapp.{spec.name}`", shown(spec.default), spec.metadata["doc"]]
        for spec in fields(Settings)
    ]


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_every_setting_of_an_ini_is_in_the_table(name):
    ini = ConfigParser(interpolation=None)
    ini.read(ROOT / name)
    listed = {row[0].strip("`") for row in table(section(README, "## Settings"))}

    used = {key for key in ini["app:main"] if key.startswith(("govapp.", "sqlalchemy."))}
    assert used and used <= listed


def test_the_tables_of_permissions_and_groups_equal_the_code():
    permissions = section(README, "## Permissions")
    groups = permissions.split("\n| group |")[1]

    assert table(permissions) == [[f"`{p}`", MEANING[p]] for p in Permission]
    assert {row[0] for row in table(f"| group |{groups}")} == set(STANDARD_GROUPS)


@pytest.mark.standard("S-033")
def test_the_documented_limits_are_the_defaults():
    rows = table((ROOT / "docs/limits.md").read_text("utf-8"))
    defaults = {f"`govapp.{spec.name}`": str(spec.default) for spec in fields(Settings)}

    limits = {name for name in defaults if name.endswith(("idle_seconds`", "absolute_seconds`"))}
    assert limits <= {row[0] for row in rows}
    assert [row[1] for row in rows] == [defaults[row[0]] for row in rows]
    assert all(row[3] for row in rows)


@pytest.mark.standard("S-126")
def test_the_data_inventory_equals_the_schema():
    inventory = (ROOT / "docs/data.md").read_text("utf-8")
    names = re.findall(r"^## (govapp_\w+)$", inventory, re.MULTILINE)
    rows = {name: table(section(inventory, f"## {name}")) for name in names}

    assert {name: [row[0].strip("`") for row in found] for name, found in rows.items()} == {
        name: list(found.columns.keys()) for name, found in Base.metadata.tables.items()
    }
    assert all(len(row) == 4 and all(row) for found in rows.values() for row in found)


@pytest.mark.parametrize("name", ["security.md", "data.md", "limits.md"])
def test_what_docs_refer_to_is_there(name):
    text = (ROOT / "docs" / name).read_text("utf-8")
    named = re.findall(r"`((?:tests|govapp|alembic)/[\w/.-]+)`", text)

    assert [path for path in named if not (ROOT / path).exists()] == []


# ---------------------------------------------------------------- the code of "piecewise"


@pytest.fixture
def shop(tmp_path, monkeypatch, database_url):
    """Write the blocks of these headings as the package they say, and return its application."""

    def make(*headings):
        for heading in headings:
            blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", section(README, heading), re.S)
            for name, code in blocks:
                path = tmp_path / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(code, "utf-8")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        importlib.invalidate_caches()
        settings = {
            "sqlalchemy.url": database_url,
            "govapp.env": "development",
            "govapp.base_url": "http://localhost",
            "govapp.secrets": "a-secret-of-the-shop-0123456789-abcdefg",
            "govapp.cookie_secure": "false",
        }
        app = importlib.import_module("shop").main({}, **settings)
        made.append(app)
        models = sys.modules["shop.models"]
        engine = app.registry["dbsession_factory"].kw["bind"]
        models.Base.metadata.create_all(engine)
        with sessionmaker(engine).begin() as session:
            session.add(models.Customer(id="c-1", email="ada@example.org"))
        return app

    made = []
    yield make
    for app in made:
        app.registry["dbsession_factory"].kw["bind"].dispose()
        app.registry["govapp.engines"].dispose()
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]


def submit(browser, path, status=303, **values):
    form = browser.get(path, status=200).form
    for name, value in values.items():
        form[name] = value
    return form.submit(status=status)


def signed_in(app):
    browser = TestApp(app)
    submit(browser, "/sign-in", email="ada@example.org")
    return browser


def orders(app):
    with app.registry["dbsession_factory"]() as session:
        return session.query(sys.modules["shop.models"].Order).count()


def test_only_sessions(shop):
    app = shop(ONLY_SESSIONS)
    browser = signed_in(app)

    submit(browser, "/order", article="a lamp")

    assert orders(app) == 1
    assert browser.get("/").text == "c-1 ['Ordered.']"
    assert browser.get("/").text == "c-1 []"


def test_order_step_and_message_are_gone_together(shop):
    app = shop(ONLY_SESSIONS)
    browser = signed_in(app)

    with pytest.raises(ValueError):
        submit(browser, "/order", article="")

    assert orders(app) == 0
    assert browser.get("/").text == "c-1 []"


def test_a_form_without_the_token_is_refused(shop):
    signed_in(shop(ONLY_SESSIONS)).post("/order", {"article": "a lamp"}, status=400)


def test_signing_out(shop):
    browser = signed_in(shop(ONLY_SESSIONS))
    token = browser.get("/order").form["csrf_token"].value

    browser.post("/sign-out", {"csrf_token": token}, status=303)

    assert browser.get("/").text == "nobody []"


@pytest.mark.parametrize("headings", [(ONLY_SESSIONS,), (ONLY_SESSIONS, WITH_ACCOUNT)])
def test_a_session_that_ends_under_way_is_led_to_sign_in(shop, headings):
    app = shop(*headings)
    browser = signed_in(app)

    def end_beside(*_):
        with db.independent_session(app.registry) as other:
            ending.set_not_before(other, "everyone")

    event.listen(app.registry["dbsession_factory"], "before_flush", end_beside, once=True)
    answer = submit(browser, "/order", article="too late")

    assert answer.location == "http://localhost/sign-in"
    assert orders(app) == 0


def test_my_sessions_over_own_users(shop):
    app = shop(ONLY_SESSIONS, WITH_ACCOUNT)
    TestApp(app).get("/account/sessions", status=303)
    browser, other = signed_in(app), signed_in(app)

    form = browser.get("/account/sessions", status=200).forms["selection"]
    browser.post("/account/sessions/revocations", {"which": "others"}, status=400)
    token = form["csrf_token"].value
    browser.post("/account/sessions/revocations", {"which": "others", "csrf_token": token})

    assert other.get("/account/sessions").location == "http://localhost/sign-in"


def test_a_proof_that_is_too_old_is_renewed(shop, clock):
    app = shop(ONLY_SESSIONS, WITH_ACCOUNT)
    app.registry["govapp.clock"] = clock
    browser = signed_in(app)
    signed_in(app)
    clock.advance(minutes=11)
    others = [("which", "others"), ("csrf_token", browser.get("/order").form["csrf_token"].value)]

    assert browser.post("/account/sessions/revocations", others).location.endswith("/confirm")
    submit(browser, "/confirm", status=403, email="somebody@example.org")
    submit(browser, "/confirm", email="ada@example.org")

    answer = browser.post("/account/sessions/revocations", others, status=303)
    assert answer.location == "http://localhost/account/sessions"
    assert "1 session ended." in answer.follow().text


def test_whom_the_shop_closes_is_signed_out(shop):
    app = shop(ONLY_SESSIONS, WITH_ACCOUNT)
    browser = signed_in(app)
    with app.registry["dbsession_factory"].begin() as session:
        session.get(sys.modules["shop.models"].Customer, "c-1").is_closed = True

    browser.get("/account/sessions", status=303)
