"""One request there and back: what may leave, when it is repeated, and what an answer means."""
