"""Commands that talk to a server: where it is, what it is asked, how its answers are shown."""
