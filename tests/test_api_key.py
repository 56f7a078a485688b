"""The API key: checked, scrubbed from texts, and shown by nothing."""

import copy
import json
import pickle
import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ngrok_async import _api_key
from ngrok_async._api_key import APIKey
from ngrok_async.errors import ConfigurationError

TEXT = "2fTZ5k0bVxYp_7hQwE9rT6yUiO3pAsD"
# All that an HTTP header may carry, but for the asterisk of the mask. The equals sign is left out
# where a key begins: "NGROK_API_KEY=" in front of one is refused.
keys = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="*"), min_size=12
).filter(lambda key: "=" not in key[:14])


@pytest.mark.parametrize("text", [TEXT, f" {TEXT}", f"{TEXT}\n", f"\r\n\t{TEXT} \n"], ids=repr)
def test_a_key_is_kept_without_the_space_around_it(text: str) -> None:
    """Keys come out of files and clipboards, with a line break at their end."""
    assert TEXT == APIKey(text).reveal()


@pytest.mark.parametrize("text", ["", " ", "\n\t"], ids=repr)
def test_an_empty_key_says_where_to_get_one(text: str) -> None:
    """The message names the argument, the variable and the page for new keys."""
    with pytest.raises(ConfigurationError, match=r"empty; pass api_key= or set NGROK_API_KEY"):
        APIKey(text)


@pytest.mark.parametrize(
    "character",
    [
        "\n",
        "\r",
        "\r\nHost: evil",
        "\x00",
        "\x7f",
        " ",
        "\t",
        "\xa0",
        "é",
        "\u201c",
        "😀",
        "\ud800",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("position", [1, 12, len(TEXT) - 1])
def test_a_key_that_no_header_can_carry_is_refused(character: str, position: int) -> None:
    """The message has the place of the bad character and no part of the key."""
    text = TEXT[:position] + character + TEXT[position:]
    with pytest.raises(ConfigurationError) as caught:
        APIKey(text)

    assert isinstance(caught.value, ValueError)
    assert f"at position {position} that is not printable ASCII" in str(caught.value)
    formatted = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in formatted.stack if Path(frame.filename) == Path(_api_key.__file__)]
    shown = [str(caught.value), repr(caught.value), *(repr(frame.locals) for frame in ours)]
    assert ours
    assert not [text for text in shown if TEXT[:position] in text.replace(str(position), "")]
    assert not [text for text in shown if TEXT[position:] in text]


SHOWN: Mapping[str, Callable[[APIKey], str]] = {
    "repr": repr,
    "str": str,
    "format": format,
    "f-string": lambda key: f"{key} {key!r} {key!s:>40} {key!a}",
    "percent": lambda key: "%s %r" % (key, key),  # noqa: UP031 # logging does this
    "in a list": lambda key: f"{[key]} {(key,)} { {'key': key} }",
    "bound method": lambda key: repr(key.scrub),
    "dir": lambda key: repr(dir(key)),
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_a_key_shows_a_mask(shown: Callable[[APIKey], str]) -> None:
    """No way of making a text of it gives the key away."""
    text = shown(APIKey(TEXT))

    assert TEXT not in text
    if "APIKey" in text:
        assert "APIKey(***)" in text


def test_a_key_has_no_dictionary() -> None:
    """`vars()` is what error reporters look at; there is nothing to see."""
    with pytest.raises(TypeError):
        vars(APIKey(TEXT))


LEAVING: Mapping[str, Callable[[APIKey], object]] = {
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda key, p=protocol: pickle.dumps(key, p)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_a_key_is_not_carried_elsewhere(leave: Callable[[APIKey], object]) -> None:
    """Pickles end in files and queues: the key refuses, and says what to do."""
    with pytest.raises(TypeError, match="create the client again") as caught:
        leave(APIKey(TEXT))
    assert TEXT not in str(caught.value)


def test_keys_are_compared_by_their_text() -> None:
    """All clients of one account share a budget, which is found by the key."""
    key, same, other = APIKey(TEXT), APIKey(f"{TEXT}\n"), APIKey(TEXT.lower())

    assert key == same
    assert hash(key) == hash(same)
    assert key != other
    assert key != TEXT


FORMS: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "swapped case": str.swapcase,
    "percent-encoded": lambda key: quote(key, safe=""),
    "percent-encoded as a path": quote,
    "percent-encoded twice": lambda key: quote(quote(key, safe=""), safe=""),
    "every character encoded": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "every second one encoded": lambda key: "".join(
        c if i % 2 else f"%{ord(c):02x}" for i, c in enumerate(key)
    ),
    "in JSON": json.dumps,
    "in JSON in JSON": lambda key: json.dumps(json.dumps(key)),
    "in JSON with escaped slashes": lambda key: json.dumps(key).replace("/", "\\/"),
    "in a repr": repr,
    "in a repr of JSON": lambda key: repr(json.dumps(key)),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@settings(max_examples=25)
@given(
    key=keys,
    before=st.text(st.characters(exclude_characters="%\\"), max_size=20),
    after=st.text(st.characters(exclude_characters="\\"), max_size=20),
)
@example(key=TEXT, before="", after="")
@example(key="""'a"b\\c\\\\d/e%f'%27+&""", before="(", after=")")
def test_scrubbing_leaves_no_form_of_the_key(
    form: Callable[[str], str], key: str, before: str, after: str
) -> None:
    """In any case, percent-encoded or escaped: the mask is there, the rest stays."""
    echoed = form(key)
    scrubbed = APIKey(key).scrub(f"{before}\n{echoed}\n{after}")

    assert "***" in scrubbed
    assert key.lower() not in scrubbed.lower()
    assert key.lower() not in unquote(unquote(scrubbed)).lower()
    # At most quotes of the JSON or repr around it are left.
    assert len(scrubbed) <= len(before) + len(after) + len("\n***\n") + 8


def test_scrubbing_leaves_other_texts_alone() -> None:
    """A message without the key is the server's own, character by character."""
    text = f"100 % of {TEXT[:-1]} and \\\\ %20 *** stay"

    assert text == APIKey(TEXT).scrub(text)


def test_scrubbing_takes_out_every_occurrence() -> None:
    """The key may be echoed more than once, also back to back."""
    assert "a *** b ******" == APIKey(TEXT).scrub(f"a {TEXT} b {TEXT}{TEXT.lower()}")


@pytest.mark.parametrize("length", range(1, 12))
def test_a_word_is_not_scrubbed_for(length: int) -> None:
    """Below 8 characters it is no key of ngrok, and codes and messages have it by chance."""
    key = "ngrok_async"[:length]

    assert (f"ERR_{key}_1" if length < 8 else "ERR_***_1") == APIKey(key).scrub(f"ERR_{key}_1")


@pytest.mark.parametrize("unit", ["\\", "%25", "%", "'", TEXT[:-1], TEXT[1:]], ids=ascii)
def test_scrubbing_is_not_fooled_by_what_nearly_is_the_key(unit: str) -> None:
    """Half a key, escapes and percent signs in a row are a text like any other."""
    key = APIKey("\\'%" + TEXT)
    text = unit * 100

    assert text == key.scrub(text)


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ("Bearer 2hidden", "begins with 'Bearer '; pass the key alone"),
        (" bearer 2hidden", "begins with 'Bearer '"),
        ("NGROK_API_KEY=2hidden", "begins with 'NGROK_API_KEY='; pass what comes after it"),
    ],
)
def test_what_is_copied_along_is_named(wrong: str, advice: str) -> None:
    """A header or a file of settings has more than the key; the key is not shown."""
    with pytest.raises(ConfigurationError, match=re.escape(advice)) as caught:
        APIKey(wrong)

    assert "hidden" not in str(caught.value)
