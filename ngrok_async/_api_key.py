"""The API key, wrapped so that it shows up nowhere by accident."""

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from inspect import isawaitable
from pathlib import PurePath
from types import MethodType, TracebackType
from typing import Final, NoReturn, TypeAlias, cast

from ngrok_async._tracebacks import forget_locals
from ngrok_async.errors import ConfigurationError

MASK: Final = "***"
# What is copied along, from a header or a file of settings.
_NOT_OF_KEYS: Final = {
    "Bearer ": "pass the key alone, the client writes the header",
    "NGROK_API_KEY=": "pass what comes after it",
}
_NOT_IN_HEADERS: Final = "[^!-~]"
_UNIT: Final = r"\\+|[^\\]"
# A shorter one is no key of ngrok but a word, such as a test's "key" or "ngrok", and taking it out
# would spoil codes, names and messages.
_SCRUBBED_FROM: Final = 8
_NOTHING: Final = "(?!)"

AskForKey: TypeAlias = Callable[[], str] | Callable[[], Awaitable[str]]


class APIKey:
    """An API key that prints, compares and hashes, but never shows or pickles its text."""

    __slots__ = ("_text", "known")

    def __init__(self, text: str) -> None:
        """Check the key's form and keep it.

        Raises:
            ConfigurationError: The key is empty or has a character that no HTTP header may carry.
                The message names the position, never the key.
        """
        text = text.strip()
        if not text:
            raise ConfigurationError(
                "the API key is empty; pass api_key= or set NGROK_API_KEY "
                "(keys are made at https://dashboard.ngrok.com/api-keys)"
            )
        for start, advice in _NOT_OF_KEYS.items():
            if text.upper().startswith(start.upper()):
                del text  # tracebacks print local variables
                raise ConfigurationError(f"the API key begins with {start!r}; {advice}")
        if bad := re.search(_NOT_IN_HEADERS, text):
            position = bad.start()
            del text, bad  # tracebacks print local variables
            raise ConfigurationError(
                f"the API key has a character at position {position} that is not printable "
                "ASCII; check for a line break, a space or a quote that was copied along"
            )
        self._text = text
        self.known: tuple[str, ...] = (text,)

    def reveal(self) -> str:
        """Return the key itself, for the one header that carries it."""
        return self._text

    def scrub(self, text: str) -> str:
        """Replace every occurrence of the key in `text`, if it is at least 8 characters long."""
        return _pattern(self._text).sub(MASK, text)

    def __eq__(self, other: object) -> bool:
        """Compare the keys."""
        return isinstance(other, APIKey) and other._text == self._text

    def __hash__(self) -> int:
        """Hash the key, so that one budget can be kept per account."""
        return hash(self._text)

    def __repr__(self) -> str:
        """Hide the key."""
        return f"APIKey({MASK})"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: both would carry the key along."""
        raise TypeError("an API key is not pickled; create the client again where you need it")


class AskedKey:
    """A key that a function of the caller knows: asked for each attempt, since keys are rotated.

    It is equal to that of the same function, so that one budget can be kept for it.
    """

    __slots__ = ("_ask", "_who")

    known: Final[tuple[str, ...]] = ()

    def __init__(self, ask: AskForKey) -> None:
        """Keep the function; it is not called yet."""
        self._ask = ask
        # Each look at a method makes a new object. Others may be equal to what they are not.
        method = (id(ask.__self__), ask.__func__) if isinstance(ask, MethodType) else None
        self._who: object = method or id(ask)

    async def ask(self) -> APIKey:
        """Return the key of now.

        Raises:
            ConfigurationError: The function failed, or what it returned is no key. Neither that nor
                the text of its error is shown, and the error is not linked: they may hold the key.
        """
        try:
            given = self._ask()
            text: object = await given if isawaitable(given) else given
        except Exception as error:  # noqa: BLE001 # of whatever kind
            reason = f"raised {type(error).__name__}{_where(error)}"
        except BaseException as error:
            forget_locals(error, of_all=True)
            raise
        else:
            if isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
                return APIKey(text)
            reason = f"returned {type(text).__name__}, and not a string"
            del given, text
        raise ConfigurationError(f"the function that was passed as api_key= {reason}")

    def __eq__(self, other: object) -> bool:
        """Compare the functions."""
        return isinstance(other, AskedKey) and other._who == self._who

    def __hash__(self) -> int:
        """Hash the function."""
        return hash(self._who)

    def __repr__(self) -> str:
        """Show that there is one."""
        return "<asked API key>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise TypeError("an API key is not pickled; create the client again where you need it")


def _where(error: BaseException) -> str:
    """Return the place in the caller's code where an error was raised."""
    step = cast("TracebackType", error.__traceback__)
    if step.tb_next is None:
        return ""  # by the call itself, such as that of a function with a parameter
    while step.tb_next is not None:
        step = step.tb_next
    code = step.tb_frame.f_code
    return f" in {code.co_name} ({PurePath(code.co_filename).name}, line {step.tb_lineno})"


class SentKeys:
    """The keys that the attempts of one call have sent, and answers may echo."""

    __slots__ = ("_texts",)

    def __init__(self, key: APIKey | AskedKey) -> None:
        """Begin with the key, if it is known."""
        self._texts = key.known

    def add(self, authorization: str) -> None:
        """Note what the header `Authorization` has, with or without a word in front."""
        text = authorization.partition(" ")[2].strip() or authorization
        if text not in self._texts:
            self._texts = (*self._texts, text)

    def scrub(self, text: str) -> str:
        """Replace every occurrence of one of them in `text`."""
        for key in self._texts:
            text = _pattern(key).sub(MASK, text)
        return text


@lru_cache(maxsize=128)
def _pattern(secret: str) -> re.Pattern[str]:
    units = re.findall(_UNIT, secret) if len(secret) >= _SCRUBBED_FROM else []
    return re.compile("".join(map(_any_form, units)) or _NOTHING, re.IGNORECASE)


def _any_form(unit: str) -> str:
    """Return a pattern for a character of the key, or for backslashes in a row, as others write it.

    Servers and proxies percent-encode what they echo, each in its own way and sometimes twice. JSON
    and `repr` put backslashes before some characters.
    """
    encoded = f"%(?:25)*{ord(unit[0]):02x}"
    if unit[0] == "\\":
        return rf"(?:\\|{encoded})++"
    backslashes = r"\\*+" if unit in "\"'/" else ""
    return f"(?:{backslashes}{re.escape(unit)}|{encoded})"
