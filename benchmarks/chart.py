"""Draws curves as SVG: two rows of panels with logarithmic axes, time above and memory below."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs

_WIDTH, _HEIGHT = 250, 190  # of what is inside a panel's axes
_LEFT, _TOP, _GAP_X, _GAP_Y = 78, 64, 84, 66
_BLUE, _ORANGE, _INK, _GREY, _GRID = "#2364aa", "#c2410c", "#24292f", "#8c959f", "#e4e8ec"


@attrs.frozen
class Point:
    """What a size took.

    Attributes:
        size: How many.
        seconds: CPU time.
        without_gc: CPU time with Python's garbage collector switched off.
        bytes: Peak memory above that of the idle process.
    """

    size: int
    seconds: float
    without_gc: float
    bytes: int


@attrs.frozen
class Panel:
    """One thing that grows.

    Attributes:
        title: Stands below the axis.
        large: The size from which on a straight line is drawn for comparison.
        points: By ascending size.
    """

    title: str
    large: int
    points: Sequence[Point]


@attrs.frozen
class _Row:
    """What the upper or the lower panels show of a point.

    Attributes:
        title: Stands above the axis.
        lines: What to read of a point, and the colour for it; the first one is the main one.
        units: Names of amounts from so much on.
        in_proportion: Whether to draw the straight line through the last of `lines`.
    """

    title: str
    lines: Sequence[tuple[Callable[[Point], float], str]]
    units: Sequence[tuple[float, str]]
    in_proportion: bool


_ROWS: Final = (
    _Row(
        "CPU time",
        [(lambda p: p.seconds, _BLUE), (lambda p: p.without_gc, _ORANGE)],
        [(1, "s"), (1e-3, "ms"), (1e-6, "us")],
        in_proportion=True,
    ),
    _Row(
        "peak memory above idle",
        [(lambda p: max(p.bytes, 4096), _BLUE)],  # a page: less cannot be seen
        [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")],
        in_proportion=False,
    ),
)


@attrs.frozen
class _Axis:
    """A logarithmic axis from one power of ten to another."""

    low: int
    high: int
    length: float

    @classmethod
    def over(cls, values: Sequence[float], length: float) -> "_Axis":
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(low, max(high, low + 1), length)

    def at(self, value: float) -> float:
        return (math.log10(value) - self.low) / (self.high - self.low) * self.length

    def ticks(self) -> range:
        return range(self.low, self.high + 1)


def drawn(panels: Sequence[Panel]) -> str:
    """Return the picture."""
    width = _LEFT + len(panels) * (_WIDTH + _GAP_X) - _GAP_X + 24
    height = _TOP + len(_ROWS) * (_HEIGHT + _GAP_Y)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
        'font-family="system-ui, sans-serif" font-size="11">',
        "<title>CPU time and memory by items walked, calls in flight and waiting callers</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        _text(_LEFT, 28, "How it grows", size=16),
        _text(_LEFT, 46, "ngrok-async as it is", _BLUE),
        _text(_LEFT + 130, 46, "without Python's garbage collector", _ORANGE),
        _text(_LEFT + 345, 46, "dashed: in proportion to the size; logarithmic axes", _GREY),
    ]
    for column, panel in enumerate(panels):
        for number, row in enumerate(_ROWS):
            x = _LEFT + column * (_WIDTH + _GAP_X)
            y = _TOP + number * (_HEIGHT + _GAP_Y) + 16
            lines += [f'<g transform="translate({x} {y})">', *_panel(panel, row), "</g>"]
    return "\n".join([*lines, "</svg>\n"])


def _panel(panel: Panel, row: _Row) -> Iterator[str]:
    sizes = [point.size for point in panel.points]
    lines = [([value(point) for point in panel.points], colour) for value, colour in row.lines]
    across = _Axis.over(sizes, _WIDTH)
    up = _Axis.over([value for values, _ in lines for value in values], _HEIGHT)
    for tick in across.ticks():
        x = across.at(10**tick)
        yield f'<path d="M{x:.1f} 0V{_HEIGHT}" stroke="{_GRID}"/>'
        yield _text(x, _HEIGHT + 15, f"{10**tick:,}", anchor="middle")
    for tick in up.ticks():
        y = _HEIGHT - up.at(10**tick)
        yield f'<path d="M0 {y:.1f}H{_WIDTH}" stroke="{_GRID}"/>'
        yield _text(-7, y + 4, _amount(10**tick, row), anchor="end")
    yield f'<path d="M0 0V{_HEIGHT}H{_WIDTH}" fill="none" stroke="{_GREY}"/>'
    yield _text(_WIDTH / 2, _HEIGHT + 33, panel.title, anchor="middle", size=12)
    yield _text(0, -8, row.title, size=12)
    if row.in_proportion:
        values, _ = lines[-1]
        each = values[sizes.index(panel.large)] / panel.large
        start = max(sizes[0], 10**up.low / each)  # further left it is below the axis
        ends = [(size, size * each) for size in (start, sizes[-1])]
        yield _path(ends, across, up, f'stroke="{_GREY}" stroke-dasharray="4 4"')
    for values, colour in reversed(lines):
        points = list(zip(sizes, values, strict=True))
        yield _path(points, across, up, f'stroke="{colour}" stroke-width="2"')
        for size, value in points:
            x, y = across.at(size), _HEIGHT - up.at(value)
            what = f"<title>{size:,}: {_amount(value, row)}</title>"
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}">{what}</circle>'
    yield _text(x - 8, y - 7, _amount(value, row), _BLUE, anchor="end")


def _path(points: Sequence[tuple[float, float]], across: _Axis, up: _Axis, style: str) -> str:
    places = [f"{across.at(x):.1f} {_HEIGHT - up.at(y):.1f}" for x, y in points]
    return f'<path d="M{"L".join(places)}" fill="none" {style}/>'


def _amount(value: float, row: _Row) -> str:
    scale, unit = next((u for u in row.units if value >= u[0]), row.units[-1])
    return f"{value / scale:.3g} {unit}"


def _text(
    x: float, y: float, text: str, colour: str = _INK, *, anchor: str = "start", size: int = 11
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{colour}">{text}</text>'
