"""Bytes and values: what comes is read into models, what is sent is made of arguments."""
