"""The resources of the API: one module each, with its models and its operations."""

from ngrok_async.resources._shared import Described, DescribedFields, Ref, User

__all__ = ["Described", "DescribedFields", "Ref", "User"]
