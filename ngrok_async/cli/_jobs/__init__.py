"""The commands that do a job: a module each, named in `ngrok_async.cli._commands`."""
