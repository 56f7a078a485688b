"""Makes the pages that are written by running something, each in a module of the page's name."""
