"""Every page can be perceived, understood and used by everybody (WCAG 2.2, A and AA)."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Windows, running
from tests.browser.hands import Mouse
from tests.browser.look import CONTROLS, DESCRIPTIONS, overflow, violations
from tests.browser.pages import ERRORS, PAGES, REFUSED, add_probes
from tests.browser.stage import Stage
from tests.conftest import Clock
from tests.guards.source import TEMPLATES
from tests.support.settings import settings_for

# They answer with another address, with a word for a machine, or with a file.
NO_PAGE = {"home", "welcome-link", "healthz", "readyz", "__static/"}


@pytest.fixture(scope="module")
def stage(sqlite_template, tmp_path_factory):
    """One full database for all: the pages here are looked at, and every change is refused."""
    path = tmp_path_factory.mktemp("stage") / "govapp.sqlite"
    shutil.copy(sqlite_template, path)
    with running(settings_for(f"sqlite:///{path}"), Clock(), add_probes) as site:
        yield Stage(site)


@pytest.fixture(scope="module")
def windows(chrome, stage):
    made = Windows(chrome, stage.site.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def page(windows):
    """One window for all, where nothing moves: to open one takes as long as to look."""
    return windows.open(reduced_motion="reduce")


@pytest.fixture
def visit(windows, page, stage):
    """Go to a page and return it: under the CSP as it is sent, which axe-core need not pass.

    What a debugger evaluates is no script of the page.
    """

    def visit(wanted):
        page.context.clear_cookies()
        if wanted.who is not None:
            cookie = {"name": "govapp", "value": stage.secrets[wanted.who], "url": stage.site.url}
            page.context.add_cookies([cookie])
        statuses = []

        def note(answer):
            if answer.request.is_navigation_request():
                statuses.append(answer.status)

        page.on("response", note)
        page.goto(wanted.path.format(**vars(stage)))
        if wanted.act is not None:
            wanted.act(Mouse(page))
        page.remove_listener("response", note)
        assert statuses[-1] == wanted.status
        return page

    windows.complaints.clear()
    yield visit
    page.unroute_all()
    assert windows.complaints == []


@pytest.mark.standard("S-098")
@pytest.mark.standard("S-144")
@pytest.mark.standard("S-145")
@pytest.mark.standard("S-150")
@pytest.mark.parametrize(
    "wanted",
    [
        *(pytest.param(page, id=name) for name, page in PAGES.items()),
        *(pytest.param(page, id=f"error: {name}") for name, page in ERRORS.items()),
    ],
)
def test_nothing_is_found_on_any_page(visit, stage, wanted):
    page = visit(wanted)

    nothing_is_found(page, stage, wanted)


@pytest.mark.standard("S-144")
@pytest.mark.standard("S-146")
@pytest.mark.parametrize("wanted", REFUSED.values(), ids=REFUSED)
def test_a_refused_form_tells_what_is_wrong_where_the_keyboard_is(visit, stage, wanted):
    page = visit(wanted)

    (alerted,) = page.get_by_role("alert").all_inner_texts()
    (description, *others) = set(page.evaluate(DESCRIPTIONS))
    assert alerted.strip() and description.strip()
    assert others == []
    refused = page.locator("[aria-invalid=true]").first
    expect(refused).to_be_focused()
    said = refused.get_attribute("aria-describedby").split()[-1]
    expect(page.locator(f"[id='{said}']")).to_be_in_viewport()
    nothing_is_found(page, stage, wanted)


def nothing_is_found(page, stage, wanted):
    assert wanted.route in {None, stage.site.last_route}
    assert violations(page) == []
    (heading,) = page.locator("h1").all_inner_texts()
    assert page.title() == f"{heading} · govapp"
    controls = page.evaluate(CONTROLS)
    assert [one for one in controls if not one["name"].startswith(one["seen"])] == []
    assert ambiguous(controls, f"{stage.site.url}/") == []
    assert overflow(page) == 0


def ambiguous(controls, home):
    """The names that two buttons or fields share, or links that lead to different places."""
    goals = {}
    for one in controls:
        # "/" leads on to "My sessions", and is called so.
        goes = f"{home}account/sessions" if one["goes"] == home else one["goes"]
        goals.setdefault((one["tag"], one["name"]), []).append(goes)
    return [
        name for name, goes in goals.items() if len(goes) > 1 and (None in goes or len({*goes}) > 1)
    ]


@pytest.mark.standard("S-144")
def test_every_page_has_a_title_of_its_own():
    """The title is the heading, as every page above was held to; here, that they differ."""
    titles = [
        title
        for path in TEMPLATES
        for title in re.findall("{% block title %}(.+?){% endblock %}", path.read_text("utf-8"))
        if title != "{{ title }}"  # of an error, which says its own
    ]

    assert len(set(titles)) == len(titles) > 10


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_is_left_out(app):
    views = [
        (found["introspectable"], {related.category_name for related in found["related"]})
        for found in app.registry.introspector.get_category("views")
        if found["introspectable"]["route_name"]
    ]
    with_template = {view["route_name"] for view, related in views if "templates" in related}
    answering_get = {
        view["route_name"] for view, _ in views if "GET" in (view["request_methods"] or "GET")
    }

    visited = {wanted.route for pages in (PAGES, REFUSED, ERRORS) for wanted in pages.values()}
    assert visited >= with_template
    assert answering_get - with_template == NO_PAGE
