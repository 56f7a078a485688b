"""The API key, wrapped so that it shows up nowhere by accident."""

import re
from typing import Final, NoReturn

from ngrok_async.errors import ConfigurationError

MASK: Final = "***"
_NOT_IN_HEADERS: Final = "[^!-~]"
_UNITS: Final = r"\\+|[^\\]"
# A shorter one is no key of ngrok but a word, such as a test's "key" or "ngrok", and taking it out
# would spoil codes, names and messages.
_SCRUBBED_FROM: Final = 8
_NOTHING: Final = "(?!)"


class APIKey:
    """An API key that prints, compares and hashes, but never shows or pickles its text."""

    __slots__ = ("_pattern", "_text")

    def __init__(self, text: str) -> None:
        """Check the key's form and keep it.

        Raises:
            ConfigurationError: The key is empty or has a character that no HTTP header may carry.
                The message names the position, never the key.
        """
        text = text.strip()
        if not text:
            msg = (
                "the API key is empty; pass api_key= or set NGROK_API_KEY "
                "(keys are made at https://dashboard.ngrok.com/api-keys)"
            )
            raise ConfigurationError(msg)
        if bad := re.search(_NOT_IN_HEADERS, text):
            position = bad.start()
            del text, bad  # tracebacks print local variables
            msg = (
                f"the API key has a character at position {position} that is not printable "
                "ASCII; check for a line break, a space or a quote that was copied along"
            )
            raise ConfigurationError(msg)
        self._text = text
        forms = map(_any_form, re.findall(_UNITS, text) if len(text) >= _SCRUBBED_FROM else ())
        self._pattern = re.compile("".join(forms) or _NOTHING, re.IGNORECASE)

    def reveal(self) -> str:
        """Return the key itself, for the one header that carries it."""
        return self._text

    def scrub(self, text: str) -> str:
        """Replace every occurrence of the key in `text`, if it is at least 8 characters long."""
        return self._pattern.sub(MASK, text)

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
        msg = "an API key is not pickled; create the client again where you need it"
        raise TypeError(msg)


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
