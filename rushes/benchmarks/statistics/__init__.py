"""What a run's numbers allow to be said: intervals, verdicts, and what a run can separate before it is paid."""
