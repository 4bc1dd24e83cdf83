"""Tests of the parts that need no server; `test/python/test_simulator.py` asks over HTTP."""
