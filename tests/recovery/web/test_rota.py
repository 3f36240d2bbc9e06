"""The page of who is on call: two weeks in words, taking over, overrides, and the weekly rota."""

from datetime import date, time, timedelta

import pytest

from backend.db import programs
from backend.models import AuditEvent
from backend.rules.roles import Role
from backend.selectors.people import actor_of
from backend.services import people
from recovery.models import Rota, RotaOverride, RotaTurn
from recovery.rules.escalation import OverrideReason
from recovery.services import rota
from tests.recovery.api.clinic import signed_in

PAGE = "/care/rota/"
# The clinic's present is Tuesday 3 March 2026, 10:00 AM in New York.


@pytest.fixture
def crew(clinic):
    """Ann and Bo have a number, Cleo has none; the medical director makes the rota."""

    def make(name, role):
        return people.create_staff(email=f"{name}@crew.example", roles={clinic.north.pk: [role]}, now=clinic.now)

    crew = {name: make(name, Role.NURSE) for name in ("ann", "bo", "cleo")} | {
        "dora": make("dora", Role.MEDICAL_DIRECTOR)
    }
    with programs([clinic.north.pk]):
        phones = {"ann": "+12125550111", "bo": "+12125550112", "cleo": "", "dora": "+12125550114"}
        members = {crew[name].pk: (f"{name.title()} Crew", phone) for name, phone in phones.items()}
        people.create_team(program_id=clinic.north.pk, name="Crew", members=members, now=clinic.now)
    return crew


@pytest.fixture
def director(crew):
    return signed_in(crew["dora"])


@pytest.fixture
def weekly(clinic, crew):
    """This week Ann then Bo, next week Ann then Cleo, who has no number."""
    with programs([clinic.north.pk]):
        return rota.set_rota(
            actor=actor_of(user_id=crew["dora"].pk),
            program_id=clinic.north.pk,
            anchor=date(2026, 3, 2),
            hand_over=time(8),
            turns=[[crew["ann"].pk, crew["bo"].pk], [crew["ann"].pk, crew["cleo"].pk]],
            now=clinic.now,
        )


def at(clinic, path):
    return f"{PAGE}{clinic.north.pk}/{path}/"


def stored(clinic, model=RotaOverride):
    with programs([clinic.north.pk, clinic.south.pk]):
        return list(model.objects.order_by("pk"))


def text_of(browser, path=PAGE):
    answer = browser.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def an_override(crew, **changes):
    times = {"starts_on": "2026-03-05", "starts_time": "08:00", "ends_on": "2026-03-06", "ends_time": "08:00"}
    return {**times, "first": crew["bo"].pk, "second": crew["dora"].pk, "reason": "swap", **changes}


def a_week(crew, *turns, **changes):
    found = {"anchor": "2026-03-02", "hand_over": "07:30", **changes}
    for week, turn in enumerate(turns):
        found |= {f"week{week}_{rank}": crew[name].pk for rank, name in enumerate(turn) if name}
    return found


def test_two_weeks_with_the_gap_in_words(clinic, crew, weekly, coordinator):
    page = text_of(coordinator)
    assert "On call now: Ann Crew, then Bo Crew" in page
    assert "Now to Mon 9 Mar 8:00 AM<br><strong>Ann Crew, then Bo Crew</strong>" in page
    assert "Mon 9 Mar 8:00 AM to Mon 16 Mar 8:00 AM<br><strong>Ann Crew, then Cleo Crew (no number)</strong>" in page
    assert "1 gap until the end of next week" in page
    gap = "Mon 9 Mar 8:00 AM to Mon 16 Mar 8:00 AM: only one person whom a text reaches, and nobody second."
    assert gap in page
    assert "No number: " in page and "Cleo Crew" in page.split("No number: ")[1].split("</li>")[0]
    assert "Longname" not in page


def test_without_a_rota_it_says_that_everybody_is_told(clinic, crew, coordinator):
    page = text_of(coordinator)
    assert "Nobody is on call" in page and "There is no weekly rota yet." in page
    assert "Now to Mon 16 Mar 8:00 AM: nobody whom a text reaches. A concern goes to everybody at once." in page


def test_who_left_is_named(clinic, crew, weekly, coordinator):
    with programs([clinic.north.pk]):
        crew["bo"].is_active = False
        crew["bo"].save()
    page = text_of(coordinator)
    assert "In the rota, but not in the care team any more: Bo Crew." in page
    assert "Ann Crew, then Bo Crew (has left the care team)" in page


def test_somebody_takes_over_and_gives_it_back(clinic, crew, weekly):
    bo = signed_in(crew["bo"])
    done = bo.post(at(clinic, "take-over"), {"until_on": "2026-03-04", "until_at": "08:00"})
    assert (done.status_code, done["Location"]) == (302, f"{PAGE}?program={clinic.north.pk}&done=taken")
    page = text_of(bo, done["Location"])
    assert "You are on call now." in page and "On call now: Bo Crew, then Ann Crew" in page
    assert "Now to tomorrow 8:00 AM" in page and "Took over" in page
    [row] = stored(clinic)
    assert (row.first_id, row.second_id) == (crew["bo"].pk, crew["ann"].pk)
    end = f"{PAGE}{clinic.north.pk}/overrides/{row.pk}/end/"
    assert signed_in(crew["ann"]).post(end).status_code == 403
    assert end not in text_of(signed_in(crew["ann"]))
    assert bo.post(end)["Location"].endswith("done=ended")
    assert "On call now: Ann Crew, then Bo Crew" in text_of(bo)
    assert bo.post(end).status_code == 409
    with programs([clinic.north.pk]):
        made = AuditEvent.objects.filter(action__startswith="rota.override", actor_id=crew["bo"].pk)
        assert list(made.order_by("pk").values_list("action", flat=True)) == [
            "rota.override_made",
            "rota.override_ended",
        ]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        pytest.param({"until_on": "2026-03-03", "until_at": "09:59"}, "within the next seven days", id="past"),
        pytest.param({"until_on": "2026-03-11", "until_at": "08:00"}, "within the next seven days", id="too-long"),
        pytest.param({"until_on": "9999-12-31", "until_at": "23:59"}, "too far away", id="end-of-time"),
        pytest.param({"until_on": "", "until_at": "08:00"}, "Choose a day.", id="no-day"),
        pytest.param({"until_on": "2026-03-04", "until_at": "25:00"}, "Enter a valid time.", id="no-time"),
    ],
)
def test_a_take_over_that_cannot_be(clinic, crew, weekly, sent, said):
    answer = signed_in(crew["bo"]).post(at(clinic, "take-over"), sent)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert stored(clinic) == []


def test_an_editor_puts_somebody_else_on_and_ends_it(clinic, crew, weekly, director):
    done = director.post(at(clinic, "override"), an_override(crew))
    assert done.status_code == 302, done.content.decode()
    page = text_of(director, done["Location"])
    assert "Thu 5 Mar 8:00 AM to Fri 6 Mar 8:00 AM" in page and "Bo Crew, then Dora Crew" in page
    assert "Two people swapped" in page and "not by the week" in page
    [row] = stored(clinic)
    assert director.post(f"{PAGE}{clinic.north.pk}/overrides/{row.pk}/end/").status_code == 302
    assert "Nothing now or to come." in text_of(director)
    assert stored(clinic)[0].cancelled_by_id == crew["dora"].pk


def test_of_two_at_once_the_newest_holds_and_the_page_says_so(clinic, crew, weekly, director):
    director.post(at(clinic, "override"), an_override(crew))
    late = an_override(crew, first=crew["dora"].pk, second="", starts_time="12:00", ends_time="06:00", reason="ill")
    assert director.post(at(clinic, "override"), late).status_code == 302
    page = text_of(director)
    assert "Where two cover the same time, the one made last holds." in page
    assert "Thu 5 Mar 12:00 PM to Fri 6 Mar 6:00 AM: only one person" in page
    assert "Fri 6 Mar 6:00 AM to Fri 6 Mar 8:00 AM" in page


def test_nobody_on_purpose_is_a_gap_that_is_named(clinic, crew, weekly, director):
    assert director.post(at(clinic, "override"), an_override(crew, first="", second="")).status_code == 302
    page = text_of(director)
    assert "Nobody, on purpose" in page
    assert "Thu 5 Mar 8:00 AM to Fri 6 Mar 8:00 AM: nobody whom a text reaches." in page


BAD_OVERRIDES = [
    pytest.param({"starts_on": "2026-03-01", "ends_on": "2026-03-02"}, "This time is over.", id="past"),
    pytest.param({"ends_on": "2026-03-04"}, "The end comes after the beginning.", id="ends-first"),
    pytest.param({"ends_on": "2026-05-30"}, "At most 62 days", id="too-long"),
    pytest.param({"starts_on": "2027-04-01", "ends_on": "2027-04-02"}, "At most a year ahead.", id="too-far"),
    pytest.param({"starts_on": "0001-01-01"}, "too far away", id="year-one"),
    pytest.param({"second": "bo"}, "At most two different people.", id="the-same-twice"),
    pytest.param({"first": "southern"}, "Select a valid choice.", id="of-another-program"),
    pytest.param({"first": "phone"}, "Select a valid choice.", id="a-patient"),
    pytest.param({"first": ""}, "Choose who is first before who is second.", id="second-alone"),
    pytest.param({"reason": "take_over"}, "Select a valid choice.", id="reason-of-the-other-form"),
    pytest.param({"reason": ""}, "Choose a reason.", id="no-reason"),
    pytest.param({"starts_on": "soon"}, "Enter a valid date.", id="no-day"),
]


@pytest.mark.parametrize(("changes", "said"), BAD_OVERRIDES)
def test_an_override_that_cannot_be(clinic, crew, weekly, director, changes, said):
    who = crew | {"southern": clinic.southern, "phone": clinic.phone}
    sent = {name: who[value].pk if value in who else value for name, value in changes.items()}
    answer = director.post(at(clinic, "override"), an_override(crew, **sent))
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page
    assert '<details class="more" open><summary>Add' in page
    assert stored(clinic) == []


def test_the_weekly_rota_is_made_and_changed(clinic, crew, director):
    made = director.post(at(clinic, "weeks"), a_week(crew, ["ann", "bo"], ["bo", "dora"]))
    assert made.status_code == 302, made.content.decode()
    page = text_of(director, made["Location"])
    assert "The new rota holds from now on." in page and "On call now: Ann Crew, then Bo Crew" in page
    assert "Mon 9 Mar 7:30 AM to Mon 16 Mar 7:30 AM<br><strong>Bo Crew, then Dora Crew</strong>" in page
    assert "until the end of next week" not in page
    assert director.post(at(clinic, "weeks"), a_week(crew, ["dora", "ann", "bo"])).status_code == 302
    assert "On call now: Dora Crew, then Ann Crew, then Bo Crew" in text_of(director)
    assert len(stored(clinic, Rota)) == 2
    with programs([clinic.north.pk]):
        assert AuditEvent.objects.filter(action="rota.made", actor_id=crew["dora"].pk).count() == 2


@pytest.mark.parametrize(
    ("turns", "changes", "said"),
    [
        pytest.param([["ann", "ann"]], {}, "Somebody is in this week twice.", id="overlapping-turns"),
        pytest.param([["ann"], [], ["bo"]], {}, "Nobody is in this week, and a later one has people.", id="hole"),
        pytest.param([["", "bo"]], {}, "Fill the places in their order.", id="second-alone"),
        pytest.param([], {}, "Choose who is first in week 1.", id="empty"),
        pytest.param([["ann"]], {"anchor": "2026-03-03"}, "A rota begins on a Monday.", id="a-tuesday"),
        pytest.param([["ann"]], {"anchor": "0001-01-01"}, "too far away", id="year-one"),
        pytest.param([["ann"]], {"hand_over": ""}, "Choose when one week hands over", id="no-time"),
        pytest.param([["southern"]], {}, "Select a valid choice.", id="of-another-program"),
    ],
)
def test_a_weekly_rota_that_cannot_be(clinic, crew, director, turns, changes, said):
    answer = director.post(at(clinic, "weeks"), a_week(crew | {"southern": clinic.southern}, *turns, **changes))
    assert answer.status_code == 422 and said in answer.content.decode()
    assert stored(clinic, Rota) == stored(clinic, RotaTurn) == []


def test_who_may_see_and_who_may_change(clinic, crew, weekly, coordinator):
    page = text_of(coordinator)
    assert "Take over now" in page and "Save the rota" not in page and "Weekly rota" not in page
    for path, sent in (("override", an_override(crew)), ("weeks", a_week(crew, ["ann"]))):
        assert coordinator.post(at(clinic, path), sent).status_code == 403
    operator = signed_in(clinic.operator)
    page = text_of(operator)
    assert "Save the rota" in page and "Take over now" not in page
    sent = {"until_on": "2026-03-04", "until_at": "08:00"}
    assert operator.post(at(clinic, "take-over"), sent).status_code == 403
    assert operator.post(at(clinic, "override"), an_override(crew)).status_code == 302
    assert signed_in(clinic.phone).get(PAGE).status_code == 403
    assert len(stored(clinic, Rota)) == 1


def test_another_programs_rota_is_not_there(clinic, crew, weekly, director):
    director.post(at(clinic, "override"), an_override(crew))
    [row] = stored(clinic)
    southern = signed_in(clinic.southern)
    assert "Ann Crew" not in text_of(southern)
    assert southern.get(f"{PAGE}?program={clinic.north.pk}").status_code == 404
    sent = {"until_on": "2026-03-04", "until_at": "08:00"}
    assert southern.post(at(clinic, "take-over"), sent).status_code == 404
    assert southern.post(f"{PAGE}{clinic.north.pk}/overrides/{row.pk}/end/").status_code == 404
    assert director.post(f"{PAGE}{clinic.south.pk}/override/", an_override(crew)).status_code == 404
    assert stored(clinic)[0].cancelled_at is None


def test_it_is_linked_once_for_those_who_may_see_it(clinic, coordinator, phone):
    link = '<a href="/care/rota/"'
    assert coordinator.get("/care/").content.decode().count(link) == 1
    assert text_of(signed_in(clinic.operator), "/care/texts/").count(link) == 1
    assert link not in phone.get("/me/").content.decode()


def test_somebody_with_a_role_in_another_program_edits_only_there(clinic, crew):
    both = people.create_staff(
        email="both@crew.example",
        roles={clinic.north.pk: [Role.NURSE], clinic.south.pk: [Role.MEDICAL_DIRECTOR]},
        now=clinic.now,
    )
    browser = signed_in(both)
    assert browser.post(at(clinic, "override"), an_override(crew, first="", second="")).status_code == 403
    assert "Save the rota" not in text_of(browser, f"{PAGE}?program={clinic.north.pk}")
    assert "Save the rota" in text_of(browser, f"{PAGE}?program={clinic.south.pk}")
    assert stored(clinic) == []


def test_a_clock_that_goes_forward_is_counted_in_the_programs_time(clinic, crew, weekly, director):
    with programs([clinic.north.pk]):
        rota.add_override(
            actor=actor_of(user_id=crew["dora"].pk),
            program_id=clinic.north.pk,
            starts_at=clinic.now + timedelta(days=5),  # Sunday 8 March: 10:00 AM is 11:00 AM from that night on
            ends_at=clinic.now + timedelta(days=5, hours=1),
            people=[crew["bo"].pk],
            reason=OverrideReason.OTHER,
            now=clinic.now,
        )
    assert "Sun 8 Mar 11:00 AM to Sun 8 Mar 12:00 PM" in text_of(director)
