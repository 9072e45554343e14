"""Which endpoint makes a request."""
