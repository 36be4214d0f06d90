"""What production refuses, one test a danger; and that the files of the repository are accepted."""

import configparser
from pathlib import Path

import pytest
from pyramid.config.settings import Settings as PyramidSettings

from govapp.dangers import DEBUG_AIDS, dangers
from govapp.settings import SettingsError, read
from govapp.startup import checked, server_section

ROOT = Path(__file__).parents[2]
SECRET = "vD3kz0Qm8Lr5Xw2Tn7Yb4Hc9Js6Pf1Ga"
INI = {
    "sqlalchemy.url": "postgresql+psycopg://govapp@db.example.org/govapp",
    "govapp.env": "production",
    "govapp.base_url": "https://sessions.example.org",
    "govapp.secrets": SECRET,
}
SERVER = {"use": "egg:waitress#main", "clear_untrusted_proxy_headers": "false"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """Keep what the developer's shell sets out of the tests."""
    for variable in ("GOVAPP_DATABASE_URL", "GOVAPP_SECRETS", "GOVAPP_BASE_URL", "GOVAPP_ENV"):
        monkeypatch.delenv(variable, raising=False)


def dangers_of(ini=None, server=SERVER):
    raw = INI | (ini or {})
    return dangers(read(raw, {}), raw, server)


def section(name, file_name):
    parser = configparser.ConfigParser(defaults={"here": str(ROOT)})
    parser.read(ROOT / file_name)
    own = set(parser.defaults())
    return {key: value for key, value in parser[name].items() if key not in own and key != "use"}


def test_safe_settings_have_no_danger():
    assert dangers_of() == []


def refusal(id_, problem, **ini):
    return pytest.param(
        {key.replace("__", "."): text for key, text in ini.items()}, problem, id=id_
    )


@pytest.mark.standard("S-015")
@pytest.mark.standard("S-091")
@pytest.mark.standard("S-135")
@pytest.mark.standard("S-136")
@pytest.mark.parametrize(
    ("ini", "problem"),
    [
        refusal("sqlite", "SQLite", sqlalchemy__url="sqlite:///govapp.sqlite"),
        refusal("http", "not https", govapp__base_url="http://sessions.example.org"),
        refusal("sample", "sample", govapp__secrets="development-only-Xk92jfLq0aPzWm4TnBvC"),
        refusal(
            "old sample", "sample", govapp__secrets=f"{SECRET} development-only-Xk92jfLq0aPzWm4Tn"
        ),
        refusal("not random", "not random", govapp__secrets="ab" * 20),
        refusal("old not random", "not random", govapp__secrets=f"{SECRET} {'ab' * 20}"),
        refusal("cookie", "cookie_secure is false", govapp__cookie_secure="false"),
        refusal("memory", "argon2_memory_kib", govapp__argon2_memory_kib="19455"),
        refusal("iterations", "argon2_iterations", govapp__argon2_iterations="1"),
        refusal("veto", "tm.commit_veto is", tm__commit_veto="pyramid_tm.default_commit_veto"),
        refusal("veto 2", "tm.commit_veto is", pyramid_tm__commit_veto="mine.veto"),
        refusal("toolbar", "debug toolbar", pyramid__includes="pyramid_tm pyramid_debugtoolbar"),
    ],
)
def test_production_refuses(ini, problem):
    (found,) = dangers_of(ini)

    assert problem in found


@pytest.mark.standard("S-096")
@pytest.mark.parametrize("value", ["true", "on", "1", "Yes", True])
@pytest.mark.parametrize("aid", DEBUG_AIDS)
def test_production_refuses_every_debug_aid(aid, value):
    assert dangers_of({aid: value}) == [f"{aid} is on"]


@pytest.mark.parametrize("value", ["false", "", "0", "off"])
def test_a_debug_aid_that_is_off_is_no_danger(value):
    assert dangers_of({"pyramid.debug_all": value}) == []


def test_every_debug_aid_of_pyramid_is_known():
    aids = {name for name in PyramidSettings() if name.startswith(("debug_", "reload_"))}

    assert aids <= set(DEBUG_AIDS)


@pytest.mark.standard("S-096")
@pytest.mark.parametrize("variable", ["PYRAMID_DEBUG_ALL", "PYRAMID_DEBUG_AUTHORIZATION",
                                      "PYRAMID_RELOAD_TEMPLATES"])  # fmt: skip
def test_production_refuses_a_debug_aid_from_the_environment(variable, monkeypatch):
    # Pyramid asks the environment first, whatever the ini says.
    monkeypatch.setenv(variable, "1")

    with pytest.raises(SettingsError, match="is on"):
        checked({}, INI)


def test_govapps_own_veto_may_be_named():
    assert dangers_of({"tm.commit_veto": "govapp.db.commit_veto"}) == []


@pytest.mark.standard("S-096")
@pytest.mark.standard("S-136")
@pytest.mark.parametrize(
    ("trusted", "server", "problem"),
    [
        ("", {}, None),
        ("", {"clear_untrusted_proxy_headers": "true"}, None),
        ("127.0.0.1", {}, None),
        ("127.0.0.1", {"clear_untrusted_proxy_headers": "true"}, "removes the proxies' headers"),
        ("127.0.0.1", {"clear_untrusted_proxy_headers": "FALSE"}, None),
        ("127.0.0.1", {"trusted_proxy": "127.0.0.1"}, "trusted_proxy is set"),
        ("", {"trusted_proxy": "127.0.0.1"}, "trusted_proxy is set"),
        ("", {"expose_tracebacks": "true"}, "expose_tracebacks is on"),
        ("", {"expose_tracebacks": "false"}, None),
    ],
)
def test_production_refuses_a_server_that_contradicts(trusted, server, problem):
    found = dangers_of({"govapp.trusted_proxies": trusted}, SERVER | server)

    assert [problem in text for text in found] == ([True] if problem else [])


def test_waitress_removes_headers_unless_told_otherwise():
    (found,) = dangers_of({"govapp.trusted_proxies": "127.0.0.1"}, {"use": "egg:waitress"})

    assert "removes the proxies' headers" in found


@pytest.mark.parametrize("server", [None, {}, {"use": "egg:gunicorn#main", "trusted_proxy": "*"}])
def test_other_servers_are_not_judged(server):
    assert dangers_of({"govapp.trusted_proxies": "127.0.0.1"}, server) == []


@pytest.mark.standard("S-136")
def test_dangers_are_told_all_at_once():
    with pytest.raises(SettingsError) as caught:
        checked({}, INI | {"govapp.cookie_secure": "false", "pyramid.debug_all": "true"})

    assert len(caught.value.problems) == 2


def test_development_may_do_what_production_may_not():
    ini = INI | {"govapp.env": "development", "sqlalchemy.url": "sqlite://",
                 "govapp.cookie_secure": "false", "pyramid.debug_all": "true"}  # fmt: skip

    assert checked({}, ini) == ini


@pytest.mark.parametrize("url", [None, ""])
def test_a_missing_database_is_told_with_the_other_mistakes(url):
    ini = {**INI, "sqlalchemy.url": url, "govapp.fresh_seconds": "0"}

    with pytest.raises(SettingsError) as caught:
        checked({}, ini)

    assert len(caught.value.problems) == 2
    assert caught.value.problems[0].startswith("sqlalchemy.url is missing")


@pytest.mark.standard("S-091")
def test_a_database_from_the_environment_is_judged_like_one_in_the_ini(monkeypatch):
    monkeypatch.setenv("GOVAPP_DATABASE_URL", "sqlite:///somewhere.sqlite")

    with pytest.raises(SettingsError, match="SQLite"):
        checked({}, INI)


@pytest.mark.standard("S-136")
def test_production_ini_is_accepted_once_the_environment_has_the_secrets(monkeypatch):
    monkeypatch.setenv("GOVAPP_DATABASE_URL", INI["sqlalchemy.url"])
    monkeypatch.setenv("GOVAPP_SECRETS", SECRET)
    ini = section("app:main", "production.ini")

    settings = checked({"__file__": str(ROOT / "production.ini")}, ini)

    assert settings["sqlalchemy.url"] == INI["sqlalchemy.url"]
    assert ini["govapp.env"] == "production"


def test_production_ini_alone_says_all_that_is_missing():
    with pytest.raises(SettingsError) as caught:
        checked({"__file__": str(ROOT / "production.ini")}, section("app:main", "production.ini"))

    assert [problem.split()[0] for problem in caught.value.problems] == [
        "sqlalchemy.url",
        "govapp.secrets",
    ]


@pytest.mark.standard("S-097")
def test_production_ini_sends_no_server_banner():
    assert server_section(str(ROOT / "production.ini"))["ident"] == ""


@pytest.mark.standard("S-110")
def test_production_ini_bounds_the_size_of_a_request():
    assert int(server_section(str(ROOT / "production.ini"))["max_request_body_size"]) < 1_000_000


def test_development_ini_is_accepted_as_it_stands():
    ini = section("app:main", "development.ini")

    assert checked({"__file__": str(ROOT / "development.ini")}, ini) == ini


@pytest.mark.standard("S-136")
def test_development_ini_does_not_become_production_by_changing_one_word():
    ini = section("app:main", "development.ini") | {"govapp.env": "production"}

    with pytest.raises(SettingsError) as caught:
        checked({"__file__": str(ROOT / "development.ini")}, ini)

    assert len(caught.value.problems) == 5


@pytest.mark.parametrize("ini_file", [None, "", "nowhere.ini"])
def test_without_an_ini_there_is_no_server_section(ini_file):
    assert server_section(ini_file) == {}
