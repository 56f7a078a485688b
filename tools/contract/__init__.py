"""What the package declares, held against the facts of the API."""
