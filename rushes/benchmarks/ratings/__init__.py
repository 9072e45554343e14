"""What votes say of models: ratings with intervals, verdicts for pairs, and how far raters agree."""
