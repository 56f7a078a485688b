"""The live view of an account: its state, what it shows of it, and the terminal."""
