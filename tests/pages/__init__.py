"""The pages: what stands in them, and that a browser shows it."""
