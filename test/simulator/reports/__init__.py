"""Numbers about the events. What each of them counts is said where it is counted, so that SQL over an export can say
the same."""
