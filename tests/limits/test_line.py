"""The line of those who wait: first come, first served, and who comes back keeps its place."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ngrok_async._limits.line import Line


class LineMachine(RuleBasedStateMachine):
    """A line beside a plain sorted list of places, in which everything is looked for."""

    def __init__(self) -> None:
        """Begin with nobody."""
        super().__init__()
        self.line = Line[str]()
        self.model: list[tuple[int, int, str]] = []
        self.served: list[int] = []
        self.count = 0

    def _join(self, place: int) -> None:
        self.count += 1
        name = f"{place}/{self.count}"
        ahead = sum(each[0] < place for each in self.model)
        known = self.line.ahead(place)
        assert known <= ahead  # never more than there are
        if not self.model or place > max(self.model)[0]:
            assert known == ahead == len(self.model)
        self.line.join(place, name)
        self.model.append((place, self.count, name))
        self.model.sort()

    @rule()
    def come(self) -> None:
        """Somebody new stands at the end."""
        self._join(self.count + 1)

    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        """Somebody who was served stands before all who came later."""
        waiting = {entry[0] for entry in self.model}
        if away := [place for place in self.served if place not in waiting]:
            self._join(data.draw(st.sampled_from(away)))

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Somebody gives up, wherever it stands."""
        if self.model:
            entry = data.draw(st.sampled_from(self.model))
            self.model.remove(entry)
            self.line.leave(entry[0], entry[2])
            self.line.leave(entry[0], entry[2])  # once more changes nothing

    @rule()
    def serve(self) -> None:
        """The first is served."""
        if self.model:
            place, _, name = self.model.pop(0)
            assert name == self.line.first() == self.line.pop()
            self.served.append(place)

    @invariant()
    def same(self) -> None:
        """Both know the same."""
        assert len(self.model) == len(self.line)
        assert (self.model[0][2] if self.model else None) == self.line.first()


LineMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestLine = LineMachine.TestCase


def test_who_came_back_may_leave() -> None:
    """It stood before who came later, and is gone from there."""
    line = Line[str]()
    line.join(5, "later")
    line.join(2, "back")

    assert "back" == line.first()
    line.leave(2, "back")
    assert "later" == line.first() == line.pop()
