"""Programs for those who work on this package; none of it is installed."""
