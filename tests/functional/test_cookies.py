"""The two cookies, as they are set and cleared in everything that people do."""

import pytest
from webtest import TestApp

import govapp
from tests.support.world import PASSWORD, World
from tests.unit.test_startup import section

# What is sent does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
NAMES = {"__Host-govapp", "__Host-govapp-visit"}


@pytest.fixture
def settings(settings):
    return settings | {
        "govapp.base_url": "https://sessions.example.org",
        "govapp.cookie_secure": "true",
    }


def over_https(app):
    return TestApp(
        app, extra_environ={"wsgi.url_scheme": "https", "HTTP_HOST": "sessions.example.org"}
    )


@pytest.fixture
def client(app, world):
    world.user("bea")
    return over_https(app)


def submit(client, path, action=None, **fields):
    """Send the form of a page; with ``action``, the one that goes there."""
    forms = client.get(path, status=200).forms.values()
    (form,) = [found for found in forms if found.action == (action or path)]
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=303)


def sign_in(client):
    return submit(client, "/sign-in", login="bea", password=PASSWORD)


def sign_out(client):
    return submit(client, "/account/password", action="/sign-out")


def revoke(client, path="/account/sessions/revocations", **fields):
    token = client.get("/account/password").forms[0]["csrf_token"].value
    return client.post(path, fields | {"csrf_token": token}, status=303)


def cookies(answer):
    """Return name, value and attributes of every cookie that an answer sets or clears."""
    found = []
    for header in answer.headers.getall("Set-Cookie"):
        pair, *attributes = (part.strip() for part in header.split(";"))
        name, _, value = pair.partition("=")
        parsed = (attribute.partition("=") for attribute in attributes)
        found.append((name, value, {key.lower(): text for key, _, text in parsed}))
    return found


@pytest.fixture
def sent(app, client):
    """Every cookie of a journey: visit, sign in, confirm, end all, sign out, unknown secret."""
    answers = [
        client.get("/sign-in"),
        sign_in(client),
        submit(client, "/confirm", password=PASSWORD),
        revoke(client, which="others"),
        revoke(client, which="all"),
        client.get("/account/sessions", status=303),
        sign_in(client),
        sign_out(client),
        client.get("/sign-in"),
        over_https(app).get("/welcome/" + "A" * 43, status=303),
        over_https(app).get("/account/sessions", headers={"Cookie": f"__Host-govapp={'A' * 43}"}),
    ]
    return [cookie for answer in answers for cookie in cookies(answer)]


@pytest.mark.standard("S-011")
@pytest.mark.standard("S-012")
@pytest.mark.standard("S-013")
def test_every_cookie_has_the_host_prefix_and_every_flag(sent):
    assert {name for name, _, _ in sent} == NAMES
    assert len(sent) > 10
    for name, _, attributes in sent:
        dates = {"max-age", "expires"}
        rest = {key: text for key, text in attributes.items() if key not in dates}
        assert rest == {"path": "/", "secure": "", "httponly": "", "samesite": "Lax"}, name


@pytest.mark.standard("S-016")
def test_no_browser_is_told_to_keep_a_session(sent):
    dated = {"max-age", "expires"}
    granted = [attributes for name, value, attributes in sent if name == "__Host-govapp" and value]

    assert len(granted) == 3  # two sign-ins and a confirmation
    assert not any(dated & set(attributes) for attributes in granted)
    # The anonymous one has the two hours that its signature has.
    visits = {a["max-age"] for name, value, a in sent if name == "__Host-govapp-visit" and value}
    assert visits == {"7200"}


@pytest.mark.standard("S-017")
@pytest.mark.parametrize("how", ["sign out", "end all", "end this one", "unknown", "ended"])
def test_a_cookie_is_cleared_with_what_it_was_set_with(app, world, client, how):
    ((_, _, granted),) = [found for found in cookies(sign_in(client)) if found[1]]
    own = world.sessions()[0].public_id.hex
    other = over_https(app)

    if how == "unknown":
        answer = other.get("/account/sessions", headers={"Cookie": f"__Host-govapp={'A' * 43}"})
    elif how == "ended":
        sign_in(other)
        revoke(client, which="others")
        answer = other.get("/account/sessions", status=303)
    elif how == "end all":
        answer = revoke(client, which="all")
    elif how == "sign out":
        answer = sign_out(client)
    else:
        answer = revoke(client, f"/account/sessions/{own}/revocation")

    ((value, cleared),) = [found[1:] for found in cookies(answer) if found[0] == "__Host-govapp"]
    assert (value, cleared.pop("max-age")) == ("", "0")
    cleared.pop("expires", None)
    assert cleared == granted


@pytest.mark.standard("S-015")
def test_development_has_names_of_its_own_and_works_without_https(database_url, clock):
    """Browsers keep neither the prefix nor the flag over http."""
    ini = section("app:main", "development.ini")
    app = govapp.main({}, **(ini | {"sqlalchemy.url": database_url}))
    client = TestApp(app, extra_environ={"HTTP_HOST": "localhost:6543"})

    with World(app, clock) as world:
        world.user("bea")
        answers = [client.get("/sign-in"), sign_in(client)]

    sent = [cookie for answer in answers for cookie in cookies(answer)]
    assert {name for name, _, _ in sent} == {"govapp", "govapp-visit"}
    assert not [attributes for _, _, attributes in sent if "secure" in attributes]
    client.get("/account/sessions", status=200)
    app.registry["dbsession_factory"].kw["bind"].dispose()
    app.registry["govapp.engines"].dispose()
