"""The workloads on the engine, written as a reader of the README would write them.

Ordinary Routine classes and decorated functions on the public names of ``routilux``; nothing here
reaches behind them.
"""
