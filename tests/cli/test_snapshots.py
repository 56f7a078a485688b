"""What `export` and `diff` are made of."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async import Client
from ngrok_async._operation import operations
from ngrok_async.cli._account.differences import changes, lines, not_compared, title_of
from ngrok_async.cli._account.files import MANIFEST, ExportError, Layout, as_text, read, write
from ngrok_async.cli._account.snapshots import LIVE, Snapshot, taken
from ngrok_async.cli._jobs._lists import LISTS
from ngrok_async.testing import FakeNgrok
from tools.contract.declared import resources


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake with two agents and no limit."""
    async with FakeNgrok(agents=2, limit=None) as fake:
        yield fake


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client of the fake, without retries and waits."""
    async with Client(fake.api_key, base_url=fake.url, limiter=None, retry=None) as ngrok:
        yield ngrok


def snapshot(**kinds: dict[str, dict[str, Any]]) -> Snapshot:
    """Return a snapshot of these items."""
    return Snapshot({
        kind: {id_: {"id": id_, **item} for id_, item in items.items()}
        for kind, items in kinds.items()
    })  # fmt: skip


def written_in(directory: Path) -> dict[Path, int]:
    """Return what lies in a directory, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in directory.rglob("*.json")}


def test_the_lists_are_all_that_there_are() -> None:
    """A list that the package begins to declare is exported too."""
    lists = [n for n, resource in resources().items() if "list" in operations(resource)]

    assert {*lists} == {*LISTS.values(), "event_sources"}  # these are part of subscriptions


async def test_every_kind_is_taken(fake: FakeNgrok, ngrok: Client) -> None:
    """Each list is asked once, and what it has is there by its id."""
    policy = await ngrok.ip_policies.create(description="office")
    await ngrok.ip_policy_rules.create(cidr="10.0.0.0/8", ip_policy_id=policy, action="allow")
    fake.requests.clear()

    found = await taken(ngrok, LISTS)

    assert {*LISTS} == {*found.kinds}
    assert len(LISTS) == len(fake.requests)
    assert "office" == found.kinds["ip-policies"][policy.id]["description"]
    assert 2 == len(found.kinds["tunnel-sessions"]) == len(found.kinds["endpoints"])
    assert {*LIVE} <= {*LISTS.values()}


async def test_no_secret_is_taken(fake: FakeNgrok, ngrok: Client) -> None:
    """Neither one that this package knows, nor one that ngrok may begin to send in a list."""
    fake.add("/api_keys", token="s3cret")
    fake.add("/credentials", token="s3cret")
    vault = await ngrok.vaults.create(name="prod")
    secret = (await ngrok.secrets.create(name="pin", value="s3cret", vault_id=vault.id)).id
    body = (await ngrok.request("GET", "/vault_secrets"))["secrets"]
    deep = [{"client_secret": "s3cret", "kept": 1, "token": {"id": "tok_1"}}]
    body[0] |= {"value": "s3cret", "deep": deep}
    kinds = ("api_keys", "credentials", "secrets")
    fake.fail(200, route="GET /vault_secrets", body=json.dumps({"secrets": body}).encode())

    found = await taken(ngrok, {kind: kind for kind in kinds})

    assert 1 == len(found.kinds["api_keys"]) == len(found.kinds["credentials"])
    assert "s3cret" not in str(found)
    assert [{"kept": 1, "token": {"id": "tok_1"}}] == found.kinds["secrets"][secret]["deep"]


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [(403, "ERR_NGROK_4018", "ERR_NGROK_4018"), (404, None, "HTTP 404")],
    ids=["forbidden", "unknown"],
)
async def test_a_kind_that_is_refused_stops_nothing(
    fake: FakeNgrok, ngrok: Client, status: int, code: str | None, why: str
) -> None:
    """A key without the right to one kind can export the others, and is told which lacks."""
    fake.fail(status, code=code, route="GET /vaults")

    found = await taken(ngrok, {"vaults": "vaults", "api-keys": "api_keys"})

    assert {"vaults": why} == found.refused
    assert ["api-keys"] == [*found.kinds]


@pytest.mark.parametrize("layout", ["item", "kind"])
async def test_what_is_written_is_read(ngrok: Client, tmp_path: Path, layout: Layout) -> None:
    """Either layout has everything, and the other one replaces it without a rest."""
    await ngrok.ip_policies.create(
        description="office", metadata="\u202egnp.exe\x1b[2J\x7f \U0001f600"
    )
    found = await taken(ngrok, LISTS)
    write(tmp_path, found, "kind" if layout == "item" else "item")

    write(tmp_path, found, layout)

    assert found.kinds == read(tmp_path).kinds
    assert [] == [*changes(found, read(tmp_path))]
    assert all(path.parent == tmp_path or layout == "item" for path in written_in(tmp_path))


async def test_the_same_is_the_same_bytes(ngrok: Client, tmp_path: Path) -> None:
    """A second export writes no file, so that git and those who watch files see nothing."""
    first = write(tmp_path, await taken(ngrok, LISTS), "item")
    before = written_in(tmp_path)

    second = write(tmp_path, await taken(ngrok, LISTS), "item")

    assert first[0] == len(before)
    assert (0, 0) == second
    assert before == written_in(tmp_path)


def test_what_is_gone_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    """Files of an earlier export go with their items; what others put there stays."""
    write(tmp_path, snapshot(vaults={"v_1": {}, "v_2": {}}, tunnels={"tn_1": {}}), "item")
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "vaults" / "notes.txt").write_text("mine")
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "o.json").write_text("{}")

    written, gone = write(tmp_path, snapshot(vaults={"v_2": {}, "v_3": {}}), "item")

    assert (2, 2) == (written, gone)  # v_3 and the manifest; v_1 and tn_1
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {
        "README.md",
        MANIFEST,
        "others",
        "others/o.json",
        "vaults",
        "vaults/notes.txt",
        "vaults/v_2.json",
        "vaults/v_3.json",
    } == names


def test_a_kind_that_is_refused_now_keeps_its_files(tmp_path: Path) -> None:
    """That a key may not read something does not mean that it is gone."""
    write(tmp_path, snapshot(vaults={"v_1": {}}, tunnels={"tn_1": {}}), "item")

    write(tmp_path, Snapshot({"tunnels": {}}, {"vaults": "ERR_NGROK_4018"}), "item")

    assert {"vaults": {"v_1": {"id": "v_1"}}, "tunnels": {}} == read(tmp_path).kinds
    assert {"vaults": "ERR_NGROK_4018"} == read(tmp_path).refused


def test_an_id_leads_nowhere_else(tmp_path: Path) -> None:
    """Whatever is answered for an id, its file lies in the directory of its kind."""
    ids = {name: {} for name in ("../../up", "/abs", "..", "a\0b", "a\\b", "c:d", "ü")}

    write(tmp_path / "export", snapshot(vaults=ids), "item")

    assert {*ids} == {*read(tmp_path / "export").kinds["vaults"]}
    assert {tmp_path / "export" / "vaults"} == {
        path.parent for path in tmp_path.rglob("*.json") if path.name != MANIFEST
    }


def _without_manifest(path: Path) -> None:
    (path / MANIFEST).unlink()


def _with(name: str, text: str) -> Callable[[Path], None]:
    def put(path: Path) -> None:
        (path / name).write_text(text)

    return put


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (_without_manifest, f"has no {MANIFEST}"),
        (_with(MANIFEST, "<<<<<<< HEAD"), "no JSON"),
        (_with(MANIFEST, "[" * 100_000), "no JSON"),
        (_with(MANIFEST, "[]"), "not what"),
        (_with(MANIFEST, '{"format": 2, "kinds": [], "refused": {}}'), "this version"),
        (_with(MANIFEST, '{"format": 1, "kinds": ["../x"], "refused": {}}'), "'../x' is no kind"),
        (_with(MANIFEST, '{"format": 1, "kinds": [1], "refused": {}}'), "1 is no kind"),
        (_with("vaults/v_1.json", "{"), "v_1.json: this is no JSON"),
        (_with("vaults/v_1.json", "[1]"), "v_1.json: this is no item"),
        (_with("vaults/v_1.json", '{"id": 1}'), "v_1.json: this is no item"),
    ],
    ids=["none", "conflict", "deep", "list", "newer", "path", "number", "half", "scalar", "no id"],
)
def test_what_is_no_export_is_said(
    tmp_path: Path, broken: Callable[[Path], None], why: str
) -> None:
    """The message names the file, for instance the one with the conflict of a merge in it."""
    write(tmp_path, snapshot(vaults={"v_1": {}}), "item")
    broken(tmp_path)

    with pytest.raises(ExportError) as caught:
        read(tmp_path)

    assert why in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False) | st.none()))
def test_a_file_has_nothing_but_printable_lines(value: dict[str, Any]) -> None:
    """`git diff` shows them in a terminal, and they come from whoever names an agent."""
    text = as_text(value)

    assert all(line.isprintable() for line in text.split("\n"))
    assert value == json.loads(text)


def test_changes_are_told_by_kind_and_id() -> None:
    """What came, what went, and which fields differ; where something is reached is no change."""
    before = snapshot(
        vaults={"v_1": {"name": "a"}, "v_2": {"name": "b", "uri": "http://x/v_2"}},
        tunnels={"tn_1": {}},
    )
    after = snapshot(
        vaults={
            "v_2": {"name": "b", "uri": "https://y/v_2"},
            "v_3": {"metadata": '{"name": "till"}'},
        },
        endpoints={},
    )

    assert ["- vaults v_1 a", "+ vaults v_3 till"] == [
        line for change in changes(before, after) for line in lines(change)
    ]
    assert ["endpoints", "tunnels"] == not_compared(before, after)


def test_fields_are_told_by_their_paths() -> None:
    """Long texts line by line, others as they were and are; 1 is not true."""
    old = {
        "name": "shop",
        "on": 1,
        "policy": "a\nb\nc",
        "ref": {"id": "x_1", "uri": "http://x"},
        "list": [{"id": "y", "uri": "http://x"}],
        "gone": None,
    }
    new = {
        "name": "shop",
        "on": True,
        "policy": "a\nB\nc",
        "ref": {"id": "x_2", "uri": "https://y"},
        "list": [{"id": "y", "uri": "https://y"}],
        "more": ["é"],
    }
    (change,) = changes(snapshot(vaults={"v": old}), snapshot(vaults={"v": new}))

    assert [
        "~ vaults v shop",
        '    more: nothing -> ["é"]',
        "    on: 1 -> true",
        "    policy:",
        "      -b",
        "      +B",
        '    ref.id: "x_1" -> "x_2"',
    ] == [*lines(change)]
    assert {
        "change": "changed",
        "kind": "vaults",
        "id": "v",
        "title": "shop",
        "fields": {
            "more": {"before": None, "after": ["é"]},
            "on": {"before": 1, "after": True},
            "policy": {"before": "a\nb\nc", "after": "a\nB\nc"},
            "ref.id": {"before": "x_1", "after": "x_2"},
        },
    } == change.to_dict()


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ({"url": "", "domain": "x.example.com", "description": "d"}, "x.example.com"),
        ({"metadata": "till"}, "till"),
        ({"name": 1, "metadata": {}}, ""),
        ({}, ""),
    ],
    ids=["first", "metadata", "wrong types", "none"],
)
def test_titles(item: dict[str, Any], title: str) -> None:
    """What people know an item by."""
    assert title == title_of(item)
