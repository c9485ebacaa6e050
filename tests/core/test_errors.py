from __future__ import annotations

import copy
import pickle
import warnings

import pytest

from flask_cors import ConfigurationError, CORSError, CORSWarning, Problem
from flask_cors.core.errors import Problems, place_of_caller, safe_repr

FIRST = Problem("origin-scheme", "origins", "a.example", "origins: 'a.example' has no scheme")
SECOND = Problem("max-age", "max_age", -1, "max_age: -1 is not a number of seconds")


@pytest.mark.parametrize("base", [CORSError, ValueError])
def test_a_configuration_error_is_caught_as(base: type[Exception]) -> None:
    with pytest.raises(base):
        raise ConfigurationError((FIRST,))


def test_a_configuration_error_carries_its_problems() -> None:
    error = ConfigurationError((FIRST, SECOND))
    assert error.problems == (FIRST, SECOND)
    assert error.problems[0].code == "origin-scheme"
    assert error.problems[0].option == "origins"
    assert error.problems[0].value == "a.example"


def test_one_problem_is_told_in_one_line() -> None:
    assert str(ConfigurationError((FIRST,))) == f"{FIRST.message} [origin-scheme]"


def test_several_problems_are_told_in_a_line_each() -> None:
    assert str(ConfigurationError((FIRST, SECOND))).splitlines() == [
        "2 problems in the CORS configuration:",
        f"  - {FIRST.message} [origin-scheme]",
        f"  - {SECOND.message} [max-age]",
    ]


@pytest.mark.parametrize("remake", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301  (its own bytes)
def test_a_configuration_error_survives_a_copy(remake) -> None:
    assert remake(ConfigurationError((FIRST,))).problems == (FIRST,)


def test_a_warning_is_a_user_warning_with_its_problem() -> None:
    warning = CORSWarning(FIRST)
    assert isinstance(warning, UserWarning)
    assert warning.problem is FIRST
    assert str(warning) == f"{FIRST.message} [origin-scheme]"


def test_a_report_without_problems_raises_nothing() -> None:
    problems = Problems()
    problems.warning(*FIRST)
    assert problems.raise_errors() is None


def test_a_report_raises_each_problem_once_in_the_order_found() -> None:
    problems = Problems()
    for problem in (SECOND, FIRST, SECOND):
        problems.error(*problem)
    with pytest.raises(ConfigurationError) as raised:
        problems.raise_errors()
    assert raised.value.problems == (SECOND, FIRST)


def test_a_report_warns_of_each_doubt_once_and_not_of_those_told() -> None:
    problems = Problems()
    for problem in (SECOND, FIRST, SECOND):
        problems.warning(*problem)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        problems.issue_warnings()
        problems.issue_warnings(already_warned=[SECOND])
    assert [str(warning.message) for warning in caught] == [
        f"{SECOND.message} [max-age]",
        f"{FIRST.message} [origin-scheme]",
        f"{FIRST.message} [origin-scheme]",
    ]
    assert {warning.filename for warning in caught} == {__file__}


def test_each_message_starts_with_the_place_that_the_options_stand_in() -> None:
    problems = Problems("view 'f'")
    problems.error(*FIRST)
    problems.warning(*SECOND)
    assert [problem.message for problem in problems.errors + problems.warnings] == [
        f"view 'f': {FIRST.message}",
        f"view 'f': {SECOND.message}",
    ]


@pytest.mark.parametrize(
    "file", ["app.py", "/srv/shop/app.py", "C:\\shop\\app.py"], ids=["name", "posix", "windows"]
)
def test_a_place_is_told_by_the_name_of_its_file_and_the_line(file: str) -> None:
    code = compile("\n\nplace = place_of_caller()", file, "exec")
    found: dict[str, object] = {"place_of_caller": place_of_caller}
    exec(code, found)  # noqa: S102  (the line above)
    assert found["place"] == "app.py, line 3"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("a", "'a'", id="text"),
        pytest.param("a\r\nb\x1b", r"'a\r\nb\x1b'", id="control-characters"),
        pytest.param("é\u202e", r"'\xe9\u202e'", id="not-ascii"),
        pytest.param(5, "5", id="number"),
        pytest.param("a" * 118, f"'{'a' * 118}'", id="longest"),
    ],
)
def test_a_value_is_shown_escaped(value: object, expected: str) -> None:
    assert safe_repr(value) == expected


@pytest.mark.parametrize("length", [119, 1000])
def test_a_long_value_is_shown_by_its_ends(length: int) -> None:
    value = "a" * (length - 11) + "b" * 11
    assert safe_repr(value) == f"'{'a' * 99}...{'b' * 11}'"


class Unprintable:
    def __repr__(self) -> str:
        raise LookupError


def test_a_value_that_cannot_be_printed_is_told_by_its_type() -> None:
    assert "Unprintable object at" in safe_repr(Unprintable())
