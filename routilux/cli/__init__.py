"""The command line: ``routilux run``, ``check``, ``demo``, ``serve`` and ``version``.

It needs the extra ``cli``; `routilux.cli.main` says so where it is missing.
"""
