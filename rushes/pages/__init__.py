"""Pages for people: one HTML file each, that opens from a disk and asks nothing of the network."""
