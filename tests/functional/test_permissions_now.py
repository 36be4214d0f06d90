"""Permissions come from the database on every request, never from the session."""

import base64

import pytest

from govapp.models import Membership, Session
from govapp.sessions.visit import unseal
from tests.support.staff import begin
from tests.support.world import PASSWORD


@pytest.fixture
def sam(world, browser):
    world.user("sam", "support")
    someone = browser()
    someone.sign_in("sam")
    return someone


@pytest.mark.standard("S-054")
def test_losing_a_group_bites_on_the_very_next_request(sam, world):
    user_id = world.sessions()[0].user_id
    sam.get("/admin/sessions", status=200)

    with world.db() as db:
        db.delete(db.get_one(Membership, (user_id, "support")))
    sam.get("/admin/sessions", status=403)

    world.join(user_id, "support")
    sam.get("/admin/sessions", status=200)


@pytest.mark.standard("S-023")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/account/sessions", 200), ("/admin", 200), ("/admin/audit", 403), ("/confirm", 200)],
)
def test_every_page_for_someone_signed_in_has_one_way_to_sign_out(sam, path, status):
    page = sam.get(path, status=status)

    forms = page.html.select('form[method=post][action$="/sign-out"]')
    assert len(forms) == 1


@pytest.mark.standard("S-008")
def test_the_session_holds_messages_and_nothing_else(world, browser):
    bea = world.user("bea@example.org", "customers")
    begin(world, bea, count=2)
    target, _ = (row.public_id.hex for row in world.sessions())
    world.user("ada", "admins")
    ada, kept = browser(), []

    def do(path, **fields):
        ada.post(path, fields, status=303)
        kept.extend((path, row.data) for row in world.sessions())

    ada.sign_in("ada")
    do("/confirm", password=PASSWORD, next="/admin")
    do(f"/admin/sessions/{target}/revocation", reason="stolen")
    do(f"/admin/users/{bea}/revocation", reason="stolen")
    do(f"/admin/users/{bea}/groups", group="support", action="add")
    do(f"/admin/users/{bea}/status", status="disabled")
    do("/admin/groups/customers", action="add", permission="user:list", over="customers")
    do("/admin/groups", name="press")
    do("/admin/users/search", q="bea@example.org")
    do("/account/password", current=PASSWORD, new="eleven quiet herons glide")
    do("/account/sessions/revocations", which="others")

    assert len({path for path, data in kept if data}) > 6
    for path, data in kept:
        assert set(data) <= {"flash"}, path
        messages = [message for queue in data.get("flash", {}).values() for message in queue]
        assert all(isinstance(message, str) and "@" not in message for message in messages), path


@pytest.mark.standard("S-008")
def test_a_visit_holds_what_the_next_form_needs_and_nothing_of_the_person(
    world, browser, settings, clock
):
    world.user("bea@example.org")
    bea, held = browser(), []
    secrets = [settings["govapp.secrets"].encode()]

    for step in (
        lambda: bea.get("/account/sessions"),
        lambda: bea.sign_in("bea@example.org", "wrong", status=400),
        lambda: bea.get("/welcome/" + "A" * 43),
        lambda: bea.sign_in("bea@example.org"),
        lambda: bea.sign_out(),
        lambda: bea.sign_in("bea@example.org"),
        lambda: bea.post("/account/sessions/revocations", {"which": "all"}),
    ):
        step()
        held.append(unseal(bea.test_app.cookies.get("govapp-visit"), secrets, now=clock()))

    assert {name for state in held for name in state} == {"csrf", "link", "flash", "why"}
    assert "bea" not in str(held)


@pytest.mark.standard("S-002")
def test_the_secret_says_nothing_about_whom_or_when(world, browser, clock):
    user_id = world.user("bea")
    secrets = []
    for _ in range(2):
        bea = browser()
        bea.sign_in("bea")
        secrets.append(bea.cookie)

    for secret in secrets:
        raw = base64.urlsafe_b64decode(secret + "=")
        assert len(raw) == 32
        assert user_id.encode() not in raw and b"bea" not in raw
        assert str(int(clock().timestamp())).encode() not in raw
    assert secrets[0][:4] != secrets[1][:4]


@pytest.mark.standard("S-026")
def test_no_get_by_a_stranger_makes_a_session(browser, world, app):
    from pyramid.interfaces import IRoutesMapper

    stranger = browser()
    for route in app.registry.getUtility(IRoutesMapper).get_routes():
        path = route.generate({"id": "0" * 32, "name": "x", "token": "A" * 43, "subpath": "x"})
        stranger.get(path, status="*")

    assert world.sessions() == []


@pytest.mark.standard("S-012")
def test_the_secret_leaves_the_server_only_in_set_cookie(world, browser):
    world.user("ann", "admins")
    ann = browser()
    ann.sign_in("ann")
    for path in ("/", "/account/sessions", "/admin", "/admin/sessions", "/admin/audit"):
        answer = ann.get(path, status="*")
        headers = [value for name, value in answer.headers.items() if name != "Set-Cookie"]
        assert ann.cookie not in answer.text
        assert not any(ann.cookie in value for value in headers)


@pytest.mark.standard("S-013")
def test_every_cookie_says_which_sites_may_send_it(world, browser):
    world.user("bea")
    bea = browser()
    answers = [bea.get("/sign-in"), bea.sign_in("bea"), bea.sign_out(), bea.get("/sign-in")]

    cookies = [c for answer in answers for c in answer.headers.getall("Set-Cookie")]
    assert len(cookies) >= 4
    assert all("SameSite=Lax" in c and "HttpOnly" in c and "Path=/" in c for c in cookies)


def test_the_row_shown_on_pages_is_not_the_credential(sam, world, browser):
    row: Session = world.sessions()[0]
    thief = browser()

    for value in (row.public_id.hex, str(row.public_id), str(row.id), row.csrf_token):
        thief.cookie = value
        assert not thief.is_signed_in
