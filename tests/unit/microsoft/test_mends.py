"""What the doctor says to do, by what has failed."""

import pytest

from polydex.connectors.microsoft.errors import failure
from polydex.connectors.microsoft.mends import of_failure
from polydex.connectors.microsoft.sts import TABLE, Refusal, failure as refused
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, ProviderForbidden, ProviderUnavailable, TokenDead, TokenRefreshFailed

OF_USER, OF_APPLICATION = Grant("a", "r"), Grant("a", application="example.org")


def graph(status: int, code: str) -> PolydexError:
    body = f'{{"error": {{"code": "{code}", "message": ""}}}}'.encode()
    return failure(status, {}, body, "Microsoft list", 0)


@pytest.mark.parametrize(
    ("error", "grant", "words"),
    [
        (graph(404, "MailboxNotEnabledForRESTAPI"), OF_USER, "licence with Exchange Online"),
        (graph(401, "MailboxNotEnabledForRESTAPI"), OF_APPLICATION, "licence with Exchange Online"),
        (graph(403, "ErrorAccessDenied"), OF_USER, "delegated permissions Contacts.ReadWrite and User.Read"),
        (graph(403, "ErrorAccessDenied"), OF_APPLICATION, "application permission Contacts.ReadWrite"),
        (ProviderForbidden(), OF_APPLICATION, "Test-ServicePrincipalAuthorization"),
    ],
)
def test_what_mends_a_refusal_of_graph(error: PolydexError, grant: Grant, words: str) -> None:
    assert words in of_failure(error, grant)


@pytest.mark.parametrize("error", [ProviderUnavailable(), TokenDead("x"), graph(503, "x"), graph(401, "InvalidToken")])
def test_what_any_provider_may_fail_with_is_left_to_the_doctor(error: PolydexError) -> None:
    assert of_failure(error, OF_USER) == ""


def test_every_number_that_is_the_operator_s_or_the_organisation_s_to_mend_says_where() -> None:
    """But for those of many causes, whose own message says more."""
    numbers = {number for row in TABLE if row.kind is TokenRefreshFailed for number in row.numbers}
    unsaid = {
        number
        for number in numbers
        if not of_failure(refused(Refusal(400, "invalid_grant", numbers=frozenset({number})), {}, 0))
    }
    assert unsaid == {50020, 7000012, 700005, 900023}


def test_a_mend_names_the_command_where_there_is_one_to_give() -> None:
    error = refused(Refusal(400, "invalid_request", numbers=frozenset({9002327})), {}, 0)
    assert of_failure(error).format(again="polydex accounts add microsoft").endswith("polydex accounts add microsoft")
    for number in (7000215, 53003, 50194):
        text = of_failure(refused(Refusal(400, "x", numbers=frozenset({number})), {}, 0))
        assert text.format(again="") == text
