"""Suites, runs and what is made of them: results, tables and pictures."""
