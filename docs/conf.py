"""How Sphinx builds the site: `nox -s docs`."""

import ast
import builtins
import inspect
import re
import sys
import textwrap
import tomllib
import zlib
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
from docutils import nodes
from sphinx.addnodes import desc, desc_signature, pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.util.tags import Tags

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import ngrok_async  # noqa: E402 # from this work tree
from ngrok_async import errors, filters, testing  # noqa: E402 # after the path is set
from ngrok_async._model import Model  # noqa: E402 # after the path is set
from ngrok_async._operation import Operation  # noqa: E402 # after the path is set
from tools.pages import llms, reference  # noqa: E402 # after the path is set

TAGS: Tags = globals()["tags"]  # put there by Sphinx

PROJECT: dict[str, Any] = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))[
    "project"
]
DESCRIPTION: str = PROJECT["description"]

project = "ngrok-async"
author = "ngrok-async contributors"
copyright = author  # noqa: A001 # Sphinx's name
release = version = ngrok_async.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
nitpicky = True
# Type variables have no page, and private classes neither.
nitpick_ignore = {
    *(
        ("py:class", name)
        for name in (
            "T",
            "T_co",
            "B",
            "I",
            "M",
            "P",
            "P.args",
            "P.kwargs",
            "_S",
            "_Timer",
            "CIDR",
            "Action",
            "Released",
            "State",
            "Phase",
            "How",
        )
    ),
    *(("py:obj", f"ngrok_async.{name}") for name in ("_json.Body", "_request.Progress")),
    *((role, "ngrok_async._filters.condition.M") for role in ("py:class", "py:obj")),
    # Of overloads, which Sphinx writes by itself.
    *(("py:class", f"ngrok_async.{name}") for name in ("_id.HasId", "filters._I")),
    *(("py:class", f"ngrok_async.jobs.waiting.{name}") for name in ("M", "Listed", "Filtered")),
    *(("py:class", f"ngrok_async.jobs.{n}") for n in ("lending.Lendable", "ensuring.Ensurable")),
    *(
        ("py:class", f"ngrok_async.jobs.{n}")
        for n in ("watching.T", "_watchable.Watchable", "_watchable.FilteredWatchable")
    ),
    ("py:obj", "multidict._abc.MultiMapping"),
}
default_role = "code"
smartquotes_action = "D"  # dashes: quotation marks stay as they are typed
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
copybutton_exclude = ".linenos, .gp, .go"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
napoleon_use_ivar = True
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"
maximum_signature_line_length = 140  # counted with full names

html_theme = "furo"
html_title = "ngrok-async"
html_baseurl = f"{PROJECT['urls']['Documentation']}/"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#1f5fbf",
        "color-brand-content": "#1f5fbf",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7fb2ff",
        "color-brand-content": "#7fb2ff",
    },
}

# Other projects' pages. The names that we refer to are in names.toml, so that a build needs no
# network; `sphinx-build -t online` takes the projects' own lists and so proves that ours is right.
NAMES = tomllib.loads((HERE / "names.toml").read_text("utf-8"))
INVENTORIES = HERE / "_build" / "inventories"


def inventory(project: str) -> str:
    """Write the names of a project in the form that intersphinx reads."""
    head = f"# Sphinx inventory version 2\n# Project: {project}\n# Version: \n"
    head += "# The remainder of this file is compressed using zlib.\n"
    lines = "".join(
        f"{name} {role} 1 {address} -\n"
        for role, names in NAMES[project]["names"].items()
        for name, address in names.items()
    )
    INVENTORIES.mkdir(parents=True, exist_ok=True)
    path = INVENTORIES / f"{project}.inv"
    path.write_bytes(head.encode() + zlib.compress(lines.encode()))
    return str(path)


intersphinx_mapping = {
    name: (entry["url"], None if TAGS.has("online") else inventory(name))
    for name, entry in NAMES.items()
}


def full_name(name: str, scope: dict[str, Any]) -> str | None:
    """Return where the reference, or another project's, has what `name` is in a module.

    Returns:
        None for what has no page: a type variable, a private helper.
    """
    value = scope.get(name, vars(builtins).get(name))
    if name in ngrok_async.__all__:
        module = "ngrok_async.errors" if name in errors.__all__ else "ngrok_async"
        return f"{module}.{name}"
    if name in {"Any", "Literal", "Self"}:
        return f"typing.{name}"
    if not isinstance(value, type) or name.startswith("_"):
        return ALIASES.get(name)
    if value.__module__.startswith("ngrok_async.resources"):
        return reference.public_name(value)
    if value.__module__ == "builtins":
        return name
    module = value.__module__
    if module.startswith("aiohttp."):  # its documentation has only the short names
        module = "aiohttp"
    return ALIASES.get(name) or f"{module}.{name}"


ALIASES = {
    "HasId": "ngrok_async.Id",
    "Several": "ngrok_async.filters.Several",
    "JSONText": "ngrok_async.JSONText",
    "Nested": "ngrok_async.Nested",
    "Effect": "ngrok_async.Effect",
    "OnEvent": "ngrok_async.OnEvent",
    "URLLike": "ngrok_async.URLLike",
    **{name: f"ngrok_async.filters.{name}" for name in filters.__all__ if name != "Filter"},
    **{name: f"ngrok_async.testing.{name}" for name in testing.__all__},
}


class Linked(ast.NodeTransformer):
    """Annotations as they are written (`Id | None`), with full names that Sphinx shortens again."""

    def __init__(self, scope: dict[str, Any]) -> None:
        """Take the names of the module that the annotation is in."""
        self.scope = scope

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Put the full name, with a tilde so that the last part of it is shown."""
        full = full_name(node.id, self.scope)
        return ast.Name(id=node.id if full is None or full == node.id else f"~{full}")

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Leave `aiohttp.ClientSession` as it is."""
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Read a forward reference; what stands in `Literal` is not visited."""
        if not isinstance(node.value, str):
            return node
        return self.visit(ast.parse(node.value, mode="eval").body)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Keep the values of a `Literal`."""
        if isinstance(node.value, ast.Name) and node.value.id == "Literal":
            return ast.Subscript(value=self.visit(node.value), slice=node.slice)
        return self.generic_visit(node)


def home_of(thing: Any) -> ModuleType:
    """Return the module in which a class or function is written.

    That of a class need not be the one that it names, where callers import it.
    """
    named = sys.modules[thing.__module__]
    if not isinstance(thing, type) or not thing.__module__.startswith("ngrok_async"):
        return named
    ours = [module for name, module in sys.modules.items() if name.startswith("ngrok_async.")]
    written = re.compile(rf"^class {thing.__name__}\b", re.MULTILINE)
    return next(
        (
            module
            for module in (named, *ours)
            if vars(module).get(thing.__name__) is thing and written.search(source_of(module))
        ),
        named,
    )


@cache
def source_of(module: ModuleType) -> str:
    """Return the text of a module."""
    return inspect.getsource(module)


def scope_of(thing: Any) -> dict[str, Any]:
    """Return the names of the module in which a class or function is written."""
    return vars(home_of(thing))


def parsed(thing: Any) -> Any:
    """Return the syntax tree of a class or function."""
    if not isinstance(thing, type):
        return ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    body = ast.parse(source_of(home_of(thing))).body
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    return next(node for node in classes if node.name == thing.__name__)


def signature_as_written(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, signature: str, returns: str
) -> tuple[str | None, str | None] | None:
    """Return the signature from the source; none for classes whose fields are listed."""
    del app, name, options, signature, returns
    if what in {"class", "exception"}:
        thing = vars(thing).get("__init__")
        if "Args:" not in (getattr(thing, "__doc__", None) or ""):  # nobody is meant to call it
            return "", None
    if not inspect.isfunction(thing):
        return None
    thing = inspect.unwrap(thing)
    tree = parsed(thing)
    linked = Linked(scope_of(thing))
    arguments = tree.args
    for part in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.kwarg):
        if part is not None and part.annotation is not None:
            part.annotation = linked.visit(part.annotation)
    if arguments.args and arguments.args[0].arg in {"self", "cls"}:
        del arguments.args[0]
    returned = None if what == "class" or tree.returns is None else linked.visit(tree.returns)
    text = ast.unparse(arguments).removeprefix("/, ")
    return f"({text})", None if returned is None else ast.unparse(returned)


def fields_of(kind: type) -> Iterator[tuple[str, str]]:
    """Return the attributes that a class declares, each with its type in reStructuredText."""
    linked = Linked(scope_of(kind))
    for base in inherited(kind):
        yield from fields_of(base)
    for node in parsed(kind).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            text = ast.unparse(linked.visit(node.annotation))
            yield node.target.id, re.sub(r"~[\w.]+", r"\\ :py:obj:`\g<0>`\\ ", text).strip("\\ ")


def inherited(kind: type) -> list[type]:
    """Return the models whose fields a model has too; not that of all, which has a page."""
    bases = kind.__bases__ if issubclass(kind, Model) and kind is not Model else ()
    return [base for base in bases if base is not Model and issubclass(base, Model)]


def with_inherited(kind: type, lines: list[str]) -> list[str]:
    """Return the docstring of a model with the fields of those that it is made of in front."""
    own = {field[1] for line in lines if (field := re.match(r"    (\w+): ", line))}
    taken: list[str] = []
    for base in inherited(kind):
        text = with_inherited(base, (inspect.getdoc(base) or "").splitlines())
        shown = False
        for line in text[text.index("Attributes:") + 1 :]:
            if field := re.match(r"    (\w+): ", line):
                shown = field[1] not in own
            taken += [line] * (shown and bool(line))
    if not taken:
        return lines
    if "Attributes:" not in lines:
        return [*lines, "", "Attributes:", *taken, ""]
    place = lines.index("Attributes:") + 1
    return [*lines[:place], *taken, *lines[place:]]


def without_emphasis(line: str) -> str:
    """Escape asterisks outside of backticks: in our docstrings they mean themselves."""
    parts = line.split("`")
    return "`".join(p if n % 2 else p.replace("*", r"\*") for n, p in enumerate(parts))


@cache
def names_of(resource: str) -> dict[str, str]:
    """Return what the docstrings of a resource's operations name: others of them, and fields."""
    for path, kind in reference.resources().items():
        full = reference.home_of(path, kind)
        if full == resource:
            return {
                **{name: f"{full}.fields.{name}" for name in reference.filter_fields(kind)},
                **{verb: f"{full}.{verb}" for verb in reference.operations(kind)},
            }
    return {}


def linked_here(line: str, operation: str) -> str:
    """Link the other operations of its resource, and the fields of its filter, in a docstring."""
    resource, _, own = operation.rpartition(".")
    names = names_of(resource)

    def link(found: re.Match[str]) -> str:
        full = names.get(found[1].partition(".")[0])
        # A field is one of the filter's only where a list tells what its filter knows.
        if full is None or full.endswith(f".{own}") or (".fields." in full and own != "list"):
            return found[0]
        return f":py:obj:`{found[1]} <{full}>`"

    return re.sub(r"(?<![`\w:])`([a-z_]+(?:\.id)?)`(?!`)", link, line)


def docstring_for_sphinx(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Turn what is readable in `help()` into what Sphinx shows well; runs before napoleon."""
    del app, options
    types: dict[str, str] = {}
    if what in {"class", "exception"}:
        types = dict(fields_of(thing))
        constructor = inspect.getdoc(vars(thing).get("__init__")) or ""
        if "Args:" in constructor and not attrs.has(thing):
            lines += ["", *constructor[constructor.index("Args:") :].splitlines(), ""]
        lines[:] = with_inherited(thing, lines)
    section = ""
    shown: list[str] = []
    for line in lines:
        if re.fullmatch(r"[A-Z]\w+:", line):
            section = line
        elif line and not line.startswith(" "):
            section = ""
        field = re.match(r"    (\w+): ", line)
        if section == "Attributes:" and field and field[1] in types:
            line = f"    {field[1]} ({types[field[1]]}): {line[field.end() :]}"  # noqa: PLW2901 # the same line, with its type
        if line.startswith("    ") and not section and shown and not shown[-1]:
            shown += [f".. code-block:: {'text' if '─' in ''.join(lines) else 'python'}", ""]
            section = "code"
        shown.append(line if section == "code" else without_emphasis(line))
    operation = getattr(thing, "operation", None)
    if isinstance(operation, Operation):
        shown = [linked_here(line, name) for line in shown]
    # The shapes that modules of edges share have no routes of their own.
    if isinstance(operation, Operation) and not thing.__module__.endswith("._module"):
        shown += ["", f"``{operation.route}``", ""]
    lines[:] = shown


def links() -> Iterator[tuple[str, str]]:
    """Return what is linked wherever a text has it in backticks, and to which name."""
    for name in ngrok_async.__all__:
        if not name.startswith("_"):
            yield name, str(full_name(name, {}))
    for entry in NAMES.values():
        for names in entry["names"].values():
            yield from ((name, name) for name in names if "." in name)
    for name in testing.__all__:
        yield name, f"ngrok_async.testing.{name}"
    yield from links_of_resources()
    for name in ("aclose", "budget", "request", "with_options"):
        yield f"client.{name}", f"ngrok_async.Client.{name}"
        yield f"ngrok.{name}", f"ngrok_async.Client.{name}"


def links_of_resources() -> Iterator[tuple[str, str]]:
    """Return the same for resources, their operations, and the fields of their filters."""
    for path, kind in reference.resources().items():
        full = reference.home_of(path, kind)
        if not path.startswith("edge_modules"):
            yield f"ngrok.{path}", full
        for verb in reference.operations(kind):
            yield f"ngrok.{path}.{verb}", f"{full}.{verb}"
        if fields := reference.filter_fields(kind):
            yield f"ngrok.{path}.fields", f"{full}.fields"
        for field in fields:
            yield f"ngrok.{path}.fields.{field}", f"{full}.fields.{field}"


LINKS = dict(links())


def link_names(app: Sphinx, doctree: nodes.document) -> None:
    """Make links of public names in running text, which stays plain Markdown."""
    del app
    for literal in list(doctree.findall(nodes.literal)):
        target = LINKS.get(literal.astext().removesuffix("()"))
        inside = literal.parent
        if target is None or isinstance(inside, nodes.title | nodes.reference | pending_xref):
            continue
        link = pending_xref(
            "", refdomain="py", reftype="obj", reftarget=target, refexplicit=True, refwarn=True
        )
        inside.replace(literal, link)
        link += literal


def label_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Put the head of its column into each cell of a table with many.

    A telephone has no room for them beside each other: there a row is a list, as `site.css` has it.
    """
    del app
    for group in doctree.findall(nodes.tgroup):
        heads = [entry.astext() for head in group.findall(nodes.thead) for entry in head[0]]
        if len(heads) < MANY_COLUMNS:
            continue
        group.parent["classes"].append("many-columns")
        for row in next(iter(group.findall(nodes.tbody))):
            for head, cell in zip(heads[1:], row[1:], strict=False):
                for paragraph in cell.findall(nodes.paragraph):
                    paragraph.insert(0, nodes.inline("", f"{head}: ", classes=["column"]))
                    break


MANY_COLUMNS = 3


def describe(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Say what a page is about, to search engines and to those who show a link as a card."""
    del app, template
    paragraphs = [] if doctree is None else list(doctree.findall(nodes.paragraph))
    text = next((p.astext() for p in paragraphs if isinstance(p.parent, nodes.section)), "")
    about = textwrap.shorten(text.partition("\n\n")[0], 180, placeholder=" …") or DESCRIPTION
    heading = context.get("title", name)  # an index that Sphinx makes has none
    title = "ngrok-async" if name == "index" else f"{heading} · ngrok-async"
    properties = {
        "og:type": "website",
        "og:site_name": "ngrok-async",
        "og:title": re.sub(r"<[^>]*>", "", title),
        "og:description": about,
        "og:url": f"{html_baseurl}{name}.html",
        "og:image": f"{html_baseurl}_static/card.png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": DESCRIPTION,
    }
    tags = [
        f'<meta property="{name}" content="{escape(text)}" />' for name, text in properties.items()
    ]
    tags += [
        f'<meta name="description" content="{escape(about)}" />',
        '<meta name="twitter:card" content="summary_large_image" />',
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


def show_imports(app: Sphinx, doctree: nodes.document) -> None:
    """Put above each class, function and constant of the reference how it is imported."""
    del app
    for described in list(doctree.findall(desc)):
        signature = next(described.findall(desc_signature))
        name, module = signature.get("fullname"), signature.get("module") or ""
        is_shown = described["objtype"] in {"class", "exception", "function", "data", "type"}
        if not is_shown or "." in str(name) or "._" in module:
            continue
        public = "ngrok_async" if name in ngrok_async.__all__ else module
        line = f"from {public} import {name}"
        described.parent.insert(
            described.parent.index(described),
            nodes.literal_block(line, line, language="python", classes=["import"]),
        )


def write_llms(app: Sphinx, error: Exception | None) -> None:
    """Put the pages as plain Markdown beside the site, and two files that list and join them."""
    if error is None and app.builder.name == "html":
        llms.write(HERE, Path(app.outdir))


def setup(app: Sphinx) -> None:
    """Hook all of it in."""
    reference.write(HERE / "reference")
    for kind in PyObject.doc_field_types:
        if kind.name == "variable":
            kind.label = "Attributes"
    app.connect("autodoc-process-signature", signature_as_written)
    app.connect("autodoc-process-docstring", docstring_for_sphinx, priority=400)
    app.connect("doctree-read", link_names)
    app.connect("doctree-read", show_imports)
    app.connect("doctree-read", label_cells)
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_llms)
