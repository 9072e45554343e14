"""Routes: which endpoint makes a request."""
