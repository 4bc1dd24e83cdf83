"""Holds what the shop's analysts have saved: reports, cohorts, a data dictionary, annotations, data views.

The same in every project: a test can name a report. What a report shows follows from the project's events.
"""
