"""Benchmarks: suites, runs, tables and pictures."""
