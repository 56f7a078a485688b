"""Text of others, made harmless for a terminal.

Whoever names an agent must not drive the terminal of who looks at it.
"""


def printable(text: str) -> str:
    r"""Return a text with every character that is not printable as its escape, such as `\\x1b`.

    That is what `str.isprintable` says: control and formatting characters, among them those that
    turn the direction of writing, line ends, and blanks other than the common one.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
