"""What the tables of the API are written with: one import for each module of `resources`."""

from ngrok_async._operation import Resource, operation, paged
from ngrok_async._wire.arguments import Id, JSONText, Nested
from ngrok_async.pagination import Pager
from ngrok_async.unset import UNSET, Unset

__all__ = ["UNSET", "Id", "JSONText", "Nested", "Pager", "Resource", "Unset", "operation", "paged"]
