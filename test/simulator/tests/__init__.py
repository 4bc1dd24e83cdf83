"""Tests the parts that need no server, and the routes that tell about the project.

Export, credentials, limits, faults and the log are tested in `test/python/test_simulator.py`.
"""
