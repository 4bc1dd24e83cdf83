"""What the shop's analysts keep in their project: reports, cohorts, a data dictionary, annotations, data views.

The same in every project: a test can name a report. What a report shows follows from the project's events.
"""
