"""Plans as JavaScript: what a page in a browser evaluates."""
