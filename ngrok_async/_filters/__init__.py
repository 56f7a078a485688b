"""Conditions on the items of a list: `ngrok_async.filters` shows what is public of them."""
