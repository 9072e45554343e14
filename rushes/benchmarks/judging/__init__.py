"""Judges: vision-language models that are shown two takes of one prompt and say which is better."""
