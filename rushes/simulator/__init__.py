"""The vendors' wires on this machine: strict stand-ins with a world, a clock, faults on demand and real MP4 files."""
