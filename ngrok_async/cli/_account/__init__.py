"""All of an account: as files, and what differs between two of these."""
