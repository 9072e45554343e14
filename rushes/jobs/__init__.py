"""The life of a paid submission: the only code that submits, waits and fetches."""
