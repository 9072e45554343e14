"""The blind pair page: two clips of one prompt side by side, and what somebody thinks of them."""
