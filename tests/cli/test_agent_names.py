"""What an agent is called."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async.cli._agent_names import name_of


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ("", ""),
        ("  store 7\n", "store 7"),
        ('{"name": "till"}', "till"),
        ('{"version": "2", "Name": " till "}', "till"),
        ('{"hostname": "pi-3", "name": ""}', "pi-3"),
        ('{"site": "berlin", "host": "pi-3"}', "pi-3"),
        ('{"device": {"name": "till"}, "env": "prod"}', "till"),
        ('{"env": "prod", "more": [{"site": 12}]}', "12"),
        ('{"env": "prod"}', "prod"),
        ('{"env": true, "list": [1, 2]}', '{"env": true, "list": [1, 2]}'),
        ('"till"', "till"),
        ('["till"]', '["till"]'),
        ("[]", "[]"),
        ("{}", "{}"),
        ("{no json", "{no json"),
        ("[" * 4000, "[" * 4000),
        ('{"a": ' * 600 + "1" + "}" * 600, "1"),
        ('{"n": ' + "9" * 4090 + "}", "9" * 4090),
    ],
    ids=lambda value: value[:20],
)
def test_names(metadata: str, name: str) -> None:
    """The likeliest text of an object is the name, the outermost first; else the text itself."""
    assert name == name_of(metadata)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_metadata_has_a_name(value: object) -> None:
    """Whatever somebody writes into their metadata, it is a text, and none stops the table."""
    assert isinstance(name_of(json.dumps(value)), str)
