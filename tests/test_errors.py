"""The errors: their tree, their text, and that they get whole to another process."""

import copy
import inspect
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import ngrok_async
from ngrok_async import errors
from ngrok_async.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    FilterError,
    NgrokError,
    NotFoundError,
    NothingFoundError,
    PaginationError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseError,
    ResponseTooLargeError,
    ServerError,
    SeveralFoundError,
    TransportError,
    WaitTimeoutError,
)
from ngrok_async.resources import Ref
from tools.contract import facts

CLASSES: Mapping[str, type[NgrokError]] = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, NgrokError)
}
API_CLASSES = {name: kind for name, kind in CLASSES.items() if issubclass(kind, APIError)}


# The tree


def drawn() -> dict[str, tuple[str | None, str]]:
    """Return the tree in the module's docstring: class, its parent and the text beside it."""
    tree: dict[str, tuple[str | None, str]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r" {4}((?:[│ ]   )*)(?:[├└]── )?(\w+Error)\b(.*)", line):
            depth = 0 if "──" not in line else len(match[1]) // 4 + 1
            del above[depth:]
            tree[match[2]] = (above[-1] if above else None, match[3].strip())
            above.append(match[2])
    return tree


def test_the_tree_is_as_drawn() -> None:
    """The docstring has each class once, under its base class."""
    bases = {
        name: next((base.__name__ for base in kind.__bases__ if base in CLASSES.values()), None)
        for name, kind in CLASSES.items()
    }

    assert bases == {name: parent for name, (parent, _) in drawn().items()}


@pytest.mark.parametrize("name", sorted(API_CLASSES))
def test_statuses_are_as_drawn(name: str) -> None:
    """The statuses beside a class are those that lead to it, from 400 on."""
    told = re.match(r"(\d\d\d(?:, \d\d\d)*|5xx)", drawn()[name][1])
    statuses = [s for s in range(400, 600) if APIError.for_answer(s, None) is API_CLASSES[name]]

    if name == "APIError":
        assert 402 in statuses
        assert told is None
    elif told is None:
        assert [] == statuses
    elif told[1] == "5xx":
        assert list(range(500, 600)) == statuses
    else:
        assert [int(status) for status in told[1].split(", ")] == statuses


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_standard_exceptions_are_as_drawn(name: str) -> None:
    """Where the tree says "also a", `except` of the standard exception catches it."""
    also = re.search(r"\(also a (\w+)\)", drawn()[name][1])
    standard = [b.__name__ for b in CLASSES[name].__bases__ if b.__module__ == "builtins"]

    assert ([also[1]] if also else []) == [base for base in standard if base != "Exception"]


def test_all_of_them_are_public() -> None:
    """Each class is exported, by the module and by the package."""
    assert sorted(errors.__all__) == list(errors.__all__)
    assert set(CLASSES) == set(errors.__all__)
    assert set(CLASSES) <= set(ngrok_async.__all__)
    assert all(getattr(ngrok_async, name) is kind for name, kind in CLASSES.items())


@pytest.mark.parametrize(
    ("error", "standard"),
    [
        (ConfigurationError("m"), ValueError),
        (RequestTimeoutError("m"), TimeoutError),
        (RequestTimeoutError("m"), OSError),
        (NothingFoundError("m"), LookupError),
        (SeveralFoundError("m"), LookupError),
        (WaitTimeoutError("m"), TimeoutError),
    ],
    ids=["a wrong set-up", "a timeout", "a timeout as an OSError", "nothing", "several", "a wait"],
)
def test_standard_exceptions_catch_ours(error: NgrokError, standard: type[Exception]) -> None:
    """Code that knows nothing of this package handles them as it does others."""
    with pytest.raises(standard) as caught:
        raise error
    assert "m" == str(caught.value)


def test_a_wrong_key_tells_where_keys_come_from() -> None:
    """Whoever passed an authtoken, or a key's id, hears that it is none and where to get one."""
    text = str(AuthenticationError("no", status=401, method="GET", path="/tunnels"))

    assert text.startswith("HTTP 401: no on GET /tunnels; ")
    assert "https://dashboard.ngrok.com/api-keys" in text
    assert "authtoken" in text
    assert "access token" in text


# The way from an answer to a class


# What a caller has to do about a family of codes; the HTTP status decides about the others.
FAMILIES: Mapping[str, type[APIError]] = {
    "authentication": AuthenticationError,
    "permission": PermissionDeniedError,
    "ip_restriction": PermissionDeniedError,
    "plan": PermissionDeniedError,
    "filter": FilterError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "rate_limit": RateLimitedError,
    "concurrency_limit": RateLimitedError,
    "maintenance": ServerError,
    "server": ServerError,
}
CODES: Mapping[str, list[str]] = {
    family: [f"ERR_NGROK_{code}" if isinstance(code, int) else code for code in codes]
    for family, codes in facts.load()["error_codes"].items()
}
BY_STATUS: Mapping[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: APIError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    415: BadRequestError,
    422: BadRequestError,
    429: RateLimitedError,
    451: APIError,
    500: ServerError,
    503: ServerError,
    600: ServerError,
}


@pytest.mark.parametrize("family", CODES)
@pytest.mark.parametrize("status", BY_STATUS)
def test_a_code_decides_before_the_status(family: str, status: int) -> None:
    """Each code of the facts leads to the class of its family, whatever the status, or to none."""
    kinds = {APIError.for_answer(status, code) for code in CODES[family]}

    assert {FAMILIES.get(family, BY_STATUS[status])} == kinds


def test_no_code_is_made_up() -> None:
    """What leads to a class is in the facts, and in one family."""
    known = [code for family in FAMILIES for code in CODES[family]]

    assert sorted(known) == sorted(str(code) for code in errors.CLASSES_BY_CODE)
    assert set(FAMILIES) < set(CODES)


@pytest.mark.parametrize("status", BY_STATUS)
@pytest.mark.parametrize(
    "code", [None, "", "ERR_NGROK_404", "ERR_NGROK_429", "ERR_NGROK_251", "err_ngrok_413", "413"]
)
def test_the_status_decides_where_no_code_does(status: int, code: str | None) -> None:
    """Codes that nobody knows, or that only look like a status, tell nothing."""
    assert BY_STATUS[status] is APIError.for_answer(status, code)


def test_what_is_taken_is_also_a_bad_request() -> None:
    """It comes with status 400, so who catches bad requests goes on catching it."""
    assert issubclass(ConflictError, BadRequestError)


def test_the_page_has_the_same_codes() -> None:
    """Each row of the page's table leads where it says, and no code is missing."""
    page = (Path(__file__).parents[1] / "docs" / "errors.md").read_text("utf-8")
    known = {code for codes in CODES.values() for code in codes}
    told: dict[str, str] = {}
    for text, kind in re.findall(r"^\| [^|]* \| ([^|]*) \| ([^|]*) \|$", page, re.MULTILINE):
        if not re.search(r"\d{3}", text) or not re.fullmatch(r"`\w+`|by status", kind):
            continue
        codes = {"invalid_cel_expression"} & set(re.findall(r"\w+", text))
        for first, last in re.findall(r"\b(\d{3,5})(?: to (\d{3,5}))?", text):
            numbers = range(int(first), int(last or first) + 1)
            codes |= known & {f"ERR_NGROK_{number}" for number in numbers}
            assert f"ERR_NGROK_{first}" in codes
            assert not last or f"ERR_NGROK_{last}" in codes
        told.update((code, kind.strip("`")) for code in codes)

    classes = {str(code): kind.__name__ for code, kind in errors.CLASSES_BY_CODE.items()}
    assert classes == {code: kind for code, kind in told.items() if kind != "by status"}


def test_a_subclass_stays_at_least_itself() -> None:
    """Asked for by a subclass, the answer is never a stranger to it."""
    assert FilterError is BadRequestError.for_answer(400, "ERR_NGROK_250")
    assert NotFoundError is NotFoundError.for_answer(500, None)


# The text


TEXTS: Mapping[str, tuple[NgrokError, str]] = {
    "just a message": (NgrokError("no"), "no"),
    "with a request": (ConnectError("no", method="GET", path="/x"), "no on GET /x"),
    "one attempt": (ConnectError("no", method="GET", path="/x", attempts=1), "no on GET /x"),
    "several attempts": (
        ConnectionLostError("no", method="PUT", path="/x", attempts=3, maybe_applied=True),
        "no on PUT /x after 3 attempts; it may have been applied",
    ),
    "with an operation": (
        ResponseError("HTTP 200: no", status=200, operation_id="op_1", method="GET", path="/x"),
        "HTTP 200: no (operation op_1) on GET /x",
    ),
    "of the API": (APIError("no", status=418), "HTTP 418: no"),
    "with a code": (NotFoundError("no", status=404, code="E_1"), "HTTP 404: no [E_1]"),
    "with everything": (
        NotFoundError(
            "Not here.",
            status=404,
            code="ERR_NGROK_404",
            operation_id="op_1",
            method="DELETE",
            path="/x/1",
            attempts=2,
            maybe_applied=True,
        ),
        (
            "HTTP 404: Not here. [ERR_NGROK_404] (operation op_1) on DELETE /x/1 after 2 attempts; "
            "it may have been applied"
        ),
    ),
    "of a page": (PaginationError("bad link", method="GET", path="/x"), "bad link on GET /x"),
}


@pytest.mark.parametrize(("error", "text"), TEXTS.values(), ids=TEXTS)
def test_the_text_hands_over_what_is_known(error: NgrokError, text: str) -> None:
    """What failed, its code and operation, the request, the attempts and what may have happened."""
    assert text == str(error)


def test_a_spent_budget_is_in_the_text() -> None:
    """Who wonders why there was no further attempt reads it."""
    error = ServerError("down", status=503, method="GET", path="/x")
    error.retry_budget_exhausted = True

    assert "HTTP 503: down on GET /x; the retry budget is spent" == str(error)


@pytest.mark.parametrize(
    ("code", "url"),
    [
        ("ERR_NGROK_226", "https://ngrok.com/docs/errors/err_ngrok_226"),
        ("invalid_cel_expression", None),
        ("ERR_NGROK_", None),
        ("ERR_NGROK_226/../..", None),
        ("ERR_NGROK_226\n", None),
        (None, None),
    ],
)
def test_a_code_leads_to_its_page(code: str | None, url: str | None) -> None:
    """Codes that ngrok documents have an address, others do not."""
    assert url == APIError("m", status=400, code=code).docs_url


def test_the_defaults_say_that_nothing_is_known() -> None:
    """Without facts: no request, no attempt, no operation, nothing applied."""
    bare = NgrokError("m")
    api = APIError("m", status=500)

    assert (None, None, 0, False) == (bare.method, bare.path, bare.attempts, bare.maybe_applied)
    assert (None, False, None) == (bare.operation_id, bare.retry_budget_exhausted, bare.cursor)
    assert (1, None, {}) == (api.attempts, api.code, api.details)
    unusable, page = ResponseError("m", status=200), PaginationError("m", cursor="ip_1")
    assert (200, 1, False) == (unusable.status, unusable.attempts, unusable.maybe_applied)
    assert ("ip_1", 1, None) == (page.cursor, page.attempts, PaginationError("m").cursor)
    assert RateLimitedError("m", status=429).retry_after is None
    assert ConnectError("m").permanent is False


def test_details_are_a_copy() -> None:
    """What the caller does to its mapping later is not in the error, nor the other way round."""
    given = {"a": "b"}
    error = APIError("m", status=400, details=given)
    given["a"] = "c"

    assert {"a": "b"} == error.details


# To another process and back


class OwnError(NotFoundError):
    """A subclass of somebody else, with a signature of its own."""

    def __init__(self, thing: str) -> None:
        """Make the message."""
        super().__init__(f"no {thing}", status=404)
        self.thing = thing


def full(error: NgrokError) -> NgrokError:
    """Set the attributes that no signature has, to other values than their defaults."""
    error.retry_budget_exhausted = True
    error.maybe_applied = True
    error.cursor = "ip_1"
    error.add_note("a note")
    if isinstance(error, RateLimitedError):
        error.retry_after = 2.5
    error.released = (Ref(id="ts_1"),)
    if isinstance(error, ConnectError):
        error.permanent = True
    return error


# What the constructors of single classes take beside the facts that all have.
OWN: Mapping[str, Mapping[str, object]] = {
    "CameBackError": {"session": Ref(id="ts_2")},
    "CannotStopError": {"id": "ts_1", "credential": "cr_1"},
    "JobError": {"released": (Ref(id="ts_1"),)},
    "LeftOverError": {"id": "ip_1", "candidates": (Ref(id="ip_2"), Ref(id="ip_1"))},
    "LockedOutError": {"plan": "+ deny", "addresses": ("192.0.2.1",)},
    "OtherURLsError": {"urls": ("https://a.example",)},
    "PlanOutdatedError": {"plan": "+ deny", "changes": ("- allow 192.0.2.0/24",)},
    "RolloutFailedError": {"report": {"failed": 1}},
    "SeveralFoundError": {"items": (Ref(id="ts_2"), Ref(id="ts_1"))},
    "WaitTimeoutError": {"last": Ref(id="ts_1"), "looks": 3, "released": (Ref(id="ts_0"),)},
}


def example(kind: type[NgrokError]) -> NgrokError:
    """Return an error of a class with all of its facts."""
    if issubclass(kind, PaginationError):
        return full(kind("é", cursor="ip_1", method="GET", path="/x"))
    facts = {"method": "GET", "path": "/x", "attempts": 3, "operation_id": "op_1"}
    if issubclass(kind, APIError):
        return full(kind("é", status=404, code="E", details={"a": "b"}, **facts))  # type: ignore[arg-type]
    if issubclass(kind, ResponseError):
        return full(kind("é", status=200, **facts))  # type: ignore[arg-type]
    return full(kind("é", **facts, **OWN.get(kind.__name__, {})))  # type: ignore[arg-type]


EXAMPLES = [*(example(kind) for kind in CLASSES.values()), full(OwnError("cat"))]
COPIES: Mapping[str, Callable[[NgrokError], NgrokError]] = {
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda error, p=protocol: pickle.loads(pickle.dumps(error, p))  # noqa: S301
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_an_error_survives_with_every_attribute(
    error: NgrokError, copied: Callable[[NgrokError], NgrokError]
) -> None:
    """Process pools and task queues hand on the same class, text, attributes and notes."""
    other = copied(error)

    assert other is not error
    assert type(error) is type(other)
    assert vars(error) == vars(other)
    assert error.args == other.args
    assert (str(error), repr(error)) == (str(other), repr(other))
    assert ["a note"] == other.__notes__


@pytest.mark.parametrize("name", OWN)
def test_what_is_said_beside_the_message_is_kept(name: str) -> None:
    """Each keyword of a class is an attribute of it; collections are tuples."""
    made = CLASSES[name]("m", attempts=2, **OWN[name])  # type: ignore[arg-type]
    lists = {k: list(v) for k, v in OWN[name].items() if isinstance(v, tuple)}

    assert OWN[name] == {keyword: getattr(made, keyword) for keyword in OWN[name]}
    assert ("m", 2) == (made.message, made.attempts)
    assert vars(CLASSES[name]("m", attempts=2, **{**OWN[name], **lists})) == vars(made)  # type: ignore[arg-type]
    bare = CLASSES[name]("m")
    assert {None, (), 0} >= {getattr(bare, keyword) for keyword in OWN[name]}


def test_only_errors_of_jobs_have_released_something() -> None:
    """Other errors end a release as well, so it can be asked of all of them."""
    assert () == NgrokError("m").released == APIError("m", status=500).released


def test_a_deep_copy_shares_nothing() -> None:
    """The details of a deep copy are its own."""
    error = APIError("m", status=400, details={"a": "b"})
    other = copy.deepcopy(error)
    assert isinstance(other.details, dict)
    other.details["a"] = "c"

    assert {"a": "b"} == error.details


def test_every_class_has_an_example() -> None:
    """The list above cannot miss a class, since a new one may not pickle."""
    assert {ClientClosedError, TransportError, ResponseTooLargeError} < {type(e) for e in EXAMPLES}
    assert set(CLASSES.values()) == {type(error) for error in EXAMPLES} - {OwnError}
