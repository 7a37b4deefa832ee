"""Server-sent events: a ring of what has happened, and streams that read it.

`hub` hears the engine and fills the `ring`; a `pump` for each event loop decides when readers get
what, with the `levels` of queues; `stream` is the response. See docs/design/event-streams.md.
"""
