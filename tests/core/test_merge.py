from __future__ import annotations

import pytest

from flask_cors.core.merge import Field, Lines, merge

A = "https://a.example"
OWN: Lines = (("Access-Control-Allow-Origin", A), ("Vary", "Origin"))
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")


@pytest.mark.parametrize(
    ("present", "anyone", "expected"),
    [
        pytest.param([], False, [*OWN], id="nothing"),
        pytest.param([("X-Other", "a")], False, [("X-Other", "a"), *OWN], id="another-field"),
        pytest.param([CREDENTIALS], False, [CREDENTIALS, *OWN], id="credentials-for-one"),
        pytest.param(
            [CREDENTIALS],
            True,
            [CREDENTIALS, ("Access-Control-Allow-Origin", "*"), OWN[1]],
            id="credentials-for-anyone",
        ),
        pytest.param(
            [("access-control-allow-origin", "*")],
            False,
            [("access-control-allow-origin", "*")],
            id="an-origin-of-its-own",
        ),
    ],
)
def test_the_fields_of_a_decision_are_joined_to_those_of_a_response(
    present: list[Field], anyone: bool, expected: list[Field]
) -> None:
    assert expected == merge(present, OWN, anyone=anyone)


def test_nobody_is_anyone_unless_it_is_said() -> None:
    assert [CREDENTIALS, *OWN] == merge([CREDENTIALS], OWN)


def test_an_origin_is_named_for_anyone_unless_the_response_has_credentials_of_its_own() -> None:
    expected = [("Access-Control-Max-Age", "5"), *OWN]
    assert expected == merge([("Access-Control-Max-Age", "5")], OWN, anyone=True)


def test_no_origin_is_added_that_the_decision_does_not_have() -> None:
    vary: Lines = (("Vary", "Origin"),)
    assert [CREDENTIALS, *vary] == merge([CREDENTIALS], vary, anyone=True)
