"""`symchain serve`: a page that answers while one types."""
