"""`rushes judge`: has a vision-language model say which takes of a run are better, and keeps what it says as votes."""

from rushes.cli.judge.command import judge as judge
