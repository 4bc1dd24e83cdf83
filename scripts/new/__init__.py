"""What does a new table function begin with? See `docs/contributing-a-function.md`."""
