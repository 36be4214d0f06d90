def test_signing_in_opens_my_sessions(world, browser):
    world.user("bea", "customers")
    bea = browser()

    bea.sign_in("bea")

    page = bea.get("/account/sessions", status=200)
    assert "Firefox on Linux" in page.text
    assert len(bea.session_ids()) == 1
